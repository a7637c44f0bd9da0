"""The book as PDF and EPUB: every link leads on, every font is inside, nothing is cut off."""

import os
import xml.etree.ElementTree as ET
import zipfile
from pathlib import PurePosixPath
from urllib.parse import unquote, urldefrag

import pikepdf
import pytest
from bs4 import BeautifulSoup

from tools import build, takeaway

every_language = pytest.mark.parametrize("language", build.LANGUAGES)
XHTML = "{http://www.w3.org/1999/xhtml}"
OPF = "{http://www.idpf.org/2007/opf}"


@pytest.fixture(scope="module")
def made(site, browser, tmp_path_factory):
    """Both files in both languages, made from the site, and the page that the PDF is printed from."""
    out = tmp_path_factory.mktemp("takeaway")
    for language in build.LANGUAGES:
        parts = takeaway.prepare(language, site / language, out / language)
        for make, kind in ((takeaway.make_pdf, "pdf"), (takeaway.make_epub, "epub")):
            target = out / f"embedlinear-{language}.{kind}"
            make(browser, language, parts, out / language, target)
    return out


@pytest.fixture(scope="module")
def printed(made):
    return {
        language: BeautifulSoup(
            (made / language / "book.html").read_text(encoding="utf-8"), "html.parser"
        )
        for language in build.LANGUAGES
    }


@pytest.fixture(params=build.LANGUAGES)
def pdf(request, made, printed):
    with pikepdf.open(made / f"embedlinear-{request.param}.pdf") as opened:
        opened.html = printed[request.param]
        yield opened


def links(pdf):
    return [
        a
        for page in pdf.pages
        for a in page.get("/Annots", [])
        if a.get("/Subtype") == "/Link"
    ]


def test_every_link_of_the_pdf_leads_to_its_place(pdf):
    wanted = {a["href"][1:] for a in pdf.html.select("a[href^='#']")}
    ids = [tag["id"] for tag in pdf.html.find_all(id=True)]
    assert len(ids) == len(set(ids))
    assert wanted <= set(ids)
    there = {str(link.Dest).lstrip("/") for link in links(pdf) if "/Dest" in link}
    assert there == wanted == {name.lstrip("/") for name in pdf.Root.Dests.keys()}
    outside = {str(link.A.URI).rstrip("/") for link in links(pdf) if "/A" in link}
    assert outside == {
        a["href"].rstrip("/") for a in pdf.html.select("a[href^='http']")
    }


def test_the_contents_say_the_right_pages(pdf):
    order = {page.objgen: number for number, page in enumerate(pdf.pages, 1)}
    said = {a["href"][1:]: int(a["data-page"]) for a in pdf.html.select("nav a")}
    assert next(iter(said)) == "index" and set(build.pages()) <= set(said)
    for name, number in said.items():
        assert order[pdf.Root.Dests[f"/{name}"][0].objgen] == number
    assert list(said.values()) == sorted(said.values())


def test_the_outline_has_every_heading(pdf):
    def titles(items):
        for item in items:
            yield item.title
            yield from titles(item.children)

    with pdf.open_outline() as outline:
        assert list(titles(outline.root)) == [
            h.get_text() for h in pdf.html(["h1", "h2", "h3", "h4"])
        ]


def test_every_font_of_the_pdf_is_in_it(pdf):
    names = set()
    for font in (
        f for page in pdf.pages for f in page.Resources.get("/Font", {}).values()
    ):
        if (
            font.Subtype == "/Type3"
        ):  # its glyphs are drawings in the file: bold Chinese
            assert len(font.CharProcs)
        else:
            (inner,) = font.DescendantFonts
            assert "/FontFile2" in inner.FontDescriptor
            names.add(str(inner.BaseFont).split("+")[-1])
    assert {"BookHan-Regular", "STIXTwoMath-Regular"} <= names


@every_language
def test_nothing_is_cut_off_on_paper(made, browser, language):
    width = round((210 - 2 * 18) / 25.4 * 96)  # A4 without its margins, in CSS pixels
    tab = browser.new_page(viewport={"width": width, "height": 900})
    tab.emulate_media(media="print")
    tab.goto((made / language / "book.html").as_uri())
    wide = tab.evaluate(
        """(width) => [...document.querySelectorAll("body *")]
        .filter((e) => !e.closest("math") && (e.getBoundingClientRect().right > width + 1
                       || (e.tagName === "PRE" && e.scrollWidth > e.clientWidth + 1)))
        .map((e) => e.closest(".chapter").id + ": " + e.textContent.slice(0, 60))""",
        width,
    )
    broken = tab.evaluate(
        "[...document.images].filter((i) => !i.naturalWidth).map((i) => i.src)"
    )
    tab.close()
    assert not wide and not broken


@every_language
def test_the_epub_is_whole(made, language):
    with zipfile.ZipFile(made / f"embedlinear-{language}.epub") as book:
        first = book.infolist()[0]
        assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
        assert book.read("mimetype") == b"application/epub+zip"
        package = ET.fromstring(book.read("book.opf"))
        items = {item.get("id"): item for item in package.iter(f"{OPF}item")}
        names = {item.get("href") for item in items.values()}
        assert names | {"mimetype", "META-INF/container.xml", "book.opf"} == set(
            book.namelist()
        )
        order = [
            items[ref.get("idref")].get("href") for ref in package.iter(f"{OPF}itemref")
        ]
        assert order == [
            f"{page}.xhtml" for page in ("title-page", "contents", *build.pages())
        ]
        trees = {
            name: ET.fromstring(book.read(name)) for name in order
        }  # XML, or this fails

    ids = {name: {tag.get("id") for tag in tree.iter()} for name, tree in trees.items()}
    for item in items.values():
        has_math = item.get("href") in trees and any(
            "MathML" in t.tag for t in trees[item.get("href")].iter()
        )
        assert has_math == (item.get("properties") == "mathml")
    for name, tree in trees.items():
        for tag in tree.iter():
            address = tag.get("href") or tag.get("src")
            if address and not address.startswith(("http", "mailto:")):
                file, anchor = urldefrag(address)
                assert (file or name) in names, f"{name}: {address}"
                assert not anchor or unquote(anchor) in ids[file or name], (
                    f"{name}: {address}"
                )
    pictures = [tag for tree in trees.values() for tag in tree.iter(f"{XHTML}img")]
    assert pictures and all(
        PurePosixPath(tag.get("src")).suffix == ".png" for tag in pictures
    )


@pytest.fixture
def offered(site, tmp_path, monkeypatch):
    """A copy of the start pages, and the folder that the site takes the files from."""
    for language in build.LANGUAGES:
        (tmp_path / "html" / language).mkdir(parents=True)
        text = (site / language / "index.html").read_text(encoding="utf-8")
        (tmp_path / "html" / language / "index.html").write_text(text, encoding="utf-8")
    monkeypatch.setattr(build, "TAKEAWAY", tmp_path)
    return tmp_path


@every_language
def test_the_start_page_links_what_is_there_and_nothing_else(offered, language):
    index = offered / "html" / language / "index.html"

    def said():
        build.link_takeaway(offered / "html")
        html = BeautifulSoup(index.read_text(encoding="utf-8"), "html.parser")
        line = html.select("article .takeaway")
        return [a["href"] for a in html.select(".takeaway a")], line[
            0
        ].get_text() if line else ""

    assert said() == ([], "")
    pdf, epub = (offered / f"embedlinear-{language}.{kind}" for kind in ("pdf", "epub"))
    pdf.write_bytes(b"x" * 1_260_000)
    epub.write_bytes(b"x" * 440_000)
    for _ in range(2):  # once, however often the site is built
        hrefs, line = said()
        assert hrefs == [pdf.name, epub.name] and "1.3 MB" in line and "0.4 MB" in line
        assert all((index.parent / href).is_file() for href in hrefs)
    os.utime(pdf, (0, 0))  # older than the chapters
    assert said()[0] == [epub.name]
    assert not (index.parent / pdf.name).exists()
