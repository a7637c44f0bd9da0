"""The whole book as one PDF and one EPUB in each language: `python -m tools.takeaway`.

Both are made from the pages of the site, so they show what the site shows: the PDF is all
pages, printed by Chromium; the EPUB is a zip file of the pages with a manifest. The start
page of the site then links to them.
"""

import argparse
import os
import shutil
import sys
import uuid
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin

import pikepdf
from bs4 import BeautifulSoup
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont
from jinja2 import Environment, FileSystemLoader
from PIL import Image
from playwright.sync_api import Error, sync_playwright

from tools.book import ROOT, about, catalogue, chapters, config, pages
from tools.browser import launch
from tools.build import SITE, TAKEAWAY, build

STYLES = ROOT / "book" / "_takeaway"
HAN = ROOT / "src" / "embedlinear" / "book" / "fonts" / "NotoSansSC-subset.otf"
MATH = ROOT / "book" / "_static" / "vendor" / "stix-two-math" / "stix-two-math.woff2"
LICENCE = "Text and figures under CC BY 4.0, code under the BSD 3-Clause license"
GONE = (
    "script, button, .headerlink, .takeaway, .widget-controls, img[src$='.svg'], #next, "
    ".widget:not(.widget-word_map) details, .widget-word_map .widget-said"
)  # turning the page is the way on; without a script the map is a table, its details
# Sections that every chapter has; the table of contents leaves them out.
EVERYWHERE = "[id$='--summary'], [id$='--exercises']"
KINDS = {
    ".xhtml": "application/xhtml+xml",
    ".css": "text/css",
    ".woff": "font/woff",
    ".png": "image/png",
    ".svg": "image/svg+xml",
}
TEMPLATES = Environment(loader=FileSystemLoader(STYLES), autoescape=True)


def render(template: str, here: dict, **values) -> str:
    """A template of book/_takeaway, filled in for one language."""
    words = catalogue(here["folder"])
    return TEMPLATES.get_template(template).render(
        here=here,
        site=(os.environ.get("BOOK_SITE") or "").rstrip("/"),
        author=config()["author"],
        licence=words.get(LICENCE, LICENCE),
        contents=words.get("Contents", "Contents"),
        **values,
    )


def title(body: str) -> str:
    """The heading of a part with its number."""
    heading = BeautifulSoup(body, "html.parser").h1
    return heading.get_text() if heading else ""


def chapter(site: Path, page: str, folder: Path):
    """A page of the site; ids unique in the book (`page--id`), links within the book.

    Pictures go to the folder as PNG: older readers of e-books show no WebP.
    """
    text = (site / f"{page}.html").read_text(encoding="utf-8")
    article = BeautifulSoup(text, "html.parser").select_one("article")
    article.name, article.attrs = "div", {"class": "chapter", "id": page}
    for tag in article.select(GONE):
        tag.decompose()
    for tag in article.find_all(id=True):
        tag["id"] = f"{page}--{tag['id']}"
    for link in article.find_all("a", href=True):
        address, anchor = urldefrag(link["href"])
        target = Path(unquote(address)).stem if address else page
        if ":" in address:
            continue
        if target in pages():
            place = f"{target}--{anchor}" if anchor else target
            link["href"] = f"{target}.xhtml#{place}"
        elif os.environ.get("BOOK_SITE"):  # a download, say: it is on the site
            root = os.environ["BOOK_SITE"].rstrip("/")
            link["href"] = urljoin(f"{root}/{site.name}/", link["href"])
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


def truetype(source: Path, text: str, target: Path) -> None:
    """Subset a font to the glyphs used, as TrueType outlines: a PDF draws others as shapes."""
    font, used = TTFont(source), set(map(ord, text))
    cmap = {code: name for code, name in font.getBestCmap().items() if code in used}
    names = [".notdef", *sorted(set(cmap.values()))]
    drawn, shapes = font.getGlyphSet(), {}
    for name in names:
        pen = TTGlyphPen(None)
        drawn[name].draw(Cu2QuPen(pen, max_err=1, reverse_direction=True))
        shapes[name] = pen.glyph()
    made, os2, line = FontBuilder(font["head"].unitsPerEm), font["OS/2"], font["hhea"]
    made.setupGlyphOrder(names)
    made.setupCharacterMap(cmap)
    made.setupGlyf(shapes)
    made.setupHorizontalMetrics({name: font["hmtx"][name] for name in names})
    made.setupHorizontalHeader(ascent=line.ascent, descent=line.descent)
    made.setupNameTable(
        {"familyName": "Book Han", "styleName": "Regular", "psName": "BookHan-Regular"}
    )
    kept = ("usWinAscent", "usWinDescent", "sTypoAscender", "sTypoDescender")
    made.setupOS2(**{name: getattr(os2, name) for name in kept})
    made.setupPost()
    made.font.flavor = "woff"
    made.save(target)


def prepare(here: dict, site: Path, folder: Path) -> dict[str, str]:
    """Put styles, fonts and pictures into `folder`; returns the parts by file name."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(
        STYLES, folder, ignore=shutil.ignore_patterns("*.html", "*.opf", "*.xml")
    )
    for name in ("pygments.css", "motif.svg"):
        shutil.copy(site / "_static" / name, folder)
    articles = {page: chapter(site, page, folder) for page in pages()}
    headings = {
        page: [(article.h1.decode_contents(), page)]
        + [(h.decode_contents(), h.find_parent("section")["id"]) for h in listed]
        for page, article in articles.items()
        for listed in [article.select(f":not({EVERYWHERE}) > h2")]
    }
    parts = {
        "title-page": render("title-page.html", here),
        "contents": render("contents.html", here, headings=headings),
    }
    parts |= {page: str(article) for page, article in articles.items()}
    truetype(HAN, "".join(parts.values()), folder / "han.woff")
    math = TTFont(MATH)
    math.flavor = "woff"  # not every e-book reader supports woff2
    math.save(folder / "math.woff")
    return parts


def page_numbers(path: Path) -> dict[str, int]:
    """The page number of each anchor that a link leads to."""
    with pikepdf.open(path) as pdf:
        order = {page.objgen: number for number, page in enumerate(pdf.pages, 1)}
        return {
            name.lstrip("/"): order[place[0].objgen]
            for name, place in pdf.Root.Dests.items()
        }


def fit(book, path: Path) -> bool:
    """Set chapters that end at the top of a page smaller, to save the page; whether any did."""
    found = False
    with pikepdf.open(path) as pdf:
        numbers, places = page_numbers(path), pdf.Root.Dests
        for names in chapters():
            first, last = names[0], names[-1]
            end = 1 - float(places[f"/{last}--end"][3]) / 842  # A4 is 842 points high
            full = numbers[f"{last}--end"] - numbers[first]
            if full and end < 0.25:
                smaller = 1 - (end + 0.15) / full  # the tail in pages, and some room
                for part in (book.find(id=name) for name in names):
                    size = smaller * float(part.get("data-size", 1))
                    part["data-size"], part["style"] = size, f"font-size: {size:.3f}em"
                found = True
    return found


def say_once(items) -> None:
    """Fix the outline: Chromium writes a title twice if it moved it to the next page."""
    for item in items:
        half = item.title[: len(item.title) // 2]
        item.title = half if half * 2 == item.title else item.title
        say_once(item.children)


def make_pdf(browser, here: dict, parts: dict, folder: Path, target: Path) -> None:
    """Print several times: to fit the chapters, for the page numbers of the contents."""
    heads = [(title(parts[names[0]]), names) for names in chapters()]
    body = "".join(parts.values())
    html = render("document.html", here, body=body, heads=heads)
    book, source = BeautifulSoup(html, "html.parser"), folder / "book.html"
    for link in book.find_all("a", href=True):
        file, anchor = urldefrag(link["href"])
        if file.endswith(".xhtml") and ":" not in file:
            link["href"] = f"#{anchor}"
    for _, names in heads:  # only what a link leads to has a place in a PDF
        end = f"{names[-1]}--end"
        mark = book.new_tag("a", id=end, href=f"#{end}", string=".")
        book.find(id=names[-1]).append(mark)
    tab = browser.new_page(java_script_enabled=False)

    def print_pdf(last=False):
        source.write_text(str(book), encoding="utf-8")
        tab.goto(source.as_uri())
        whole = {"prefer_css_page_size": True, "print_background": True}
        tab.pdf(path=target, outline=last, tagged=last, **whole)

    for _ in range(3):  # blocks that do not break may need the room that was saved
        print_pdf()
        if not fit(book, target):
            break
    for mark in book.select("a[id$='--end']"):
        mark.decompose()
    print_pdf()
    numbers = page_numbers(target)
    for link in book.select("nav a"):
        link["data-page"] = str(numbers.get(link["href"][1:], ""))
    print_pdf(last=True)
    tab.close()
    with pikepdf.open(target, allow_overwriting_input=True) as pdf:
        pdf.docinfo["/Author"] = config()["author"]
        del pdf.docinfo["/Creator"]  # it names the operating system
        with pdf.open_outline() as outline:
            say_once(outline.root)
        pdf.save(object_stream_mode=pikepdf.ObjectStreamMode.generate)  # half the size


def make_epub(browser, here: dict, parts: dict, folder: Path, target: Path) -> None:
    """Pack the parts into a zip file, with a picture of the title page as its cover."""
    for name, body in parts.items():
        text = render("document.html", here, body=body, title=title(body))
        (folder / f"{name}.xhtml").write_text(text, encoding="utf-8")
    size = {"width": 600, "height": 800}
    tab = browser.new_page(
        viewport=size, device_scale_factor=2, reduced_motion="reduce"
    )
    tab.goto((folder / "title-page.xhtml").as_uri())
    tab.screenshot(path=folder / "cover.png")
    tab.close()
    (folder / "print.css").unlink()
    files = [path for path in sorted(folder.iterdir()) if path.suffix in KINDS]
    marks = {name: "mathml" for name, body in parts.items() if "<math" in body}
    marks |= {"contents": "nav", "cover": "cover-image"}
    package = render(
        "book.opf",
        here,
        id=uuid.uuid5(uuid.NAMESPACE_URL, f"embedlinear/{here['folder']}"),
        date=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        files=[(path.name, KINDS[path.suffix], marks.get(path.stem)) for path in files],
        parts=parts,
    )
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as book:
        first = zipfile.ZIP_STORED  # readers look for these bytes at the beginning
        book.writestr("mimetype", "application/epub+zip", first)
        book.write(STYLES / "container.xml", "META-INF/container.xml")
        book.writestr("book.opf", package)
        for path in files:
            book.write(path, path.name)


def main() -> None:
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    problems = build()
    if problems:
        sys.exit("\n".join(problems))
    with sync_playwright() as playwright:
        try:
            browser = launch(playwright)
        except Error as error:
            sys.exit(f"this needs Chromium or Chrome, and none was found\n{error}")
        for here in about():
            folder = TAKEAWAY / here["folder"]
            parts = prepare(here, SITE / here["folder"], folder)
            for make, kind in ((make_pdf, "pdf"), (make_epub, "epub")):
                target = TAKEAWAY / f"embedlinear-{here['folder']}.{kind}"
                make(browser, here, parts, folder, target)
                print(f"{target.name}: {target.stat().st_size / 1e6:.1f} MB")
    build()  # the start page links them


if __name__ == "__main__":
    main()
