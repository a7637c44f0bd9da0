"""The look: words that can be read, code that fits, lines that wrap, figures in both themes."""

import io
import re

import pytest
from PIL import Image

from tests.conftest import ROOT
from tests.site.pages import every_page
from tests.site.test_browser import WIDE, every_language
from tools.browser import PHONE

THEME = (ROOT / "book" / "_static" / "theme.css").read_text(encoding="utf-8")
PAPERS = {
    "code": ("ink", "comment", "keyword", "string", "number", "name", "error"),
    "paper": ("ink", "muted", "brand", "hover", "string", "error"),
    "quiet": ("ink", "muted", "brand"),
    "error-paper": ("ink", "error"),
    "brand": ("on-brand",),
    "hot": ("on-hot",),
}


def tokens(theme):
    found = {}
    for selector, body in re.findall(r"^(html[^{]*)\{([^}]*)\}", THEME, re.M):
        if selector.strip() == "html" or f'"{theme}"' in selector:
            found |= re.findall(r"--([\w-]+): (#\w{3,6});", body)
    return found


def luminance(colour):
    digits = colour[1:] if len(colour) == 7 else "".join(2 * c for c in colour[1:])
    parts = [int(digits[n : n + 2], 16) / 255 for n in (0, 2, 4)]
    parts = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_word_has_its_contrast(theme):
    """AA, 4.5 to 1, for each token that is a text on each that is its paper."""
    colours = tokens(theme)
    for paper, texts in PAPERS.items():
        for text in texts:
            pair = sorted(luminance(colours[name]) for name in (text, paper))
            assert (pair[1] + 0.05) / (pair[0] + 0.05) >= 4.5, (text, paper)


def test_88_characters_of_code_fit_at_1440_and_an_error_has_no_keywords(served, reader):
    size = {"width": 1440, "height": 900}
    view = reader(f"{served}/en/embedding-what.html", viewport=size)
    fits = """() => {
      const boxes = [...document.querySelectorAll(".cell_input pre")];
      const pre = boxes.find((box) => box.checkVisibility());
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
