"""What several test files need: the built site, a copy of the book to break, and a browser."""

import functools
import gc
import http.server
import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from filelock import FileLock

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "tools"))


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """The million objects of the modules under test stay, and pages that are kept are many more: the
    collector need not go through the first, and through the others not so often."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(10_000, 20, 50)
        gc.enable()


# Without these flags a browser in a closed network spends its time on calls to its maker.
BROWSER_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    # The address bar has pages of its own in every window, which cost as much as a page of the book.
    # This list of features replaces Playwright's, so that what matters here of that one is in it.
    "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup,WebUIOmniboxFullPopup,AimEnabled,"
    "HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,LensOverlay,MediaRouter,NetworkTimeServiceQuerying,"
    "OptimizationHints,PaintHolding,PreconnectToSearch,ThirdPartyStoragePartitioning,"
    "AvoidUnnecessaryBeforeUnloadCheckSync,DestroyProfileOnBrowserClose",
]


def build(
    root: Path, *arguments: str, **environment: str
) -> subprocess.CompletedProcess:
    """Run the command behind `make book` on the book in `root`."""
    return subprocess.run(
        [sys.executable, str(root / "tools" / "build.py"), *arguments],
        capture_output=True,
        text=True,
        env=os.environ | {"BOOK_REPOSITORY": "", "BOOK_SITE": ""} | environment,
    )


@pytest.fixture(scope="session")
def site() -> Path:
    """The site, built as `make book` builds it."""
    (ROOT / "_build").mkdir(exist_ok=True)
    with FileLock(ROOT / "_build" / "lock"):  # pytest's workers are processes
        done = build(ROOT)
    assert done.returncode == 0, done.stderr
    return ROOT / "_build" / "html"


@pytest.fixture
def book(tmp_path) -> Path:
    """A copy of the book that a test may break."""
    left_out = shutil.ignore_patterns(
        ".*", "_build", "__pycache__", "tests", "*.egg-info"
    )
    return Path(shutil.copytree(ROOT, tmp_path / "book", ignore=left_out))


@pytest.fixture
def little_book(book) -> Path:
    """The same with three short pages, for what does not depend on how many there are: it builds sooner."""
    (book / "_toc.yml").write_text(
        "format: jb-book\nroot: index\nchapters: [file: setup, file: embedding-what]\n"
    )
    for path in (book / "book").glob("*/*.ipynb"):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        if path.stem not in ("index", "setup", "embedding-what"):
            path.unlink()
            continue
        text = f"# {path.stem}\n\nA page that says in a few words that it is short."
        title = {
            "cell_type": "markdown",
            "id": "title",
            "metadata": {},
            "source": [text],
        }
        setup = [
            cell
            for cell in notebook["cells"]
            if "setup" in cell["metadata"].get("tags", [])
        ]
        path.write_text(
            json.dumps(notebook | {"cells": [title, *setup]}), encoding="utf-8"
        )
    return book


@pytest.fixture(scope="session")
def served(site):
    """The address of a plain web server on this machine that serves the site."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    handler = functools.partial(Quiet, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="session")
def browser():
    """Chromium: Debian's, or an installed Chrome; skipped without one, except in CI."""
    from playwright.sync_api import Error, sync_playwright

    path = shutil.which("chromium") or shutil.which("google-chrome")
    where = {"executable_path": path} if path else {"channel": "chrome"}
    with sync_playwright() as playwright:
        try:
            chromium = playwright.chromium.launch(args=BROWSER_FLAGS, **where)
        except Error as error:
            if os.environ.get("CI"):
                raise
            pytest.skip(f"no Chromium to look at the site with: {error}")
        yield chromium
        chromium.close()
