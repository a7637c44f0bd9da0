"""The published site in a real browser, used as a reader does, in every language."""

import light
import pytest

from tests.site.pages import LANGUAGES, TAGS
from tools.browser import PHONE, STICKING_OUT
from tools.weekly.audit import requests_of, violations, weight

WIDE = {"viewport": {"width": 1280, "height": 900}}
every_language = pytest.mark.parametrize("language", LANGUAGES)
# The heaviest pages, and those with forms, long tables, formulas, widgets, wide code.
CHOSEN = ["zh/index", "en/embedding-how", "zh/embedding-vs-linear", "en/training"]
REACHED = """() => [...document.querySelectorAll("pre")].every(
  (e) => e.tabIndex === 0 || e.scrollWidth <= e.clientWidth)"""


def theme_is(view, scheme):
    shown = "s => document.documentElement.dataset.theme === s"
    view.wait_for_function(shown, arg=scheme)


@pytest.mark.parametrize("page", CHOSEN)
def test_a_page_opens_light_and_nothing_sticks_out(site, served, reader, page):
    """From a server, on phones and up to the width where the side bars come."""
    view = reader(**PHONE)
    asked = requests_of(view)
    view.goto(f"{served}/{page}.html", wait_until="networkidle")
    size = weight(asked, site) / 1024
    assert len(asked) <= 25 and size < 200, f"{len(asked)} requests, {size:.0f} KB"
    for width in (320, 390, 480, 768):
        view.set_viewport_size({"width": width, "height": 844})
        assert view.evaluate(STICKING_OUT, width) == [], width
    view.wait_for_function(REACHED)  # code that scrolls sideways, by the keyboard


@every_language
def test_axe_finds_nothing_on_the_richest_page(served, reader, language):
    """In one look a language; other looks and pages weekly: tools/weekly/audit.py."""
    look, scheme = (PHONE, "dark") if language == "zh" else (WIDE, "light")
    view = reader(**look, color_scheme=scheme)
    view.goto(f"{served}/{language}/embedding-vs-linear.html")
    theme_is(view, scheme)
    assert violations(view) == []


@pytest.mark.parametrize("script", [True, False])
def test_on_a_phone_the_buttons_of_a_page_fold_into_a_menu(served, reader, script):
    view = reader(f"{served}/en/setup.html", **PHONE, java_script_enabled=script)
    links = view.locator(".page-menu a")
    assert not links.first.is_visible()
    view.tap(".page-menu summary")
    assert links.all_inner_texts() == [
        "Run on Colab",
        "Run on Binder",
        "Suggest an edit",
        "Download this notebook",
    ]
    assert not view.locator(".article-header-buttons > a").first.is_visible()
    for link in links.all():
        box = link.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 390 and box["height"] >= 24
    with view.expect_download() as download:
        links.last.tap()
    assert download.value.suggested_filename == "setup.ipynb"


def test_the_start_page_speaks_the_readers_language_and_remembers(served, reader):
    for locale, language in (("zh-TW", "zh"), ("en-GB", "en"), ("fr-FR", "en")):
        view = reader(f"{served}/", locale=locale)
        view.wait_for_url(f"**/{language}/index.html")
    view.click("a.language-switch")
    view.wait_for_url("**/zh/index.html")
    view.goto(f"{served}/")
    view.wait_for_url("**/zh/index.html")


@every_language
def test_the_book_can_be_read_without_javascript(served, reader, language):
    view = reader(f"{served}/index.html", java_script_enabled=False)
    view.click(f"a[hreflang={TAGS[language]}]")
    for wanted in ("article h1", "article pre", "article table"):
        assert view.locator(wanted).first.is_visible()
    assert view.locator("html").get_attribute("lang") == TAGS[language]


def test_the_keyboard_opens_and_closes_what_the_header_s_buttons_open(served, reader):
    """The focus is seen on the button and comes back to it; the page is not lost."""
    view = reader(f"{served}/en/index.html", **PHONE)
    view.keyboard.press("Tab")
    assert view.evaluate("document.activeElement.hash") == "#main-content"
    for button in ("primary-toggle", "search-button", "secondary-toggle"):
        view.focus(f".{button}")
        view.keyboard.press("Enter")
        view.wait_for_selector("dialog[open]")
        view.wait_for_function("document.activeElement.closest('dialog')")
        view.keyboard.press("Escape")
        back = "name => document.activeElement.classList.contains(name)"
        view.wait_for_function(back, arg=button)
        outline = "getComputedStyle(document.activeElement).outlineStyle"
        assert view.evaluate(outline) == "solid"
        assert not view.locator("dialog[open]").count()
    view.focus(".theme-switch-button")
    view.keyboard.press("Enter")
    view.wait_for_function("document.activeElement.matches('.theme-switch-button')")
    view.set_viewport_size({"width": 1440, "height": 900})
    chapters = view.locator("#pst-primary-sidebar")
    for state in ("hidden", "visible"):
        view.locator(".primary-toggle").press("Enter")
        chapters.wait_for(state=state)


def test_paper_is_white_and_shows_what_is_closed(served, reader):
    view = reader(f"{served}/zh/setup.html", color_scheme="dark")
    view.emulate_media(media="print", color_scheme="dark")
    theme = "() => document.documentElement.dataset.theme"
    before = view.evaluate(theme)
    view.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert (before, view.evaluate(theme)) == ("dark", "light")
    solution = view.locator("details:not([open]) p").first
    assert solution.bounding_box()["height"] > 10
    bars = ".bd-sidebar-primary, .bd-sidebar-secondary, #print-main-content"
    assert not view.locator(bars).filter(visible=True).count()
    cut = "pres => pres.filter((pre) => pre.scrollWidth > pre.clientWidth + 1).length"
    assert view.locator("article pre").evaluate_all(cut) == 0
    view.evaluate("dispatchEvent(new Event('afterprint'))")
    assert view.evaluate(theme) == "dark"


# Every computed style of every element and of what is drawn before and after it.
LOOKS = """() => {
  const style = getComputedStyle(document.body);
  const names = [...style].filter((name) => !name.startsWith("--"));
  return [...document.querySelectorAll("body, body *")].flatMap((element) =>
    [null, "::before", "::after"].flatMap((part) => {
      const style = getComputedStyle(element, part);
      if (part && style.content === "none") return [];
      const values = names.map((name) => name + ":" + style.getPropertyValue(name));
      return `${element.tagName} ${element.id} ${part} ` + values;
    }));
}"""


@pytest.mark.weekly
def test_the_pruned_sheet_gives_every_element_the_styles_of_the_whole(
    site, served, browser
):
    """Text and order of the themes' own sheets, on a page with most kinds of elements."""
    static, looks = site / "en" / "_static", []
    whole = ""
    for sheet in (next(static.glob(name)) for name in light.SHEETS):
        text = sheet.read_text(encoding="utf-8")
        if sheet.parent == static:  # addresses count from the joined sheet's folder
            text = light.ADDRESS.sub(r"url(\1../", text)
        whole += text
    answer = {"body": whole, "content_type": "text/css"}
    for pruned in (True, False):
        with browser.new_context(reduced_motion="reduce") as context:
            view = context.new_page()
            if not pruned:
                view.route("**/joined.css", lambda route: route.fulfill(**answer))
            view.goto(f"{served}/en/index.html", wait_until="networkidle")
            looks.append(view.evaluate(LOOKS))
    assert len(looks[0]) == len(looks[1]) > 300
    for mine, full in zip(*looks):
        assert set(mine.split(",")) == set(full.split(","))
