"""The built site, read as files: what every page in both languages must have."""

import copy
import functools
import json
import re
from urllib.parse import unquote, urldefrag

import pytest
import yaml
from bs4 import BeautifulSoup
from fontTools.ttLib import TTFont

from tests.conftest import ROOT, build

TOC = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
PAGES = [TOC["root"]] + [chapter["file"] for chapter in TOC["chapters"]]
LANGUAGES = {"zh": "zh-CN", "en": "en"}
every_page = pytest.mark.parametrize("page", PAGES)
every_language = pytest.mark.parametrize("language", LANGUAGES)


@functools.cache  # a long page takes seconds to parse
def soup(site, language, page):
    text = (site / language / f"{page}.html").read_text(encoding="utf-8")
    return BeautifulSoup(text, "html.parser")


@functools.cache
def ids(site, language, page):
    return {tag["id"] for tag in soup(site, language, page).find_all(id=True)}


@every_page
def test_both_languages_have_the_same_headings_and_anchors(site, page):
    def outline(language):
        article = soup(site, language, page).find("article")
        headings = article.find_all(re.compile("^h[2-6]$"))
        return [(h.name, h.find_parent("section")["id"]) for h in headings]

    assert outline("zh") == outline("en")
    for _, anchor in outline("zh"):
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", anchor), (
            f"{page}: {anchor!r} is no anchor"
        )


@every_page
@every_language
def test_a_page_says_its_language_and_leads_to_its_twin(site, page, language):
    html = soup(site, language, page)
    other = "en" if language == "zh" else "zh"
    assert html.html["lang"] == LANGUAGES[language]
    switch = html.select_one("a.language-switch")
    assert (site / language / switch["href"]).resolve() == site / other / f"{page}.html"
    assert switch["hreflang"] == switch["lang"] == LANGUAGES[other]
    assert not html.select(
        "link[rel=alternate][hreflang]"
    )  # they need the site's address


@every_page
@every_language
def test_every_link_and_anchor_leads_somewhere(site, page, language):
    path = site / language / f"{page}.html"
    for link in soup(site, language, page).find_all("a", href=True):
        address, anchor = urldefrag(link["href"])
        if re.match(r"(https?|mailto):", address):
            continue
        target = (path.parent / unquote(address)).resolve() if address else path
        assert target.is_file(), f"{language}/{page}: {link['href']} leads nowhere"
        if target.suffix == ".html" and anchor:
            there = ids(site, target.parent.name, target.stem)
            assert unquote(anchor) in there, (
                f"{language}/{page}: no anchor {link['href']}"
            )


@every_page
@every_language
def test_nothing_is_asked_of_another_host(site, page, language):
    html = soup(site, language, page)
    asked = [tag.get("src") for tag in html.find_all(src=True)]
    asked += [
        tag["href"]
        for tag in html.find_all("link", href=True)
        if tag["rel"] != ["alternate"]
    ]
    for address in asked:
        assert not re.match(r"(https?:)?//", address), (
            f"{language}/{page} asks for {address}"
        )
        assert (site / language / address.split("?")[0]).is_file(), (
            f"{address} is not there"
        )


@every_page
@every_language
def test_every_picture_is_described(site, page, language):
    for picture in soup(site, language, page).select("article img"):
        alt = picture.get("alt", "")
        assert len(alt) > 10 and not re.search(r"\.(png|svg|webp)$", alt), (
            f"{page}: alt={alt!r}"
        )
        if language == "zh":
            assert re.search(r"[\u4e00-\u9fff]", alt), (
                f"{page}: the alt text is not Chinese: {alt}"
            )
        assert picture.find_parent("figure").find("figcaption"), (
            f"{page}: no caption for {alt}"
        )


@pytest.mark.parametrize("page", [*PAGES, "search"])
def test_the_chinese_interface_has_no_english_left(site, page):
    html = copy.copy(soup(site, "zh", page))
    for part in html.select(
        "article, script, style, .language-switch, kbd, .bd-toc-nav, nav"
    ):
        part.extract()
    said = html.body.get_text(" ").split("\n")
    for name in ("title", "aria-label", "placeholder", "data-bs-title"):
        said += [tag[name] for tag in html.body.find_all(attrs={name: True})]
    # Names stay as they are, everywhere.
    names = r"Embedding|Linear|Colab|Binder|JavaScript|Ctrl|PyTorch|CC BY|The embedlinear authors"
    for text in said:
        left = re.findall(r"[A-Za-z]{2,}", re.sub(names, "", text))
        assert not left, f"{page}: English in the Chinese interface: {text.strip()!r}"


def test_the_start_page_works_without_javascript(site):
    html = BeautifulSoup(
        (site / "index.html").read_text(encoding="utf-8"), "html.parser"
    )
    assert [a["href"] for a in html.find_all("a")] == ["zh/index.html", "en/index.html"]
    assert all((site / a["href"]).is_file() for a in html.find_all("a"))


@every_language
def test_every_icon_is_in_the_small_font(site, language):
    """The subset lacks what no template shows; a new icon must be added to tools/subset_site_fonts.py."""
    used = set()
    for page in [*PAGES, "search"]:
        text = (site / language / f"{page}.html").read_text(encoding="utf-8")
        used |= set(re.findall(r"fa-solid\s+fa-([a-z-]+)", text))
    styles = (site / language / "_static/styles/joined.css").read_text(encoding="utf-8")
    font = TTFont(
        site / language / "_static/vendor/fontawesome/webfonts/fa-solid-900.woff2"
    )
    assert used
    for icon in used - {"lg"}:
        sign = re.search(rf'fa-{icon}:before[^{{]*{{content:"(.)"', styles)
        assert sign, f"the theme has no icon {icon}"
        assert ord(sign[1]) in font.getBestCmap(), (
            f"the subset lacks {icon} (U+{ord(sign[1]):04x})"
        )


@every_language
def test_every_sign_of_a_formula_is_in_the_small_font(site, language):
    font = TTFont(site / language / "_static/vendor/stix-two-math/stix-two-math.woff2")
    signs = set(
        "".join(
            f.get_text() for page in PAGES for f in soup(site, language, page)("math")
        )
    )
    italic = {chr(0x1D44E + i) for i in range(26)} - {
        chr(0x1D455)
    }  # what a lone letter is drawn as
    missing = {
        sign
        for sign in (signs | italic)
        if sign.strip() and ord(sign) not in font.getBestCmap()
    }
    assert signs and not missing, f"add {missing} to tools/subset_site_fonts.py"


@every_language
def test_without_an_address_no_button_is_dead(site, language):
    for page in PAGES:
        html = soup(site, language, page)
        assert not html.select("link[rel=canonical]")
        outside = [
            a["href"] for a in html.select(".bd-header-article a") if "//" in a["href"]
        ]
        assert not outside, f"{language}/{page}: {outside}"


def test_with_an_address_pages_carry_it_and_notebooks_install_themselves(little_book):
    book = little_book
    address = {
        "BOOK_REPOSITORY": "https://github.com/a/b.git",
        "BOOK_SITE": "https://a.example/b/",
    }
    for _ in range(2):  # the second build must not add the line twice
        done = build(book, **address)
        assert done.returncode == 0, done.stderr
        (
            book / "_build" / "doctrees" / "state.txt"
        ).unlink()  # else there were no second build
    html = soup(book / "_build" / "html", "zh", "setup")
    assert (
        html.select_one("link[rel=canonical]")["href"]
        == "https://a.example/b/zh/setup.html"
    )
    alternates = [tag["href"] for tag in html.select("link[rel=alternate][hreflang]")]
    assert alternates == [
        "https://a.example/b/zh/setup.html",
        "https://a.example/b/en/setup.html",
        "https://a.example/b/",
    ]
    buttons = [a["href"] for a in html.select(".article-header-buttons a")]
    assert "https://github.com/a/b/edit/HEAD/book/zh/setup.ipynb" in buttons
    assert any(
        button.startswith("https://mybinder.org/v2/gh/a/b/") for button in buttons
    )
    colab = "https://colab.research.google.com/github/a/b/blob/gh-pages/zh/_sources/setup.ipynb"
    assert colab in buttons
    notebook = json.loads(
        (book / "_build/html/zh/_sources/setup.ipynb").read_text(encoding="utf-8")
    )
    setup = [c for c in notebook["cells"] if "setup" in c["metadata"].get("tags", [])]
    source = "".join(setup[0]["source"])
    assert (
        source.count(
            '%pip install --quiet "embedlinear[book] @ git+https://github.com/a/b"'
        )
        == 1
    )


def test_a_missing_translation_fails_the_build_by_name(book):
    (book / "book/en/linear-what.ipynb").unlink()
    done = build(book)
    assert done.returncode != 0
    assert "book/en/linear-what.ipynb is missing" in done.stderr


def test_a_page_in_no_table_of_contents_fails_the_build_by_name(book):
    (book / "book/zh/spare.ipynb").write_bytes(
        (book / "book/zh/setup.ipynb").read_bytes()
    )
    done = build(book)
    assert done.returncode != 0
    assert "book/zh/spare.ipynb is in no table of contents" in done.stderr


def test_a_broken_link_fails_the_build_every_time(little_book):
    path = little_book / "book/en/setup.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    text = "[gone](embedding-what.ipynb#no-such-place)"
    notebook["cells"].append(
        {"cell_type": "markdown", "id": "x", "metadata": {}, "source": [text]}
    )
    path.write_text(json.dumps(notebook), encoding="utf-8")
    for _ in range(2):
        done = build(little_book)
        assert done.returncode != 0
        assert "no-such-place" in done.stderr and "setup.ipynb" in done.stderr
