"""What leads readers to the book and back to their place: descriptions, cards, maps, addresses."""

import datetime
import functools
import json
import re
import sys
import xml.etree.ElementTree as ET
from importlib.metadata import version
from urllib.parse import urlsplit

import pytest
import yaml
from bs4 import BeautifulSoup
from PIL import Image

from tests.conftest import ROOT, build
from tests.notebooks.anchors import LIST, addresses, kept
from tools.book import RECORD, fingerprint

sys.path.insert(0, str(ROOT / "book" / "_ext"))
import colophon
import findable

TOC = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
PAGES = [TOC["root"]] + [chapter["file"] for chapter in TOC["chapters"]]
LANGUAGES = ("zh", "en")
SITE = "https://reader.example/books/one"
every_language = pytest.mark.parametrize("language", LANGUAGES)


@functools.cache  # the site is built once, and a long page takes a while to parse
def read(path):
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def meta(html, name):
    return [
        tag["content"]
        for tag in html.select(f'meta[name="{name}"], meta[property="{name}"]')
    ]


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """The site as whoever knows its address builds it."""
    out = tmp_path_factory.mktemp("published") / "html"
    done = build(ROOT, "--out", str(out), BOOK_SITE=SITE + "/")
    assert done.returncode == 0, done.stderr
    return out


# --- addresses that stay ---


def test_no_published_address_is_gone():
    gone = kept() - addresses()
    assert not gone, (
        f"readers may have kept links to {sorted(gone)}: give those anchors back"
    )


def test_every_address_is_on_the_list():
    new = addresses() - kept()
    assert not new, (
        f"{sorted(new)} are not in {LIST.name}; add them: python tests/notebooks/anchors.py"
    )


@every_language
def test_every_address_is_there_on_the_site(site, language):
    ids = {
        page: {
            tag["id"]
            for tag in read(site / language / f"{page}.html").find_all(id=True)
        }
        for page in PAGES
    }
    for address in addresses():
        page, _, anchor = address.partition("#")
        assert not anchor or anchor in ids[page], address


# --- descriptions and cards ---


@every_language
def test_every_page_has_its_own_description(site, language):
    seen = set()
    for page in PAGES:
        html = read(site / language / f"{page}.html")
        (said,) = meta(html, "description")
        assert 15 <= len(said) <= findable.LENGTH[language], f"{page}: {said}"
        words = said.translate(
            dict.fromkeys(map(ord, "优良差"))
        )  # the vocabulary of both languages
        assert bool(re.search(r"[\u4e00-\u9fff]", words)) == (language == "zh"), (
            f"{page}: {said}"
        )
        first = "".join(html.select_one("article p").get_text().split())
        assert "".join(said.rstrip("…").split()).startswith(first[:20])
        seen.add(said)
    assert len(seen) == len(PAGES)


@every_language
def test_without_an_address_there_is_no_card_and_no_map(site, language):
    assert not meta(read(site / language / "index.html"), "og:title")
    assert not (site / "sitemap.xml").exists()


@every_language
@pytest.mark.parametrize("page", PAGES)
def test_a_link_to_a_page_shows_a_card(published, language, page):
    html = read(published / language / f"{page}.html")
    (title,), (url,), (image,) = (
        meta(html, f"og:{name}") for name in ("title", "url", "image")
    )
    assert title == html.h1.find(string=True).strip() or title in html.h1.get_text()
    assert (
        url == html.select_one(f'link[rel=alternate][hreflang^="{language}"]')["href"]
    )
    assert meta(html, "og:description") == meta(html, "description")
    path = published / urlsplit(image).path.removeprefix(urlsplit(SITE).path + "/")
    with Image.open(path) as picture:
        assert picture.size == (1200, 630)


# --- the site map ---


def test_the_map_has_every_page_in_every_language(published):
    names = {
        "s": "http://www.sitemaps.org/schemas/sitemap/0.9",
        "x": "http://www.w3.org/1999/xhtml",
    }
    tree = ET.parse(published / "sitemap.xml")
    urls = tree.findall("s:url", names)
    assert len(urls) == len(PAGES) * len(LANGUAGES)
    for url in urls:
        twins = {
            link.get("hreflang"): link.get("href")
            for link in url.findall("x:link", names)
        }
        assert (
            set(twins) == {"zh-CN", "en"}
            and url.find("s:loc", names).text in twins.values()
        )
        for address in twins.values():
            path = published / address.removeprefix(SITE + "/")
            assert (path / "index.html" if address.endswith("/") else path).is_file(), (
                address
            )
            page = "index" if address.endswith("/") else path.stem
            html = read(path / "index.html" if address.endswith("/") else path)
            there = {
                tag["hreflang"]: tag["href"]
                for tag in html.select("link[rel=alternate][hreflang]")
            }
            assert {tag: there[tag] for tag in twins} == twins, page
    assert f"Sitemap: {SITE}/sitemap.xml" in (published / "robots.txt").read_text()


# --- an address that leads nowhere ---


@every_language
def test_the_page_for_a_lost_reader_works_at_any_depth(published, language):
    html = read(published / language / "404.html")
    assert html.html["lang"].startswith(language)
    addresses = [
        tag.get("href") or tag.get("src")
        for tag in html.select("a[href], link[href], script[src], img[src]")
    ]
    inside = [a for a in addresses if not a.startswith("#")]
    root = urlsplit(SITE).path
    for address in inside:
        path = urlsplit(address).path
        assert path.startswith(f"{root}/"), (
            f"{address} leads elsewhere from a page in a folder"
        )
        target = published / path.removeprefix(f"{root}/")
        assert target.is_file() or (target / "index.html").is_file(), address
    assert meta(html, "robots") == ["noindex"]
    assert not html.select("link[rel=canonical]")
    assert {f"{root}/{language}/{page}.html" for page in PAGES[1:]} <= set(inside)


def test_the_page_at_the_root_offers_both_languages(published, site):
    for out, base in ((published, urlsplit(SITE).path + "/"), (site, "/")):
        html = read(out / "404.html")
        assert html.base["href"] == base
        links = [a["href"] for a in html("a")]
        assert links == ["zh/index.html", "en/index.html"]
        assert all((out / link).is_file() for link in links)


# --- the colophon ---


@every_language
def test_the_colophon_says_what_the_run_recorded(site, language):
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    html = read(site / language / "colophon.html")
    rows = html.select("#verified table tr")
    said = dict([cell.get_text().strip() for cell in row(["th", "td"])] for row in rows)
    assert said[colophon.WORDS[language]["date"]] == record["date"]
    assert {name: said[name] for name in record["versions"]} == record["versions"]
    assert datetime.date.fromisoformat(record["date"])


def test_the_record_is_of_the_pinned_versions():
    """After an upgrade, `make execute` runs the book with it and notes so."""
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    pins = re.findall(
        r"^([\w-]+)==(\S+)",
        (ROOT / "constraints.txt").read_text(encoding="utf-8"),
        re.M,
    )
    pins += re.findall(
        r"^([\w-]+)==(\S+)",
        (ROOT / "requirements.txt").read_text(encoding="utf-8"),
        re.M,
    )
    for name, pin in dict(pins).items():
        if name in record["versions"]:
            assert record["versions"][name].split("+")[0] == pin, (
                f"{name}: run `make execute`"
            )
    assert "torch" in record["versions"] and version("torch")


def test_a_change_of_code_or_output_is_a_change_and_prose_is_none(tmp_path):
    path = tmp_path / "a.ipynb"
    notebook = json.loads(
        (ROOT / "book" / "en" / "embedding-what.ipynb").read_text(encoding="utf-8")
    )

    def mark():
        path.write_text(json.dumps(notebook), encoding="utf-8")
        return fingerprint(path)

    before = mark()
    notebook["cells"][0]["source"] = ["# Other words"]
    assert mark() == before
    shown = next(
        c
        for c in notebook["cells"]
        if c.get("outputs") and "text/plain" in c["outputs"][0].get("data", {})
    )
    shown["outputs"][0]["data"]["text/plain"] = ["something else"]
    after = mark()
    assert after != before
    shown["source"] = ["1 + 1"]
    assert mark() not in (before, after)
