"""Build the site in both languages, side by side: `python -m tools.build [--clean]`.

Sphinx keeps translations in a global, so each language has a process of its own. Nothing is
executed: the pages show the outputs that the notebooks carry and that the tests have compared.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import yaml

ROOT = Path(__file__).resolve().parents[1]
LANGUAGES = ("zh", "en")
TAKEAWAY = ROOT / "_build" / "takeaway"  # what tools.takeaway makes
TAKE_IT = {
    "zh": '<p class="takeaway">整本书可以带走，断网也能读：{}。</p>',
    "en": '<p class="takeaway">To take the whole book with you: {}.</p>',
}
NOT_SERVED = (
    "*.map",
    "*.ttf",
    "*.po",
    "*.pot",
    "*.LICENSE.txt",
)  # for the theme's own makers


def pages() -> list[str]:
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    return [toc["root"]] + [chapter["file"] for chapter in toc["chapters"]]


def missing_pages() -> list[str]:
    """A page of the table of contents that one language lacks, or a notebook that no page is."""
    there = {
        language: {p.stem for p in (ROOT / "book" / language).glob("*.ipynb")}
        for language in LANGUAGES
    }
    problems = [
        f"book/{language}/{page}.ipynb is missing: every page of _toc.yml exists in both languages"
        for page in pages()
        for language in LANGUAGES
        if page not in there[language]
    ]
    problems += [
        f"book/{language}/{page}.ipynb is in no table of contents: add it to _toc.yml"
        for language in LANGUAGES
        for page in sorted(there[language] - set(pages()))
    ]
    return problems


def start(language: str, out: Path, doctrees: Path) -> subprocess.Popen:
    command = [
        sys.executable,
        "-m",
        "sphinx",
        "-q",
        "-W",
        "-n",
        "--keep-going",
        "-j",
        "1",
    ]
    command += ["-c", str(ROOT), "-t", language, "-d", str(doctrees / language)]
    command += [str(ROOT / "book" / language), str(out / language)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def tidy(folder: Path) -> None:
    """Leave only what a reader's browser asks for, and no page that the book no longer has."""
    for pattern in NOT_SERVED:
        for path in (folder / "_static").rglob(pattern):
            path.unlink()
    for path in folder.glob("*.html"):
        if path.stem not in {*pages(), "search", "genindex", "404"}:
            path.unlink()


def link_takeaway(out: Path) -> None:
    """Offer the whole book as PDF and EPUB on the start page, where they are there and up to date."""
    for language in LANGUAGES:
        sources = [ROOT / "_toc.yml", *(ROOT / "book" / language).glob("*.ipynb")]
        newest = max(path.stat().st_mtime for path in sources)
        links = []
        for kind in ("pdf", "epub"):
            made, copy = (
                folder / f"embedlinear-{language}.{kind}"
                for folder in (TAKEAWAY, out / language)
            )
            copy.unlink(missing_ok=True)
            if made.exists() and made.stat().st_mtime > newest:
                shutil.copy(made, copy)
                size = f"{made.stat().st_size / 1e6:.1f} MB"
                links.append(
                    f'<a href="{copy.name}" download>{kind.upper()}</a> ({size})'
                )
        line = TAKE_IT[language].format(", ".join(links)) if links else ""
        if language == "zh":
            line = line.replace(" (", "（").replace(")", "）").replace(", ", "、")
        index = out / language / "index.html"
        text = index.read_text(encoding="utf-8")
        index.write_text(
            re.sub("<!-- takeaway -->.*", f"<!-- takeaway -->{line}", text),
            encoding="utf-8",
        )


def help_finders(out: Path) -> None:
    """A page for addresses that lead nowhere and, where the site's address is known, a site map.

    sphinx-sitemap would make a map for each language, and know the folder `zh` by no other name
    than Sphinx's `zh_CN`.
    """
    site = (os.environ.get("BOOK_SITE") or "").rstrip("/")
    text = (ROOT / "book" / "_static" / "404.html").read_text(encoding="utf-8")
    base = f'<base href="{urlsplit(site).path}/">'
    (out / "404.html").write_text(
        text.replace('<base href="/">', base), encoding="utf-8"
    )
    for name in ("sitemap.xml", "robots.txt"):
        (out / name).unlink(missing_ok=True)
    if not site:
        return
    names = ["" if page == "index" else f"{page}.html" for page in pages()]
    urls = ""
    for name in names:
        twins = "".join(
            f'<xhtml:link rel="alternate" hreflang="{tag}" href="{site}/{language}/{name}"/>'
            for language, tag in (("zh", "zh-CN"), ("en", "en"))
        )
        urls += "".join(
            f"<url><loc>{site}/{language}/{name}</loc>{twins}</url>\n"
            for language in LANGUAGES
        )
    (out / "sitemap.xml").write_text(
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
        f'xmlns:xhtml="http://www.w3.org/1999/xhtml">\n{urls}</urlset>\n',
        encoding="utf-8",
    )
    (out / "robots.txt").write_text(f"Sitemap: {site}/sitemap.xml\n", encoding="utf-8")


def state(out: Path) -> str:
    """All that the site is made from, and the pages it is made into, by their times and sizes."""
    made_from = [
        ROOT / name
        for name in ("conf.py", "_config.yml", "_toc.yml", "constraints.txt")
    ]
    made_from += [
        path
        for path in (ROOT / "book").rglob("*")
        if path.suffix not in (".mo", ".pyc")
    ]
    made_from += [
        Path(__file__),
        *TAKEAWAY.glob("*"),
        *out.glob("*/*.html"),
        *out.glob("*.html"),
    ]
    lines = [
        f"{sys.version} {os.environ.get('BOOK_SITE')} {os.environ.get('BOOK_REPOSITORY')}"
    ]
    for path in sorted(path for path in made_from if path.is_file()):
        lines.append(f"{path} {path.stat().st_mtime_ns} {path.stat().st_size}")
    return "\n".join(lines)


def build(out: Path, doctrees: Path) -> list[str]:
    """Build into `out/zh` and `out/en`; returns what went wrong, nothing if nothing did."""
    problems = missing_pages()
    if problems:
        return problems
    stamp = doctrees / "state.txt"
    if stamp.exists() and stamp.read_text(encoding="utf-8") == state(out):
        return []
    stamp.unlink(missing_ok=True)
    running = {language: start(language, out, doctrees) for language in LANGUAGES}
    for language, process in running.items():
        said, _ = process.communicate()
        if process.returncode:
            # An incremental build after a failed one would pass over what failed.
            shutil.rmtree(doctrees / language, ignore_errors=True)
            problems.append(f"book/{language} did not build:\n{said.strip()}")
        else:
            tidy(out / language)
    if not problems:
        link_takeaway(out)
        help_finders(out)
        shutil.copy(ROOT / "book" / "_static" / "start.html", out / "index.html")
        stamp.write_text(state(out), encoding="utf-8")
    return problems


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "_build" / "html")
    parser.add_argument(
        "--clean", action="store_true", help="forget earlier builds first"
    )
    options = parser.parse_args()
    doctrees = options.out.parent / "doctrees"
    if options.clean:
        shutil.rmtree(options.out, ignore_errors=True)
        shutil.rmtree(doctrees, ignore_errors=True)
    problems = build(options.out, doctrees)
    if problems:
        sys.exit("\n".join(problems))
    print(
        f"The book is built. Open it in a browser: {(options.out / 'index.html').as_uri()}"
    )


if __name__ == "__main__":
    main()
