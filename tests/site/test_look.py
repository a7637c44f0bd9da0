"""The look: code that fits, lines that wrap, figures in both themes."""

import io

import pytest
from PIL import Image

from tests.site.pages import every_page
from tests.site.test_browser import WIDE, every_language
from tools.browser import PHONE


def test_88_characters_of_code_fit_at_1440_and_an_error_has_no_keywords(served, reader):
    view = reader(
        f"{served}/en/embedding-what.html", viewport={"width": 1440, "height": 900}
    )
    fits = """() => {
      const pre = document.querySelector(".cell_input pre");
      pre.textContent = "0".repeat(88);
      return pre.scrollWidth <= pre.clientWidth;
    }"""
    assert view.evaluate(fits)
    words = view.locator(".traceback .highlight span:not(:empty)").all()
    colours = {word.evaluate("e => getComputedStyle(e).color") for word in words}
    named = {word.inner_text() for word in words if "ne" in word.get_attribute("class")}
    assert len(colours) <= 2 and "IndexError" in named


@every_language
def test_a_long_line_wraps_at_a_button_by_touch_and_keyboard(served, reader, language):
    view = reader(f"{served}/{language}/embedding-how.html", **PHONE)
    long = "e => e.scrollWidth > e.clientWidth"
    box = view.locator(".cell_input pre").filter(has_text="from_pretrained").first
    box.scroll_into_view_if_needed()
    assert box.evaluate(long)
    button = box.locator("xpath=../button[contains(@class, 'wraps')]")
    label = {"zh": "长行自动换行", "en": "Wrap long lines"}[language]
    assert button.get_attribute("aria-label") == label
    button.tap()
    assert not box.evaluate(long) and button.get_attribute("aria-pressed") == "true"
    button.press("Enter")
    assert box.evaluate(long) and button.get_attribute("aria-pressed") == "false"


def test_every_figure_has_its_chapter_s_number_and_its_own(site):
    for where, language, _, html in every_page(site):
        word = {"zh": "图", "en": "Figure"}[language]
        chapter = html.select_one("article .section-number")
        numbers = [p.strong.get_text() for p in html.select("p.figure-caption")]
        assert len(numbers) == len(html.select(".cell_output img")), where
        for place, number in enumerate(numbers, 1):
            assert number == f"{word} {chapter.get_text().strip()}.{place}", where


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_figure_is_at_home_in_either_theme(served, reader, scheme):
    """Its paper is the page's, seen and not computed: pixels of its corner and beside it."""
    view = reader(f"{served}/en/embedding-what.html", **WIDE, color_scheme=scheme)
    picture = view.locator(".cell_output img").first
    picture.scroll_into_view_if_needed()
    view.wait_for_function("e => e.complete", arg=picture.element_handle())
    box = picture.bounding_box()
    corner = {"x": box["x"] - 4, "y": box["y"] + 1, "width": 8, "height": 4}
    shot = Image.open(io.BytesIO(view.screenshot(clip=corner))).convert("RGB")
    assert len(shot.getcolors()) == 1, shot.getcolors()
