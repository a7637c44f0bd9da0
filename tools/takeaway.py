"""The whole book as one PDF and one EPUB in each language: `python -m tools.takeaway`.

Both are made from the pages of the site, so they show what the site shows: the PDF is the pages in
a row, printed by Chromium; the EPUB is the pages in a zip file, with a list of what is in it. The
start page of the site then links them.
"""

import argparse
import html
import os
import re
import shutil
import sys
import uuid
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin

import pikepdf
import yaml
from bs4 import BeautifulSoup
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont
from PIL import Image
from playwright.sync_api import Error, sync_playwright

from tools.build import LANGUAGES, ROOT, TAKEAWAY, build, link_takeaway, pages

STYLES = ROOT / "book" / "_takeaway"
HAN_FONT = ROOT / "src" / "embedlinear" / "book" / "fonts" / "NotoSansSC-subset.otf"
MATH_FONT = (
    ROOT / "book" / "_static" / "vendor" / "stix-two-math" / "stix-two-math.woff2"
)
WORDS = {
    "zh": {
        "tag": "zh-CN",
        "subtitle": "从一张表到一个矩阵乘法",
        "contents": "目录",
        "licence": "文字和图采用 CC BY 4.0 许可，代码采用 BSD 3-Clause 许可",
    },
    "en": {
        "tag": "en",
        "subtitle": "From a table to a matrix product",
        "contents": "Contents",
        "licence": "Text and figures under CC BY 4.0, code under the BSD 3-Clause license",
    },
}
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
SITE = (os.environ.get("BOOK_SITE") or "").rstrip("/")


# --- what both are made of ---


def chapter(site: Path, page: str, folder: Path, book: list[str]):
    """A page of the site, its ids unique in the whole book (`page--id`), its links within the book.

    Pictures go to the folder as PNG: older readers of e-books show no WebP.
    """
    text = (site / f"{page}.html").read_text(encoding="utf-8")
    article = BeautifulSoup(text, "html.parser").select_one("article")
    article.name, article.attrs = "div", {"class": "chapter", "id": page}
    for tag in article.select(
        "script, button, .headerlink, .takeaway, .widget-controls, .widget details"
    ):
        tag.decompose()
    for tag in article.find_all(id=True):
        tag["id"] = f"{page}--{tag['id']}"
    for link in article.find_all("a", href=True):
        address, anchor = urldefrag(link["href"])
        target = Path(unquote(address)).stem if address else page
        if ":" in address:
            continue
        if target in book:
            link["href"] = (
                f"{target}.xhtml#{target}--{anchor}"
                if anchor
                else f"{target}.xhtml#{target}"
            )
        elif SITE:  # a download, say: it is on the site
            link["href"] = urljoin(f"{SITE}/{site.name}/", link["href"])
        else:
            link.unwrap()
    for picture in article.find_all("img", src=True):
        path = site / unquote(picture["src"])
        picture["src"] = f"{path.stem}.png"
        del picture["loading"]
        with Image.open(path) as image:
            image.save(folder / picture["src"], optimize=True)
    for solution in article.find_all("details"):
        solution["open"] = ""  # paper has nothing to click
    return article


def contents(chapters: dict) -> str:
    """The chapters and their sections."""

    def entry(page, anchor, heading):
        return f'<a href="{page}.xhtml#{anchor}"><span>{heading.decode_contents()}</span></a>'

    lines = ""
    for page, article in chapters.items():
        sections = [
            entry(page, h.find_parent("section")["id"], h) for h in article("h2")
        ]
        inner = (
            f"<ol>{''.join(f'<li>{s}</li>' for s in sections)}</ol>" if sections else ""
        )
        lines += f"<li>{entry(page, page, article.h1)}{inner}</li>"
    return f"<ol>{lines}</ol>"


def title_page(language: str) -> str:
    words = WORDS[language]
    return f"""<div class="title-page">
<div class="title">{CONFIG["languages"][language]["project"]}</div>
<div class="subtitle">{words["subtitle"]}</div>
<div class="imprint">{CONFIG["author"]}<br/>{words["licence"]}<br/>{html.escape(SITE)}</div>
</div>"""


def document(language: str, body: str, *styles: str) -> str:
    """A page that is HTML and XML alike."""
    links = "".join(
        f'<link rel="stylesheet" href="{style}"/>'
        for style in ("pygments.css", "takeaway.css", *styles)
    )
    tag = WORDS[language]["tag"]
    return f"""<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"
  lang="{tag}" xml:lang="{tag}" data-theme="light">
<head><meta charset="utf-8"/><title>{CONFIG["languages"][language]["project"]}</title>{links}</head>
<body>{body}</body>
</html>
"""


def truetype(source: Path, text: str, target: Path) -> None:
    """Cut a font to what is used, in TrueType outlines: a PDF holds others as drawings only."""
    font, used = TTFont(source), set(map(ord, text))
    cmap = {code: name for code, name in font.getBestCmap().items() if code in used}
    names = [".notdef", *sorted(set(cmap.values()))]
    drawn, shapes = font.getGlyphSet(), {}
    for name in names:
        pen = TTGlyphPen(None)
        drawn[name].draw(Cu2QuPen(pen, max_err=1, reverse_direction=True))
        shapes[name] = pen.glyph()
    made, os2 = FontBuilder(font["head"].unitsPerEm), font["OS/2"]
    made.setupGlyphOrder(names)
    made.setupCharacterMap(cmap)
    made.setupGlyf(shapes)
    made.setupHorizontalMetrics({name: font["hmtx"][name] for name in names})
    made.setupHorizontalHeader(ascent=font["hhea"].ascent, descent=font["hhea"].descent)
    made.setupNameTable(
        {"familyName": "Book Han", "styleName": "Regular", "psName": "BookHan-Regular"}
    )
    made.setupOS2(
        usWinAscent=os2.usWinAscent,
        usWinDescent=os2.usWinDescent,
        sTypoAscender=os2.sTypoAscender,
        sTypoDescender=os2.sTypoDescender,
    )
    made.setupPost()
    made.font.flavor = "woff"
    made.save(target)


def prepare(language: str, site: Path, folder: Path) -> dict:
    """The folder that both are made in, with styles, fonts and pictures; returns the parts, by file name."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(STYLES, folder)
    shutil.copy(site / "_static" / "pygments.css", folder)
    book = pages()
    chapters = {page: chapter(site, page, folder, book) for page in book}
    nav = f'<nav epub:type="toc"><h1>{WORDS[language]["contents"]}</h1>{contents(chapters)}</nav>'
    parts = {"title-page": title_page(language), "contents": nav}
    parts |= {page: str(article) for page, article in chapters.items()}
    truetype(HAN_FONT, "".join(parts.values()), folder / "han.woff")
    math = TTFont(MATH_FONT)
    math.flavor = "woff"  # not every reader of e-books knows woff2
    math.save(folder / "math.woff")
    return parts


# --- the PDF ---


def page_numbers(path: Path) -> dict:
    """On which page each anchor lies that a link leads to."""
    with pikepdf.open(path) as pdf:
        order = {page.objgen: number for number, page in enumerate(pdf.pages, 1)}
        return {
            name.lstrip("/"): order[place[0].objgen]
            for name, place in pdf.Root.Dests.items()
        }


def say_once(items) -> None:
    """Mend titles of the outline: Chromium writes one twice whose heading it moved to a next page."""
    for item in items:
        half = item.title[: len(item.title) // 2]
        item.title = half if half * 2 == item.title else item.title
        say_once(item.children)


def make_pdf(browser, language: str, parts: dict, folder: Path, target: Path) -> None:
    """Print twice: the first time tells the page numbers for the contents."""
    body = re.sub(r'href="[\w-]+\.xhtml#', 'href="#', "".join(parts.values()))
    source, numbers = folder / "book.html", {}

    def numbered(nav):
        return re.sub(
            r'href="#([\w-]+)"',
            lambda a: f'{a[0]} data-page="{numbers.get(a[1], "")}"',
            nav[0],
        )

    tab = browser.new_page(java_script_enabled=False)
    for last in (False, True):
        text = re.sub(r"<nav.*</nav>", numbered, body, count=1, flags=re.S)
        source.write_text(document(language, text, "print.css"), encoding="utf-8")
        tab.goto(source.as_uri())
        tab.pdf(
            path=target,
            prefer_css_page_size=True,
            print_background=True,
            outline=last,
            tagged=last,
        )
        numbers = page_numbers(target)
    tab.close()
    with pikepdf.open(target, allow_overwriting_input=True) as pdf:
        pdf.docinfo["/Author"] = CONFIG["author"]
        del pdf.docinfo["/Creator"]  # it names the machine's system
        with pdf.open_outline() as outline:
            say_once(outline.root)
        pdf.save(object_stream_mode=pikepdf.ObjectStreamMode.generate)  # half the size


# --- the EPUB ---

CONTAINER = """<?xml version="1.0" encoding="utf-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles><rootfile full-path="book.opf" media-type="application/oebps-package+xml"/></rootfiles>
</container>
"""
PACKAGE = """<?xml version="1.0" encoding="utf-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id" xml:lang="{tag}">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:identifier id="id">urn:uuid:{id}</dc:identifier>
<dc:title>{title}</dc:title><dc:language>{tag}</dc:language><dc:creator>{author}</dc:creator>
<dc:description>{subtitle}</dc:description><dc:rights>{licence}</dc:rights>
<meta property="dcterms:modified">{date}</meta>
</metadata>
<manifest>{manifest}</manifest>
<spine>{spine}</spine>
</package>
"""
KINDS = {
    ".xhtml": "application/xhtml+xml",
    ".css": "text/css",
    ".woff": "font/woff",
    ".png": "image/png",
}


def make_epub(browser, language: str, parts: dict, folder: Path, target: Path) -> None:
    words, title = WORDS[language], CONFIG["languages"][language]["project"]
    for name, body in parts.items():
        (folder / f"{name}.xhtml").write_text(
            document(language, body), encoding="utf-8"
        )
    tab = browser.new_page(
        viewport={"width": 600, "height": 800}, device_scale_factor=2
    )
    tab.goto((folder / "title-page.xhtml").as_uri())
    tab.screenshot(path=folder / "cover.png")
    tab.close()

    files = sorted(
        path
        for path in folder.iterdir()
        if path.suffix in KINDS and path.name != "print.css"
    )
    manifest = ""
    for path in files:
        marks = {"contents.xhtml": ["nav"], "cover.png": ["cover-image"]}.get(
            path.name, []
        )
        marks += ["mathml"] if "<math" in parts.get(path.stem, "") else []
        marked = f' properties="{" ".join(marks)}"' if marks else ""
        manifest += f'<item id="file-{path.name}" href="{path.name}" media-type="{KINDS[path.suffix]}"{marked}/>'
    package = PACKAGE.format(
        **words,
        id=uuid.uuid5(uuid.NAMESPACE_URL, f"embedlinear/{language}"),
        title=html.escape(title),
        author=html.escape(CONFIG["author"]),
        manifest=manifest,
        date=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        spine="".join(f'<itemref idref="file-{name}.xhtml"/>' for name in parts),
    )
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr(
            "mimetype", "application/epub+zip", zipfile.ZIP_STORED
        )  # first, and as it is
        book.writestr("META-INF/container.xml", CONTAINER)
        book.writestr("book.opf", package)
        for path in files:
            book.write(path, path.name)


# --- both, in both languages ---


def find_chromium(playwright):
    path = shutil.which("chromium") or shutil.which("google-chrome")
    where = {"executable_path": path} if path else {"channel": "chrome"}
    # Without these flags a browser in a closed network spends its time on calls to its maker.
    flags = [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
    ]
    try:
        return playwright.chromium.launch(args=flags, **where)
    except Error as error:
        sys.exit(
            f"embedlinear: this needs Chromium or Chrome, and none was found\n{error}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.parse_args()
    out = ROOT / "_build" / "html"
    problems = build(out, out.parent / "doctrees")
    if problems:
        sys.exit("\n".join(problems))
    with sync_playwright() as playwright:
        browser = find_chromium(playwright)
        for language in LANGUAGES:
            folder = TAKEAWAY / language
            parts = prepare(language, out / language, folder)
            for make, kind in ((make_pdf, "pdf"), (make_epub, "epub")):
                make(
                    browser,
                    language,
                    parts,
                    folder,
                    TAKEAWAY / f"embedlinear-{language}.{kind}",
                )
    link_takeaway(out)
    for made in sorted(TAKEAWAY.glob("embedlinear-*.*")):
        print(f"{made.relative_to(ROOT)}: {made.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
