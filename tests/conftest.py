"""What several test files need: the built site, a small book to break, and a browser."""

import gc
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import yaml
from filelock import FileLock
from nbformat.v4 import new_markdown_cell

ROOT = Path(__file__).resolve().parents[1]


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """Freeze the million objects of the modules under test: the garbage collector skips
    them, and scans the pages that tests keep less often."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(10_000, 20, 50)
        gc.enable()


def run(*command, cwd: Path = ROOT, **environment) -> subprocess.CompletedProcess:
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        capture_output=True,
        text=True,
        env=os.environ | environment,
    )


def build(root: Path, *arguments, **environment) -> subprocess.CompletedProcess:
    """Run the command behind `make book` on the book in `root`."""
    addresses = {"BOOK_REPOSITORY": "", "BOOK_SITE": ""} | environment
    return run(sys.executable, "-m", "tools.build", *arguments, cwd=root, **addresses)


@pytest.fixture(scope="session")
def site() -> Path:
    """The site as it is published: with the addresses, and everything that needs them."""
    from tools.weekly.audit import ADDRESS

    out = ROOT / "_build" / "published" / "html"
    out.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(out.parent / "lock"):  # pytest's workers are processes
        done = build(ROOT, "--out", out, **ADDRESS)
    assert done.returncode == 0, done.stderr
    return out


@pytest.fixture(scope="session")
def served(site):
    """The address of a plain web server on this machine that serves the site."""
    from tools import browser

    with browser.served(site) as address:
        yield address


@pytest.fixture(scope="session")
def browser():
    """Chromium: Debian's, or an installed Chrome; skipped without one, except in CI."""
    from playwright.sync_api import Error, sync_playwright

    from tools.browser import launch

    with sync_playwright() as playwright:
        try:
            chromium = launch(playwright)
        except Error as error:
            if os.environ.get("CI"):
                raise
            pytest.skip(f"no Chromium to open the site: {error}")
        yield chromium
        chromium.close()


@pytest.fixture
def little_book(tmp_path) -> Path:
    """A copy of the book that tests may break: two short pages, in English alone."""
    left_out = shutil.ignore_patterns(
        ".*", "_build", "__pycache__", "tests", "data", "zh"
    )
    root = tmp_path / "little"
    shutil.copytree(ROOT, root, ignore=left_out)
    toc = "format: jb-book\nroot: setup\nchapters: [file: second]\n"
    (root / "_toc.yml").write_text(toc)
    setup = nbformat.read(root / "book/en/setup.ipynb", as_version=4)
    setup.cells = [new_markdown_cell("# A page\n\nIt is short."), setup.cells[1]]
    for path in (root / "book/en").glob("*.ipynb"):
        path.unlink()
    for name in ("setup", "second"):
        nbformat.write(setup, root / f"book/en/{name}.ipynb")
    config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
    del config["languages"]["zh"]
    text = yaml.safe_dump(config, allow_unicode=True)
    (root / "_config.yml").write_text(text, encoding="utf-8")
    return root
