"""An error leads to its section: in the data, on the pages, in a kernel, a script, a pipe."""

import csv
import json
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from embedlinear.explain import book, explain
from tests.conftest import ROOT
from tools.book import languages

with Path(__file__).with_name("errors.tsv").open(encoding="utf-8") as file:
    ERRORS = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
SEEN = re.compile(r"\*\*(?:Message|报错)\*\*(?:: |：)(`+ ?)(.*?)\1", re.M)


@pytest.mark.parametrize(
    "anchor, message", ERRORS, ids=[f"{a} {i}" for i, (a, _) in enumerate(ERRORS)]
)
def test_errors_from_public_threads(anchor, message):
    found = [entry.anchor for entry in explain(message.replace("\\n", "\n"))]
    assert found == [] if anchor == "none" else anchor in found[:2]


def sections(language):
    """``{anchor: (page, title, text)}`` of the pages of pitfalls."""
    found = {}
    for path in (ROOT / "book" / language).glob("pitfalls-*.ipynb"):
        anchor = None
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            text = "".join(cell["source"])
            head = re.match(r'<a id="([\w-]+)"></a>\n\n## (.*)\n', text)
            if head:
                anchor = head[1]
                found[anchor] = [path.stem, head[2], ""]
            if anchor:
                found[anchor][2] += text
    return found


@pytest.mark.parametrize("language", languages())
def test_pages_and_data_say_the_same(language):
    pages = sections(language)
    ours = {a: s for a, s in book()[0].items() if s["page"].startswith("pitfalls")}
    assert set(pages) == set(ours)
    for anchor, section in ours.items():
        page, title, text = pages[anchor]
        assert (page, title) == (section["page"], section["title"][language])
        printed = [message for _, message in SEEN.findall(text)]
        assert [m.strip() for m in printed] == section.get("messages", [])
        assert section.get("symptom", {}).get(language, "") in text


@pytest.mark.parametrize("language", languages())
def test_every_message_finds_its_section(language):
    for anchor, section in book()[0].items():
        for message in section.get("messages", []):
            about = "embedding word2vec padding_idx lm_head one_hot position max_norm tie copy_( nn.Embedding(\n"
            found = [entry.anchor for entry in explain(about + message, language)]
            assert anchor in found, message


def test_values_of_the_message_are_named():
    bag = "RuntimeError: Index 0 of input takes value 5 which is not in the valid range [0, 5)"
    (entry,) = explain(bag, "en")
    assert entry.cause.startswith(
        "Index 5 in a table of 5 rows: the largest allowed is 4."
    )
    assert entry.url == "en/pitfalls-indices.html#embedding-bag-index"
    assert explain(bag, "zh")[0].cause.startswith("表有 5 行，索引是 5，最大只能是 4。")
    shapes = (
        "RuntimeError: mat1 and mat2 shapes cannot be multiplied (32x128 and 64x10)"
    )
    assert "is 128, and the layer takes 64" in explain(shapes, "en")[0].cause


@pytest.mark.parametrize("argument", [None, 3, ValueError("x")])
def test_only_text_is_explained(argument):
    with pytest.raises(TypeError, match="message must be a str"):
        explain(argument)
    with pytest.raises(ValueError, match="expected 'zh' or 'en'"):
        explain("", "fr")


def run(*command, **options):
    command = [sys.executable, *command]
    return subprocess.run(command, capture_output=True, text=True, **options)


def test_a_log_through_a_pipe_and_from_a_file(tmp_path):
    log = "epoch 1\nTraceback (most recent call last):\nIndexError: index out of range in self\n"
    (tmp_path / "train.log").write_text(log)
    module = ("-m", "embedlinear.explain", "--language", "en")
    for done in (run(*module, input=log), run(*module, str(tmp_path / "train.log"))):
        assert done.returncode == 0 and "An index past the table" in done.stdout
    unknown = run(*module, input="KeyError: 'x'")
    assert (unknown.returncode, unknown.stdout) == (1, "")
    assert run(*module, str(tmp_path / "absent")).returncode == 2


def test_a_script_and_what_is_imported():
    script = (
        "import sys; from embedlinear import explain; explain.install(); explain.install()\n"
        "assert not {'torch', 'numpy', 'matplotlib'} & set(sys.modules)\n"
        "raise IndexError('index out of range in self')"
    )
    done = run("-c", script)
    trace, _, shown = done.stderr.partition("IndexError: index out of range in self\n")
    assert done.returncode == 1 and trace.startswith("Traceback")
    assert shown.count("embedlinear: ") == 1 and "pitfalls-indices.html" in shown


def test_a_notebook_shows_one_entry_below_the_traceback():
    cells = [
        "%load_ext embedlinear.explain",
        "raise IndexError('index out of range in self')",
        "{}['x']",
        "%unload_ext embedlinear.explain",
        "raise IndexError('index out of range in self')",
    ]
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(c) for c in cells]
    )
    NotebookClient(notebook, kernel_name="python3", allow_errors=True).execute()
    kinds = [[o.output_type for o in cell.outputs] for cell in notebook.cells]
    assert kinds == [[], ["error", "stream"], ["error"], [], ["error"]]
    assert notebook.cells[1].outputs[1].text.count("embedlinear: ") == 1
