"""The commands behind the Makefile, run as a newcomer and a maintainer run them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tests.conftest import ROOT


def run(*command, cwd, **environment):
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        capture_output=True,
        text=True,
        env=os.environ | environment,
    )


def notebook(path: Path, *sources: str, tags=()) -> Path:
    cells = [new_markdown_cell("# Title")] + [
        new_code_cell(source) for source in sources
    ]
    cells[-1].metadata = {
        "tags": list(tags),
        "collapsed": False,
        "execution": {"x": "2026"},
    }
    made = new_notebook(
        cells=cells, metadata={"language_info": {"name": "python", "version": "3"}}
    )
    path.write_text(nbformat.writes(made), encoding="utf-8")
    return path


class TestExecute:
    command = (sys.executable, "-m", "tools.execute")

    def test_writes_outputs_back_and_nothing_of_this_machine(self, tmp_path):
        path = notebook(tmp_path / "good.ipynb", "x = 20", "x + 22")
        done = run(*self.command, path, cwd=ROOT)
        assert done.returncode == 0, done.stderr
        ran = nbformat.read(path, as_version=4)
        assert [cell.get("execution_count") for cell in ran.cells] == [None, 1, 2]
        assert ran.cells[2].outputs[0].data["text/plain"] == "42"
        assert ran.cells[2].metadata == {"tags": []}
        assert ran.metadata.language_info == {"name": "python"}
        assert list(tmp_path.iterdir()) == [path]

    def test_a_failing_notebook_keeps_its_file_and_says_which_cell(self, tmp_path):
        good = notebook(tmp_path / "good.ipynb", "1 + 1")
        bad = notebook(tmp_path / "bad.ipynb", "x = 1", "x / 0")
        before = bad.read_bytes()
        done = run(*self.command, good, bad, cwd=ROOT)
        assert done.returncode != 0
        assert (
            "bad.ipynb is left as it was: cell 3 failed: ZeroDivisionError"
            in done.stderr
        )
        assert bad.read_bytes() == before
        assert nbformat.read(good, as_version=4).cells[1].execution_count == 1

    def test_an_error_that_is_meant_is_kept_as_one_line(self, tmp_path):
        path = notebook(tmp_path / "meant.ipynb", "[][3]", tags=["raises-exception"])
        done = run(*self.command, path, cwd=ROOT)
        assert done.returncode == 0, done.stderr
        error = nbformat.read(path, as_version=4).cells[1].outputs[0]
        assert error.ename == "IndexError" and len(error.traceback) == 1

    def test_a_notebook_that_is_not_there_is_named(self, tmp_path):
        done = run(*self.command, "nowhere.ipynb", cwd=ROOT)
        assert done.returncode != 0 and "no such notebook: nowhere.ipynb" in done.stderr


class TestVenv:
    @pytest.fixture
    def clone(self, tmp_path):
        (tmp_path / "tools").mkdir()
        shutil.copy(ROOT / "tools" / "venv.py", tmp_path / "tools")
        shutil.copy(ROOT / "Makefile", tmp_path)
        (tmp_path / "requirements.txt").write_text("embedlinear-is-on-no-index\n")
        (tmp_path / "constraints.txt").touch()
        (tmp_path / "pyproject.toml").touch()
        return tmp_path

    def test_without_a_network_it_says_so_in_one_line(self, clone):
        closed = {
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
        }
        closed |= {"PIP_EXTRA_INDEX_URL": "", "PIP_FIND_LINKS": "", "PIP_RETRIES": "0"}
        done = run(sys.executable, "tools/venv.py", cwd=clone, **closed)
        assert done.returncode != 0
        assert done.stderr.count("\n") == 1 and "no network" in done.stderr
        assert not (clone / ".venv" / ".installed").exists()

    def test_an_old_python_is_told_which_one_is_needed(self, clone):
        pretend = "import sys, runpy; sys.version_info = (3, 9, 0); sys.argv = ['tools/venv.py'];"
        code = pretend + "runpy.run_path('tools/venv.py', run_name='__main__')"
        done = run(sys.executable, "-c", code, cwd=clone)
        assert done.returncode != 0
        assert (
            "Python 3.11 or later is needed" in done.stderr
            and done.stderr.count("\n") == 1
        )
        assert not (clone / ".venv").exists()

    @pytest.mark.skipif(not shutil.which("make"), reason="no make on this machine")
    def test_make_without_any_python_says_so(self, clone):
        done = run("make", "book", "PYTHON=", cwd=clone)
        assert done.returncode != 0
        assert "Python 3.11 or later is needed, and none was found" in done.stderr


def test_the_package_carries_its_fonts_and_every_module(tmp_path):
    """What Colab installs is what lies in src/."""
    pip = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
    ]
    shutil.copytree(
        ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("*.egg-info")
    )
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    done = run(*pip, "-w", tmp_path / "wheel", tmp_path, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    shutil.unpack_archive(
        next((tmp_path / "wheel").glob("*.whl")), tmp_path / "inside", "zip"
    )
    package = ROOT / "src" / "embedlinear"
    for path in package.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            packed = tmp_path / "inside" / "embedlinear" / path.relative_to(package)
            assert packed.read_bytes() == path.read_bytes(), (
                f"{path.name} is not in the package"
            )
