"""The proof on a device, really run on the CPU, and what the colophon makes of its records."""

import json
import shutil
import subprocess
import sys
from types import SimpleNamespace

import pytest
import torch
from bs4 import BeautifulSoup
from sphinx.errors import ExtensionError

from tests.conftest import ROOT

sys.path.insert(0, str(ROOT / "book" / "_ext"))
import colophon

from tools import device_proof

LANGUAGES = ("zh", "en")
every_language = pytest.mark.parametrize("language", LANGUAGES)

# --- the run ---


@pytest.fixture
def small(tmp_path):
    """As much of the book as can be run in seconds: a page in each language, and a test file."""
    for name in (
        "tools/device_proof.py",
        "book/_ext/colophon.py",
        "pyproject.toml",
        "tests/sanitize.cfg",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    for language in LANGUAGES:
        (tmp_path / "book" / language).mkdir()
        shutil.copy(
            ROOT / "book" / language / "index.ipynb", tmp_path / "book" / language
        )
    (tmp_path / "book" / "data").mkdir()
    (tmp_path / "tests" / "test_small.py").write_text(
        "import os, pytest\n"
        "def test_it_is_told_the_device(): assert os.environ['EMBEDLINEAR_DEVICE'] == 'cpu'\n"
        "def test_not_here(): pytest.skip('no')\n"
    )
    return tmp_path


def prove(book, *arguments):
    command = [sys.executable, book / "tools" / "device_proof.py", "-n0", *arguments]
    return subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, cwd=book
    )


def test_a_run_in_which_all_passed(small):
    done = prove(
        small, "--device", "cpu", "--out", "record.json", "tests/test_small.py"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    record = json.loads((small / "record.json").read_text(encoding="utf-8"))
    assert record["tests"] == {"passed": 1, "failed": 0, "skipped": 1}
    assert record["notebooks"] == {} and record["failures"] == []
    assert record["parts"] == ["tests/test_small.py"]
    assert (
        record["command"]
        == "python tools/device_proof.py --device cpu tests/test_small.py"
    )


def test_a_notebook_that_prints_something_else_is_recorded_as_failed(small):
    path = small / "book" / "zh" / "index.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    last = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"][-1]
    last["outputs"][0]["data"]["text/plain"] = ["False"]
    path.write_text(json.dumps(notebook), encoding="utf-8")
    done = prove(small, "--device", "cpu")
    assert (
        done.returncode == 1 and "1 failed: book.zh.index.ipynb::Cell 1" in done.stderr
    )
    (path,) = (small / "book" / "data").glob("device-*.json")
    record = json.loads(path.read_text(encoding="utf-8"))
    assert record["device"] == "cpu" and record["name"] and record["parts"] == []
    assert record["versions"]["torch"] == torch.__version__
    marks = {
        name: colophon.fingerprint(small / "book" / name)
        for name in ("en/index.ipynb", "zh/index.ipynb")
    }
    good, bad = (
        {"fingerprint": mark, "cells": 2, "skipped": 0} for mark in marks.values()
    )
    good, bad = good | {"passed": 2, "failed": 0}, bad | {"passed": 1, "failed": 1}
    assert record["notebooks"] == {"en/index.ipynb": good, "zh/index.ipynb": bad}
    assert record["tests"] == {"passed": 1, "failed": 0, "skipped": 1}
    assert record["failures"] == ["book.zh.index.ipynb::Cell 1"]


def refused(monkeypatch, tmp_path, *arguments):
    """What it says when it will not run, or breaks off; and there is no record."""
    out = tmp_path / "record.json"
    monkeypatch.setattr(
        sys, "argv", ["device_proof.py", "--out", str(out), "-n0", *map(str, arguments)]
    )
    with pytest.raises(SystemExit) as stopped:
        device_proof.main()
    assert not out.exists()
    return str(stopped.value)


def test_a_device_that_is_not_there_is_refused(monkeypatch, tmp_path):
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: False)
    said = refused(monkeypatch, tmp_path, "--device", "cuda")
    assert (
        "no record written: --device 'cuda' is not on this machine; here: cpu" in said
    )


def test_a_device_that_cannot_compute_is_refused(monkeypatch, tmp_path):
    monkeypatch.setattr("embedlinear.select_device", lambda name: torch.device("cuda"))
    monkeypatch.setattr(torch, "ones", lambda *_, **__: torch.zeros(8, 8))
    said = refused(monkeypatch, tmp_path, "--device", "cuda")
    assert "no record written: cuda is there, but computes wrongly" in said


def test_a_run_that_breaks_off_leaves_no_record(monkeypatch, tmp_path):
    (tmp_path / "test_broken.py").write_text("def")
    said = refused(
        monkeypatch, tmp_path, "--device", "cpu", tmp_path / "test_broken.py"
    )
    assert "no record written: the run broke off" in said


def test_a_part_is_not_written_where_the_colophon_looks(monkeypatch):
    monkeypatch.setattr(
        sys, "argv", ["device_proof.py", "--device", "cpu", "tests/test_language.py"]
    )
    with pytest.raises(
        SystemExit, match="a part of the book is no proof for the colophon: give --out"
    ):
        device_proof.main()


def test_a_gpu_is_described_by_its_name_and_driver(monkeypatch):
    gpu = SimpleNamespace(get_device_name=lambda device: f"GPU {device.index}")
    monkeypatch.setattr(torch, "get_device_module", lambda device: gpu)
    monkeypatch.setattr(torch.version, "cuda", "13.0")
    monkeypatch.setattr(
        device_proof, "said_by", lambda *command: f"580.1 of {command[-1]}"
    )
    about = device_proof.describe(torch.device("cuda:1"))
    assert about == {"name": "GPU 1", "driver": "580.1 of --id=1", "CUDA": "13.0"}


def test_an_error_while_tidying_up_is_a_failure(tmp_path):
    report = tmp_path / "report.xml"
    report.write_text(
        '<testsuites><testsuite><testcase classname="t" name="a"/><testcase classname="t" name="a"><error/>'
        '</testcase><testcase classname="t" name="b"><skipped/></testcase></testsuite></testsuites>'
    )
    assert device_proof.outcomes(report) == {"t::a": "failed", "t::b": "skipped"}


# --- what the colophon says of a record ---


@pytest.fixture
def record():
    """As after a run of the whole book in which all went well; it is never in book/data."""
    marks = device_proof.prints([ROOT / "book"])
    pages = device_proof.by_part({}, marks)["notebooks"] | {
        name: {"fingerprint": mark, "cells": 3, "passed": 3, "failed": 0, "skipped": 0}
        for name, mark in marks.items()
    }
    about = dict.fromkeys(("system", "date", "commit", "command"), "x") | {
        "minutes": 1.5,
        "versions": {"torch": "9"},
    }
    tests = {"passed": 5, "failed": 0, "skipped": 1}
    return about | {
        "device": "cuda",
        "name": "A GPU",
        "parts": [],
        "tests": tests,
        "notebooks": pages,
        "failures": [],
    }


def verdict(record, language):
    words, source = colophon.WORDS[language], ROOT / "book" / language
    rows = dict(colophon.proof(record, source, language))
    names = [
        key
        for key in ("passed", "part", "failed", "stale")
        if words[key] == rows[words["result"]]
    ]
    return names[0], rows[words["unproved"]].split(", ")


@every_language
def test_a_good_record_of_the_book_as_it_is(record, language):
    assert verdict(record, language) == ("passed", [colophon.WORDS[language]["none"]])


@every_language
@pytest.mark.parametrize(
    "change",
    [
        {"fingerprint": "0" * 16},
        {"passed": 2},
        {"passed": 2, "skipped": 1},
        {"passed": 0},
    ],
)
@pytest.mark.parametrize("page", ["zh/setup", "en/setup"])
def test_a_page_that_changed_or_did_not_run_makes_it_stale(
    record, language, page, change
):
    record["notebooks"][f"{page}.ipynb"] |= change
    assert verdict(record, language) == ("stale", [page])


@every_language
def test_a_page_that_was_never_run_makes_it_stale(record, language):
    del record["notebooks"]["zh/pitfalls.ipynb"]
    assert verdict(record, language) == ("stale", ["zh/pitfalls"])


@every_language
def test_a_failure_or_a_part_is_never_a_pass(record, language):
    assert verdict(record | {"parts": ["book/en"]}, language)[0] == "part"
    assert (
        verdict(record | {"failures": ["tests.test_a::test_b"]}, language)[0]
        == "failed"
    )
    assert (
        verdict(record | {"tests": {"passed": 0, "failed": 1, "skipped": 0}}, language)[
            0
        ]
        == "failed"
    )
    record["notebooks"]["en/index.ipynb"] |= {"passed": 2, "failed": 1}
    assert verdict(record, language)[0] == "failed"


@every_language
def test_each_record_has_a_table_and_a_cpu_is_no_gpu(
    monkeypatch, tmp_path, record, language
):
    monkeypatch.setattr(colophon, "DATA", tmp_path)
    source, words = ROOT / "book" / language, colophon.WORDS[language]
    (said,) = colophon.devices(source, language)
    assert said.astext() == words["no GPU"] + colophon.PROOF
    (tmp_path / "device-a.json").write_text(
        json.dumps(record | {"device": "cpu", "name": "A CPU"})
    )
    said, cpu = (node.astext() for node in colophon.devices(source, language))
    assert said.startswith(words["no GPU"]) and "A CPU" in cpu
    (tmp_path / "device-b.json").write_text(json.dumps(record))
    cpu, gpu = (node.astext() for node in colophon.devices(source, language))
    assert "A GPU" in gpu and words["passed"] in gpu
    assert words["counts"].format(passed=5, failed=0, skipped=1) in gpu


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"name": "GPU"}', "null"])
def test_what_is_no_record_stops_the_build_by_its_name(monkeypatch, tmp_path, text):
    monkeypatch.setattr(colophon, "DATA", tmp_path)
    (tmp_path / "device-odd.json").write_text(text)
    with pytest.raises(
        ExtensionError, match="device-odd.json is no record of tools/device_proof.py"
    ):
        colophon.devices(ROOT / "book" / "en", "en")


@every_language
def test_the_page_says_what_the_records_in_the_book_say(site, language):
    html = BeautifulSoup(
        (site / language / "colophon.html").read_text(encoding="utf-8"), "html.parser"
    )
    said = html.select_one("#devices").get_text()
    records = [
        json.loads(path.read_text(encoding="utf-8"))
        for path in colophon.DATA.glob("device-*.json")
    ]
    assert len(html.select("#devices table")) == len(records)
    assert all(record["name"] in said for record in records)
    assert (colophon.PROOF in said) == all(
        record["device"] == "cpu" for record in records
    )
