"""The built site in a real browser: what a reader does, in both languages."""

import re

import pytest
from test_site import LANGUAGES, PAGES, every_language, every_page

SIZES = {"wide": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}


@pytest.fixture
def reader(browser):
    """Opens pages and remembers what went wrong: console errors, failed and foreign requests."""
    opened = []

    def open_page(address, **context):
        page = browser.new_context(**context).new_page()
        opened.append(page)
        page.trouble = []
        page.on("console", lambda m: m.type == "error" and page.trouble.append(m.text))
        page.on("pageerror", lambda error: page.trouble.append(str(error)))
        page.on("requestfailed", lambda request: page.trouble.append(f"failed: {request.url}"))
        home = re.match(r"file:|https?://[^/]+/", address)[0]
        page.on("request", lambda r: r.url.startswith((home, "data:")) or page.trouble.append(r.url))
        page.goto(address)
        return page

    yield open_page
    for page in opened:
        page.context.close()


@every_page
@every_language
def test_a_page_opens_clean_and_fits(served, reader, language, page):
    """From a server: wide and light first, then the same page on a phone at night."""
    view = reader(f"{served}/{language}/{page}.html", viewport=SIZES["wide"], color_scheme="light")
    for size, scheme in (("wide", "light"), ("phone", "dark")):
        view.set_viewport_size(SIZES[size])
        view.emulate_media(color_scheme=scheme)
        view.wait_for_function("s => document.documentElement.dataset.theme === s", arg=scheme)
        beyond = view.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert beyond <= 0, f"{size}: {beyond} pixels stick out"
    assert view.trouble == []


@every_page
@every_language
def test_a_page_opens_from_a_folder(site, reader, language, page):
    view = reader((site / language / f"{page}.html").as_uri())
    assert view.trouble == []
    assert view.locator("article h1").is_visible()


@every_page
def test_the_switch_keeps_page_and_heading(served, reader, page):
    view = reader(f"{served}/zh/{page}.html")
    anchors = view.eval_on_selector_all("article h2, article h3", "hs => hs.map(h => h.parentNode.id)")
    for anchor in anchors[-1:]:
        view.evaluate("anchor => { location.hash = anchor }", anchor)
        view.click("a.language-switch")
        view.wait_for_url(f"**/en/{page}.html#{anchor}")
        assert view.locator("html").get_attribute("lang") == "en"
        view.click("a.language-switch")
        view.wait_for_url(f"**/zh/{page}.html#{anchor}")


@pytest.mark.parametrize("locale, language", [("zh-TW", "zh"), ("en-GB", "en"), ("fr-FR", "en")])
def test_the_start_page_speaks_the_readers_language(served, reader, locale, language):
    view = reader(f"{served}/", locale=locale)
    view.wait_for_url(f"**/{language}/index.html")


def test_the_start_page_remembers_a_choice(served, reader):
    view = reader(f"{served}/", locale="zh-CN")
    view.wait_for_url("**/zh/index.html")
    view.click("a.language-switch")
    view.wait_for_url("**/en/index.html")
    view.goto(f"{served}/")
    view.wait_for_url("**/en/index.html")


def test_the_start_page_without_javascript_offers_both(served, reader):
    view = reader(f"{served}/", java_script_enabled=False)
    view.click("text=English")
    assert view.url.endswith("/en/index.html")
    assert view.locator("article h1").is_visible()


@pytest.mark.parametrize(
    "language, query, page",
    [
        ("zh", "独热向量", "embedding-vs-linear"),
        ("zh", "仿射", "linear-what"),
        ("zh", "padding_idx", "embedding-how"),
        ("en", "affine", "linear-what"),
        ("en", "padding_idx", "embedding-how"),
        ("en", "index out of range in self", "pitfalls"),
    ],
)
def test_search_finds_the_page(served, reader, language, query, page):
    view = reader(f"{served}/{language}/search.html?q={query}")
    view.wait_for_selector("#search-results li a")
    found = view.eval_on_selector_all("#search-results li a", "links => links.map(a => a.href)")
    assert any(f"/{language}/{page}.html" in address for address in found), found
    assert view.trouble == []


@every_language
def test_the_search_shortcut_opens_and_searches(served, reader, language):
    view = reader(f"{served}/{language}/setup.html")
    view.keyboard.press("Control+k")
    view.wait_for_selector("#pst-search-dialog[open] input")
    view.keyboard.type("Embedding")
    view.keyboard.press("Enter")
    view.wait_for_selector("#search-results li a")
    assert view.trouble == []


@every_language
def test_a_page_can_be_read_without_javascript(served, reader, language):
    view = reader(f"{served}/{language}/linear-what.html", java_script_enabled=False)
    assert view.locator("article h1").is_visible()
    assert view.locator("article pre").first.is_visible()
    assert view.locator("article img").first.is_visible()
    assert LANGUAGES[language] == view.locator("html").get_attribute("lang")


def test_the_pages_are_those_of_the_table_of_contents(served, reader):
    view = reader(f"{served}/zh/index.html")
    links = view.eval_on_selector_all("nav.bd-docs-nav a", "links => links.map(a => a.pathname)")
    assert {link.split("/")[-1].removesuffix(".html") for link in links if link} >= set(PAGES[1:])
