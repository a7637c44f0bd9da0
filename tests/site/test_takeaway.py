"""The book as PDF and EPUB: every link leads on, every font is inside, nothing is cut."""

import os
import subprocess
import xml.etree.ElementTree as ET
import zipfile
from pathlib import PurePosixPath
from shutil import which
from urllib.parse import unquote, urldefrag

import pikepdf
import pytest
from bs4 import BeautifulSoup

from tests.site.pages import LANGUAGES, PAGES
from tools import build, takeaway
from tools.book import about, chapters

OPF = "{http://www.idpf.org/2007/opf}"
TITLE = "{http://www.w3.org/1999/xhtml}title"
every_language = pytest.mark.parametrize("language", LANGUAGES)
WIDE = """(width) => [...document.querySelectorAll("body *")]
  .filter((e) => !e.closest("math") && (e.getBoundingClientRect().right > width + 1
    || (e.tagName === "PRE" && e.scrollWidth > e.clientWidth + 1)))
  .map((e) => e.closest(".chapter").id + ": " + e.textContent.slice(0, 60))"""


@pytest.fixture(scope="module")
def made(site, browser, tmp_path_factory):
    """Both files in both languages, and the page that the PDF is printed from."""
    out = tmp_path_factory.mktemp("takeaway")
    for here in about():
        language = here["folder"]
        parts = takeaway.prepare(here, site / language, out / language)
        for make, kind in ((takeaway.make_pdf, "pdf"), (takeaway.make_epub, "epub")):
            target = out / f"embedlinear-{language}.{kind}"
            make(browser, here, parts, out / language, target)
    return out


@pytest.fixture
def pdf(made, language):
    html = (made / language / "book.html").read_text(encoding="utf-8")
    with pikepdf.open(made / f"embedlinear-{language}.pdf") as opened:
        opened.html = BeautifulSoup(html, "lxml")
        yield opened


def titles(items):
    for item in items:
        yield item.title
        yield from titles(item.children)


@pytest.mark.weekly
@every_language
def test_every_link_of_the_pdf_and_of_its_contents_leads_to_its_place(pdf):
    wanted = {a["href"][1:] for a in pdf.html.select("a[href^='#']")}
    ids = [tag["id"] for tag in pdf.html.find_all(id=True)]
    assert len(ids) == len(set(ids)) and wanted <= set(ids)
    annotations = [a for page in pdf.pages for a in page.get("/Annots", [])]
    links = [a for a in annotations if a.get("/Subtype") == "/Link"]
    there = {str(link.Dest).lstrip("/") for link in links if "/Dest" in link}
    assert there == wanted == {name.lstrip("/") for name in pdf.Root.Dests.keys()}
    outside = {str(link.A.URI).rstrip("/") for link in links if "/A" in link}
    http = pdf.html.select("a[href^='http']")
    assert outside == {a["href"].rstrip("/") for a in http}
    order = {page.objgen: number for number, page in enumerate(pdf.pages, 1)}
    shown = {a["href"][1:]: int(a["data-page"]) for a in pdf.html.select("nav a")}
    assert next(iter(shown)) == "index" and set(PAGES) <= set(shown)
    for name, number in shown.items():
        assert order[pdf.Root.Dests[f"/{name}"][0].objgen] == number
    assert list(shown.values()) == sorted(shown.values())
    headings = [h.get_text() for h in pdf.html(["h1", "h2", "h3", "h4"])]
    with pdf.open_outline() as outline:
        assert list(titles(outline.root)) == headings


@pytest.mark.weekly
@every_language
def test_every_font_of_the_pdf_is_in_it(pdf):
    names = set()
    fonts = [f for page in pdf.pages for f in page.Resources.get("/Font", {}).values()]
    for font in fonts:
        if font.Subtype == "/Type3":  # its glyphs are drawings: bold Chinese
            assert len(font.CharProcs)
        else:
            (inner,) = font.DescendantFonts
            assert "/FontFile2" in inner.FontDescriptor
            names.add(str(inner.BaseFont).split("+")[-1])
    assert {"BookHan-Regular", "STIXTwoMath-Regular"} <= names


@pytest.mark.weekly
@pytest.mark.skipif(not which("pdftotext"), reason="no pdftotext: poppler-utils")
@every_language
def test_every_page_has_a_head_and_none_is_nearly_empty(made, pdf, language):
    command = ["pdftotext", "-bbox", made / f"embedlinear-{language}.pdf", "-"]
    output = subprocess.run(command, capture_output=True, check=True).stdout
    heads, empty = set(), []
    for number, sheet in enumerate(BeautifulSoup(output, "lxml").select("page"), 1):
        words = [
            (float(word["ymin"]) / 842, float(word["ymax"]) / 842, word.get_text())
            for word in sheet("word")
        ]
        heads.add("".join(text for _, end, text in words if end < 0.06))
        lowest = max(start for start, *_ in words if start < 0.93)
        if lowest < 0.25 and not pdf.pages[number - 1].Resources.get("/XObject"):
            empty.append(number)
    firsts = [pdf.html.find(id=names[0]).h1.get_text() for names in chapters()]
    assert heads - {""} == {"".join(title.split()) for title in firsts}
    assert not empty


@pytest.mark.weekly
@every_language
def test_nothing_is_cut_off_on_paper(made, browser, language):
    width = round((210 - 2 * 18) / 25.4 * 96)  # A4 less its margins, in CSS pixels
    tab = browser.new_page(viewport={"width": width, "height": 900})
    tab.emulate_media(media="print")
    tab.goto((made / language / "book.html").as_uri())
    assert tab.evaluate(WIDE, width) == []
    broken = "[...document.images].filter((i) => !i.naturalWidth).map((i) => i.src)"
    assert tab.evaluate(broken) == []
    tab.close()


@pytest.mark.weekly
@every_language
def test_the_epub_is_whole(made, language):
    with zipfile.ZipFile(made / f"embedlinear-{language}.epub") as book:
        first = book.infolist()[0]
        assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
        package = ET.fromstring(book.read("book.opf"))
        items = {item.get("id"): item for item in package.iter(f"{OPF}item")}
        names = {item.get("href") for item in items.values()}
        outside = {"mimetype", "META-INF/container.xml", "book.opf"}
        assert names | outside == set(book.namelist())
        spine = [items[ref.get("idref")] for ref in package.iter(f"{OPF}itemref")]
        order = [item.get("href") for item in spine]
        assert order == [f"{name}.xhtml" for name in ("title-page", "contents", *PAGES)]
        trees = {name: ET.fromstring(book.read(name)) for name in order}  # it is XML
        titles = {trees[f"{page}.xhtml"][0].findtext(TITLE) for page in PAGES}
        assert len(titles) == len(PAGES)  # each has its own title
    ids = {name: {tag.get("id") for tag in tree.iter()} for name, tree in trees.items()}
    for item in spine:
        has_math = any("MathML" in t.tag for t in trees[item.get("href")].iter())
        assert has_math == (item.get("properties") == "mathml")
    for name, tree in trees.items():
        for tag in tree.iter():
            address = tag.get("href") or tag.get("src")
            if address and not address.startswith(("http", "mailto:")):
                file, anchor = urldefrag(address)
                assert (file or name) in names, f"{name}: {address}"
                known = not anchor or unquote(anchor) in ids[file or name]
                assert known, f"{name}: {address}"
            if tag.tag.endswith("}img"):
                assert PurePosixPath(address).suffix in (".png", ".svg")


def test_the_start_page_offers_what_is_up_to_date(tmp_path, monkeypatch):
    """bring_takeaway copies it to the pages; the template links existing files."""
    import pages  # the extension

    monkeypatch.setattr(build, "TAKEAWAY", tmp_path)
    here, language = tmp_path / "html" / "zh", "zh"
    build.bring_takeaway(language, here)
    assert pages.takeaway(here) == []
    for kind, size in (("pdf", 1_260_000), ("epub", 440_000)):
        (tmp_path / f"embedlinear-zh.{kind}").write_bytes(b"x" * size)
    build.bring_takeaway(language, here)
    shown = [(file["name"], file["size"]) for file in pages.takeaway(here)]
    assert shown == [
        ("embedlinear-zh.pdf", "1.3 MB"),
        ("embedlinear-zh.epub", "0.4 MB"),
    ]
    os.utime(tmp_path / "embedlinear-zh.pdf", (0, 0))  # older than the chapters
    build.bring_takeaway(language, here)
    assert [file["kind"] for file in pages.takeaway(here)] == ["EPUB"]
