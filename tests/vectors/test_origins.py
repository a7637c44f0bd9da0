"""Files that the tools themselves wrote are read bit for bit as gensim reads them.

``tests/vectors/files/make.sh`` made them, and says how; the published GloVe table's extract comes
with the package.
"""

import gzip
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
import torch
from gensim.models import KeyedVectors
from safetensors.torch import load_file

from embedlinear import WordVectors, load_vectors

DATA = Path(__file__).parent / "files"
PUBLISHED = files("embedlinear.book") / "data" / "glove-6b-50d-common.txt.gz"
ORIGINS = {  # the file, how gensim reads it, what the reader finds it to be
    "word2vec's C tool, text": (
        DATA / "word2vec.txt.gz",
        {},
        "text with a header, gzip",
    ),
    "word2vec's C tool, binary": (
        DATA / "word2vec.bin",
        {"binary": True},
        "word2vec binary",
    ),
    "GloVe's C tool": (
        DATA / "glove.txt.gz",
        {"no_header": True},
        "text without a header, gzip",
    ),
    "GloVe, published": (PUBLISHED, {"no_header": True}, "text without a header, gzip"),
    "fastText": (DATA / "fasttext.vec.gz", {}, "text with a header, gzip"),
    "gensim, text": (DATA / "gensim.txt.gz", {}, "text with a header, gzip"),
    "gensim, binary": (DATA / "gensim.bin", {"binary": True}, "word2vec binary"),
}


def same(vectors, words, matrix):
    """Equal bit for bit: also the sign of zero."""
    assert vectors.words == list(words)
    assert vectors.matrix.dtype == torch.float32
    assert np.array_equal(vectors.matrix.numpy().view("u4"), matrix.view("u4"))


@pytest.mark.parametrize("origin", ORIGINS)
def test_read_as_gensim_reads_it(tmp_path, origin):
    path, how, format = ORIGINS[origin]
    theirs = KeyedVectors.load_word2vec_format(str(path), **how)
    words, matrix = theirs.index_to_key, theirs.vectors
    assert len(words) > 200 and "的" in words or path == PUBLISHED
    vectors = load_vectors(path, progress=False)
    assert vectors.format == format and vectors.problems == []
    same(vectors, words, matrix)
    same(load_vectors(path, limit=50, progress=False), words[:50], matrix[:50])
    rows = [3, 99, 200]
    wanted = [words[row] for row in rows]
    same(load_vectors(path, vocab=wanted, progress=False), wanted, matrix[rows])
    vectors.save(tmp_path / "saved.safetensors")
    same(WordVectors.open(tmp_path / "saved.safetensors"), words, matrix)
    if path.suffix == ".gz":
        unpacked = tmp_path / path.stem
        unpacked.write_bytes(gzip.decompress(path.read_bytes()))
        same(load_vectors(unpacked, progress=False), words, matrix)


def test_safetensors_of_a_torch_layer():
    """``embedding.safetensors`` is the state dict of an ``nn.Embedding``, gensim's vectors."""
    path = DATA / "embedding.safetensors"
    words = path.with_suffix(".words.txt").read_text(encoding="utf-8").split("\n")
    (weight,) = load_file(path).values()
    vectors = load_vectors(path, progress=False)  # finds the word list beside it
    same(vectors, words, weight.numpy())
    same(WordVectors.open(path), words, weight.numpy())
    theirs = KeyedVectors.load_word2vec_format(str(DATA / "gensim.bin"), binary=True)
    same(vectors, theirs.index_to_key, theirs.vectors)
