"""Files that the tools themselves wrote are read bit for bit as gensim reads them.

``tests/vectors/files/make.sh`` made them, and says how; the extract of the published GloVe
table comes with the package.
"""

import gzip
import json
from importlib.resources import files
from pathlib import Path

import pytest
from safetensors.torch import load_file

from embedlinear import WordVectors
from embedlinear.book.bench.results import Measured, ratio
from tests.vectors.tables import load, same

# gensim 4.4.0, the newest, has no wheel for Python 3.14 and does not compile there.
KeyedVectors = pytest.importorskip("gensim.models").KeyedVectors
DATA = Path(__file__).parent / "files"
PUBLISHED = files("embedlinear.book") / "data" / "glove-6b-50d-common.txt.gz"
BARE, HEADED = "text without a header, gzip", "text with a header, gzip"
ORIGINS = {  # the file, how gensim reads it, what the reader finds it to be
    "word2vec's C tool, text": ("word2vec.txt.gz", {}, HEADED),
    "word2vec's C tool, binary": ("word2vec.bin", {"binary": True}, "word2vec binary"),
    "GloVe's C tool": ("glove.txt.gz", {"no_header": True}, BARE),
    "GloVe, published": (PUBLISHED, {"no_header": True}, BARE),
    "fastText": ("fasttext.vec.gz", {}, HEADED),
    "gensim, text": ("gensim.txt.gz", {}, HEADED),
    "gensim, binary": ("gensim.bin", {"binary": True}, "word2vec binary"),
}


@pytest.mark.parametrize("origin", ORIGINS)
@pytest.mark.parametrize("by", ["rows", "polars"])
def test_read_as_gensim_reads_it(tmp_path, origin, by, monkeypatch):
    if by == "polars":  # for small files too
        monkeypatch.setattr("embedlinear.vectors.text.SMALL", 0)
    name, how, format = ORIGINS[origin]
    path = DATA / name
    theirs = KeyedVectors.load_word2vec_format(str(path), **how)
    words, matrix = theirs.index_to_key, theirs.vectors
    assert len(words) > 200 and "的" in words or name == PUBLISHED
    vectors = load(path)
    assert vectors.format == format and vectors.problems == []
    same(vectors, words, matrix)
    same(load(path, limit=50), words[:50], matrix[:50])
    rows = [3, 99, 200]
    wanted = [words[row] for row in rows]
    same(load(path, vocab=wanted), wanted, matrix[rows])
    vectors.save(tmp_path / "saved.safetensors")
    same(WordVectors.open(tmp_path / "saved.safetensors"), words, matrix)
    if path.suffix == ".gz":
        unpacked = tmp_path / path.stem
        unpacked.write_bytes(gzip.decompress(path.read_bytes()))
        same(load(unpacked), words, matrix)


def test_safetensors_of_a_torch_layer():
    """``embedding.safetensors`` is the state dict of an ``nn.Embedding``, gensim's vectors."""
    path = DATA / "embedding.safetensors"
    words = path.with_suffix(".words.txt").read_text(encoding="utf-8").split("\n")
    (weight,) = load_file(path).values()
    same(load(path), words, weight)  # finds its word list
    same(WordVectors.open(path), words, weight)
    theirs = KeyedVectors.load_word2vec_format(str(DATA / "gensim.bin"), binary=True)
    same(load(path), theirs.index_to_key, theirs.vectors)


RECORDS = sorted((files("embedlinear.book") / "data").glob("vectors-*.json"))


@pytest.mark.parametrize("record", RECORDS, ids=lambda path: path.name)
def test_the_measured_speed_is_what_was_promised(record):
    for case in json.loads(record.read_text("utf-8"))["results"]:
        other, ours = (Measured(**kept) for kept in case["variants"].values())
        promised = 1 / 5 if case["size"]["binary"] else 1 / 20
        assert ratio(ours, other).middle <= promised
