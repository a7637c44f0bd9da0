"""The published site, read as files: what every page in every language must have."""

import copy
import json
import re
import xml.etree.ElementTree as ET
from hashlib import sha256
from urllib.parse import unquote, urldefrag, urlsplit

import light
import mathml
import prune
import pytest
from docutils.nodes import math
from fontTools.ttLib import TTFont
from PIL import Image
from sphinx.errors import ExtensionError

from tests.conftest import ROOT
from tests.notebooks.anchors import LIST, addresses, kept
from tests.site.pages import (
    LANGUAGES,
    PAGES,
    TAGS,
    chinese,
    every_page,
    ids,
    meta,
    soup,
)
from tools.book import RECORD, catalogue, fingerprint
from tools.weekly.audit import ADDRESS

SITE = ADDRESS["BOOK_SITE"]
HERE = urlsplit(SITE).path  # the links of the 404 page, shown at any depth, begin there


def test_a_page_says_its_language_and_leads_to_its_twins(site):
    for where, language, page, html in every_page(site):
        assert html.html["lang"] == TAGS[language]
        twins = {a["hreflang"]: a["href"] for a in html.select("a.language-switch")}
        assert set(twins) == set(TAGS.values()) - {TAGS[language]}, where
        for href in twins.values():
            assert (site / language / href).resolve().is_file(), where
        suffix = "" if page == "index" else f"{page}.html"
        whole = {tag: f"{SITE}/{folder}/{suffix}" for folder, tag in TAGS.items()}
        links = html.select("link[rel=alternate][hreflang]")
        expected = whole | {"x-default": f"{SITE}/"}
        assert {tag["hreflang"]: tag["href"] for tag in links} == expected, where
        canonical = html.select_one("link[rel=canonical]")["href"]
        assert canonical.removesuffix("index.html") == whole[TAGS[language]]


def test_every_link_and_anchor_leads_somewhere(site):
    for where, language, page, html in every_page(site, "404"):
        path = site / language / f"{page}.html"
        for link in html.find_all("a", href=True):
            address, anchor = urldefrag(link["href"])
            if re.match(r"(https?|mailto):", address):
                continue
            if address.startswith("/"):
                target = site / unquote(address).removeprefix(f"{HERE}/")
            else:
                target = (path.parent / unquote(address)).resolve() if address else path
            assert target.is_file(), f"{where}: {link['href']} leads nowhere"
            if target.suffix == ".html" and anchor:
                there = ids(site, target.parent.name, target.stem)
                assert unquote(anchor) in there, f"{where}: no anchor {link['href']}"


def test_nothing_is_asked_of_another_host(site):
    for where, language, _, html in every_page(site, "404", "search"):
        asked = [tag["src"] for tag in html.find_all(src=True)]
        links = html.find_all("link", href=True)
        unasked = (["alternate"], ["canonical"])
        asked += [tag["href"] for tag in links if tag["rel"] not in unasked]
        for address in set(asked) - {"#"}:  # only the search page has them
            name = urlsplit(address).path.removeprefix(f"{HERE}/{language}/")
            assert not urlsplit(address).netloc, f"{where} asks for {address}"
            assert (site / language / name).is_file(), f"{where}: no {address}"


def test_pictures_come_late_and_in_their_size(site):
    for where, language, _, html in every_page(site):
        for picture in html.select("article img:not([src$='.svg'])"):
            with Image.open(site / language / picture["src"]) as shown:
                assert shown.format == "WEBP", f"{where}: {picture}"
                size = [str(number) for number in shown.size]
            assert [picture["width"], picture["height"]] == size, f"{where}: {picture}"
            assert picture["loading"] == "lazy", f"{where}: {picture}"
            assert chinese(picture["alt"]) == (language == "zh"), f"{where}: {picture}"


def test_the_chinese_interface_has_no_english_left(site):
    gone = "article, script, style, kbd, nav, .prev-next-area"
    # Names stay as they are, everywhere.
    names = r"Embedding|Linear|Colab|Binder|JavaScript|Ctrl|PyTorch|CC BY|"
    names += "The embedlinear authors|max_norm|API"
    for page in [*PAGES, "search"]:
        html, shown = copy.copy(soup(site, "zh", page)), []
        for link in html.select(".language-switch"):
            link.extract()
        for name in ("title", "aria-label", "placeholder"):
            shown += [tag[name] for tag in html.body.find_all(attrs={name: True})]
        for part in html.select(gone):
            part.extract()
        shown += html.body.get_text(" ").split("\n")
        left = [t for t in shown if re.search(r"[A-Za-z]{2,}", re.sub(names, "", t))]
        assert not left, f"{page}: English in the Chinese interface: {left}"


def test_the_subsets_of_fonts_have_every_icon_and_every_character(site):
    """A new one must be added to tools/once/fonts.sh."""
    static = site / LANGUAGES[0] / "_static"
    styles = (static / "styles/joined.css").read_text(encoding="utf-8")
    icons, characters = set(), {chr(0x1D44E + n) for n in range(26)} - {chr(0x1D455)}
    for _, _, _, html in every_page(site, "search"):
        icons |= {name for tag in html.select(".fa-solid") for name in tag["class"]}
        characters |= {c for formula in html("math") for c in formula.get_text()}
    fonts = static / "vendor"
    known = TTFont(fonts / "fontawesome/webfonts/fa-solid-900.woff2").getBestCmap()
    icons = {icon for icon in icons if icon.startswith("fa-")} - {"fa-solid", "fa-lg"}
    shapes = {i: re.search(rf'{i}:before[^{{]*{{content:"(.)"', styles) for i in icons}
    absent = [i for i, s in shapes.items() if not s or ord(s[1]) not in known]
    assert icons and not absent
    known = TTFont(fonts / "stix-two-math/stix-two-math.woff2").getBestCmap()
    characters = {c for c in characters if c.strip() and not chinese(c)}
    assert not [c for c in characters if ord(c) not in known]


def test_formulas_are_spaced_as_in_print(site):
    four = (r"U(-k, k)", r"(P) - 1", r"\log \frac{a}{b}", r"\sqrt{\mathrm{in\_x}}")
    made = {tex: mathml.mathml(math("", tex), "inline") for tex in four}
    minus = [formula.count('<mo form="prefix">&#x02212;') for formula in made.values()]
    assert minus == [1, 0, 0, 0]
    assert '<mi>log</mi><mspace width="0.167em"/><mfrac>' in made[r"\log \frac{a}{b}"]
    assert "<mtext>in_x</mtext>" in made[r"\sqrt{\mathrm{in\_x}}"]
    # The font has one size of root, or browsers would leave a gap after it.
    for where, _, _, html in every_page(site):
        assert not html.select("msqrt mfrac, msqrt msup, mroot"), where


def test_code_keeps_its_words_and_colours_in_fewer_elements(site):
    html = soup(site, "en", "embedding-what")
    kinds = {span["class"][0] for span in html.select(".cell_input pre span[class]")}
    assert {"k", "kn", "mi"} <= kinds and not kinds & {"n", "p", "w", "o"}
    assert "import torch\n" in html.select_one(".cell_input pre").get_text()


def test_a_sheet_that_a_theme_no_longer_brings_is_named(tmp_path):
    named = r"the theme brings no basic\.css, .*SHEETS"
    with pytest.raises(ExtensionError, match=named):
        light.sheets(tmp_path)
    with pytest.raises(ValueError, match="line 2"):
        prune.prune(".bd{a:b}\n.show", {"bd", "show"})  # broken: not cut in silence


# --- addresses that stay ---


def test_no_published_address_is_gone(site):
    gone, new = kept() - addresses(), addresses() - kept()
    assert not gone, f"readers may have kept links to {sorted(gone)}: give them back"
    command = "python -m tests.notebooks.anchors"
    assert not new, f"{sorted(new)} are not in {LIST.name}; `{command}` adds them"
    for address in addresses():
        page, _, anchor = address.partition("#")
        for language in LANGUAGES:
            assert not anchor or anchor in ids(site, language, page), address


def test_the_page_for_a_lost_reader_is_in_the_language_of_the_address(site):
    for language in LANGUAGES:
        html = soup(site, language, "404")
        assert html.html["lang"] == TAGS[language]
        assert meta(html, "robots") == ["noindex"]
        inside = {tag["href"] for tag in html.find_all("a", href=True)}
        inside.remove(ADDRESS["BOOK_REPOSITORY"] + "/issues/new/choose")
        assert all(a.startswith(("#", f"{HERE}/")) for a in inside)
        assert {f"{HERE}/{language}/{page}.html" for page in PAGES[1:]} <= inside
    for name, base in (("404", f"{HERE}/"), ("index", None)):
        html = soup(site, ".", name)  # above the languages
        assert (html.base and html.base["href"]) == base
        links = [a["href"] for a in html("a")]
        assert links == [f"{language}/index.html" for language in LANGUAGES]
        assert all((site / link).is_file() for link in links)


# --- what leads readers to the book ---


def test_every_page_has_its_own_description_and_card(site):
    seen = set()
    for where, language, page, html in every_page(site):
        (summary,), (title,) = meta(html, "description"), meta(html, "og:title")
        assert 15 <= len(summary) <= 180 and summary not in seen, f"{where}: {summary}"
        assert chinese(summary) == (language == "zh"), f"{where}: {summary}"
        first = "".join(html.select_one("article p").get_text().split())
        assert "".join(summary.rstrip("…").split()).startswith(first[:20]), where
        assert title in html.h1.get_text() and meta(html, "og:description") == [summary]
        suffix = "" if page == "index" else f"{page}.html"
        assert meta(html, "og:url") == [f"{SITE}/{language}/{suffix}"]
        (image,) = meta(html, "og:image")
        with Image.open(site / image.removeprefix(f"{SITE}/")) as card:
            assert card.size == (1200, 630)
        seen.add(summary)


def test_the_map_has_every_page_in_every_language(site):
    names = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}
    tree = ET.parse(site / "sitemap.xml")
    addresses = [tag.text for tag in tree.findall("s:url/s:loc", names)]
    suffixes = ["" if page == "index" else f"{page}.html" for page in PAGES]
    expected = [f"{SITE}/{x}/{s}" for x in LANGUAGES for s in suffixes]
    assert sorted(addresses) == sorted(expected)
    twins = tree.findall("s:url/{http://www.w3.org/1999/xhtml}link", names)
    assert {tag.get("href") for tag in twins} == set(addresses)
    assert f"Sitemap: {SITE}/sitemap.xml" in (site / "robots.txt").read_text()


# --- notebooks to take away, and what they were made with ---


def test_buttons_run_and_edit_this_page_and_its_notebook_installs_itself(site):
    slug = "reader/book"
    (wheel,) = re.findall(r"package/\w+/\S+?\.whl", soup(site, "en", "index").decode())
    digest = sha256((site / wheel).read_bytes()).hexdigest()
    assert wheel.split("/")[1] == digest[:12]  # built with these pages, kept for good
    line = f'    %pip install --quiet "embedlinear[book] @ {SITE}/{wheel}"\n'
    for where, language, page, html in every_page(site):
        expected = [
            f"https://colab.research.google.com/github/{slug}/blob/gh-pages/{language}"
            f"/_sources/{page}.ipynb",
            f"https://mybinder.org/v2/gh/{slug}/HEAD?urlpath=lab%2Ftree%2Fbook%2F"
            f"{language}%2F{page}.ipynb",
            f"https://github.com/{slug}/edit/HEAD/book/{language}/{page}.ipynb",
            f"_sources/{page}.ipynb",
        ]
        for place in ("> a", ".page-menu a"):  # in a row, and in a menu on phones
            links = html.select(f".article-header-buttons {place}")
            assert [a["href"] for a in links] == expected, where
        text = (site / language / expected[-1]).read_text(encoding="utf-8")
        for cell in json.loads(text)["cells"]:
            source, tags = "".join(cell["source"]), cell["metadata"].get("tags", [])
            assert source.count(line) == ("setup" in tags), where


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_colophon_says_what_the_run_recorded(site, language):
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    rows = soup(site, language, "colophon").select("#verified table tr")
    cells = [[cell.get_text().strip() for cell in row(["th", "td"])] for row in rows]
    shown = dict(cells)
    label = catalogue(language).get("date of the run", "date of the run")
    assert shown[label] == record["date"]
    assert {name: shown[name] for name in record["versions"]} == record["versions"]


def test_the_record_is_of_the_pinned_versions():
    """After an upgrade, `make execute` runs the book with it and notes so."""
    versions = json.loads(RECORD.read_text(encoding="utf-8"))["versions"]
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    pins = dict(re.findall(r"^([\w-]+)==(\S+)", text, re.M))
    for name in pins.keys() & versions.keys():
        assert versions[name].split("+")[0] == pins[name], f"{name}: run `make execute`"
    assert "torch" in versions


def test_a_fingerprint_is_of_code_and_output_and_not_of_prose(tmp_path):
    output = {"output_type": "stream", "text": ["42"]}
    code = {"cell_type": "code", "source": ["6 * 7"], "outputs": [output]}
    whole = [{"cell_type": "markdown", "source": ["Words"]}, code | {"metadata": {}}]
    text, marks = json.dumps({"cells": whole}), []
    for old, new in (("", ""), ("Words", "Others"), ("6 * 7", "7 * 6"), ("42", "43")):
        (tmp_path / "a.ipynb").write_text(text.replace(old, new), encoding="utf-8")
        marks.append(fingerprint(tmp_path / "a.ipynb"))
    assert marks[0] == marks[1] and len(set(marks)) == 3
