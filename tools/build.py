"""Build the site in all languages, side by side: `python -m tools.build [--clean]`.

Sphinx keeps translations in a global, so each language has a process of its own. Nothing
is executed: the pages show the outputs that the notebooks carry and the tests compare.
"""

import argparse
import os
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader

from tools.book import ROOT, about, languages, missing, pages

SITE = ROOT / "_build" / "html"
TAKEAWAY = ROOT / "_build" / "takeaway"  # what tools.takeaway makes
# For the theme's own makers; and its icon script, which the icon font replaces.
NOT_SERVED = "*.map *.ttf *.po *.pot *.mo *.LICENSE.txt fontawesome.js".split()
NOT_SERVED += ["searchtools.js", "language_data.js"]  # of an index that is not made


def sphinx(language: str, out: Path, doctrees: Path, *options: str) -> subprocess.Popen:
    """Start building one language."""
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "-n", "--keep-going"]
    command += ["-c", str(ROOT), "-t", language, "-d", str(doctrees), *options]
    return subprocess.Popen(
        [*command, str(ROOT / "book" / language), str(out)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def bring_takeaway(language: str, folder: Path) -> None:
    """Copy the book's PDF and EPUB to the site if both are up to date."""
    sources = [ROOT / "_toc.yml", *(ROOT / "book" / language).glob("*.ipynb")]
    newest = max(path.stat().st_mtime for path in sources)
    folder.mkdir(parents=True, exist_ok=True)
    for kind in ("pdf", "epub"):
        made = TAKEAWAY / f"embedlinear-{language}.{kind}"
        (folder / made.name).unlink(missing_ok=True)
        if made.exists() and made.stat().st_mtime > newest:
            shutil.copy2(made, folder)


def bring_package(out: Path) -> str:
    """Copy the package to the site, whose notebooks install it; returns its path.

    The folder is named by the wheel's content, so that a downloaded notebook installs the
    version that its page was built with, for as long as the folder is served.
    """
    with TemporaryDirectory() as name:
        copy = Path(name)
        left_out = shutil.ignore_patterns("*.egg-info", "__pycache__")
        shutil.copytree(ROOT / "src", copy / "src", ignore=left_out)
        for file in ("pyproject.toml", "LICENSE"):
            shutil.copy(ROOT / file, copy)
        code = "from setuptools.build_meta import build_wheel; build_wheel('dist')"
        day = os.environ | {"SOURCE_DATE_EPOCH": "315532800"}  # the first in a zip file
        command = [sys.executable, "-c", code]
        subprocess.run(command, cwd=copy, env=day, capture_output=True, check=True)
        (wheel,) = (copy / "dist").glob("*.whl")
        place = f"package/{sha256(wheel.read_bytes()).hexdigest()[:12]}/{wheel.name}"
        (out / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(wheel, out / place)
    return place


def tidy(folder: Path) -> None:
    """Remove files that browsers do not request, and pages that the book no longer has."""
    for pattern in NOT_SERVED:
        for path in (folder / "_static").rglob(pattern):
            path.unlink()
    for path in folder.glob("*.html"):
        if path.stem not in {*pages(), "search", "genindex", "404"}:
            path.unlink()


def write_root(out: Path) -> None:
    """The pages above the languages: start page, 404 page and sitemap."""
    site = (os.environ.get("BOOK_SITE") or "").rstrip("/")
    templates = Environment(loader=FileSystemLoader(ROOT / "book" / "_templates"))
    for file in ("index.html", "404.html", "sitemap.xml", "robots.txt"):
        name = "start.html" if file.endswith(".html") else file
        text = templates.get_template(name).render(
            languages=about(),
            lost=file == "404.html",
            site=site,
            root=urlsplit(site).path,
            pages=["" if page == "index" else f"{page}.html" for page in pages()],
        )
        (out / file).unlink(missing_ok=True)
        if site or file.endswith(".html"):  # a sitemap has absolute addresses
            (out / file).write_text(text + "\n", encoding="utf-8")


def state(out: Path) -> str:
    """Times and sizes of the site's sources and pages."""
    paths = [
        *ROOT.glob("*.*"),
        Path(__file__),
        *TAKEAWAY.glob("*"),
        *out.rglob("*.html"),
    ]
    paths += [path for name in ("book", "src") for path in (ROOT / name).rglob("*")]
    address = [os.environ.get(name) for name in ("BOOK_SITE", "BOOK_REPOSITORY")]
    lines = [f"{sys.version} {address}"]
    for path in sorted(paths):
        if path.is_file() and path.suffix not in (".mo", ".pyc"):  # which are made
            lines.append(f"{path} {path.stat().st_mtime_ns} {path.stat().st_size}")
    return "\n".join(lines)


def build(out: Path = SITE) -> list[str]:
    """Build into `out/zh` and `out/en`; returns the errors, empty if there are none."""
    problems = missing()
    if problems:
        return problems
    doctrees = out.parent / "doctrees"
    stamp = doctrees / "state.txt"
    if stamp.exists() and stamp.read_text(encoding="utf-8") == state(out):
        return []
    stamp.unlink(missing_ok=True)
    if os.environ.get("BOOK_SITE"):  # else the notebooks' address is not known
        os.environ["BOOK_PACKAGE"] = bring_package(out)
    running = {}
    for language in languages():
        bring_takeaway(language, out / language)
        running[language] = sphinx(language, out / language, doctrees / language)
    for language, process in running.items():
        printed, _ = process.communicate()
        if process.returncode:
            # An incremental build after a failed one would skip the failed pages.
            shutil.rmtree(doctrees / language, ignore_errors=True)
            problems.append(f"book/{language} did not build:\n{printed.strip()}")
        else:
            tidy(out / language)
    for path in (out / "jupyter_execute").glob("*.ipynb"):
        path.unlink()  # copies that nobody asks for, of whichever language wrote last
    if not problems:
        write_root(out)
        stamp.write_text(state(out), encoding="utf-8")
    return problems


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=SITE)
    parser.add_argument("--clean", action="store_true", help="forget earlier builds")
    options = parser.parse_args()
    if options.clean:
        shutil.rmtree(options.out, ignore_errors=True)
        shutil.rmtree(options.out.parent / "doctrees", ignore_errors=True)
    problems = build(options.out)
    if problems:
        sys.exit("\n".join(problems))
    index = (options.out / "index.html").resolve()
    print(f"The book is built. Open it in a browser: {index.as_uri()}")


if __name__ == "__main__":
    main()
