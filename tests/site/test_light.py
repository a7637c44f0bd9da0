"""What makes a page light changes nothing that a reader sees."""

import re
import sys

import pytest

from tests.conftest import ROOT
from tests.site.test_site import every_language, soup

sys.path.insert(0, str(ROOT / "book" / "_ext"))
import light
import prune

WORDS = {"bd", "show", "title"}
# Every computed style of every element and of what is drawn before and after it, a line for each.
LOOKS = """() => {
  const names = [...getComputedStyle(document.body)].filter((name) => !name.startsWith("--"));
  return [...document.querySelectorAll("body, body *")].flatMap((element) =>
    [null, "::before", "::after"].flatMap((part) => {
      const style = getComputedStyle(element, part);
      if (part && style.content === "none") return [];
      return `${element.tagName} ${element.id} ${part} ` + names.map((name) => name + ":" + style.getPropertyValue(name));
    }));
}"""


@pytest.mark.parametrize(
    "given, expected",
    [
        (".bd{a:b}", ".bd{a:b}"),
        (".gone{a:b}", ""),
        (".bd,.gone{a:b}", ".bd{a:b}"),
        (".bd .gone{a:b}", ""),
        (".bd.show>p{a:b}", ".bd.show>p{a:b}"),
        (".bd:not(.gone){a:b}", ".bd:not(.gone){a:b}"),
        ("[class*=gone],#gone{a:b}", "[class*=gone],#gone{a:b}"),
        ('a:hover::after{content:".gone"}', 'a:hover::after{content:".gone"}'),
        ("@media print{.gone{a:b}.bd{a:b}}", "@media print{.bd{a:b}}"),
        ("@media print{.gone{a:b}}", ""),
        (
            "@supports (a:b){@media screen{.gone,.show{a:b}}}",
            "@supports (a:b){@media screen{.show{a:b}}}",
        ),
        ("@keyframes gone{from{a:b}}", "@keyframes gone{from{a:b}}"),
    ],
)
def test_a_rule_stays_if_something_can_need_it(given, expected):
    assert re.sub(r"\s*([{},>])\s*", r"\1", prune.prune(given, WORDS)) == expected


def test_a_broken_style_sheet_is_not_cut_in_silence():
    with pytest.raises(ValueError, match="line 2"):
        prune.prune(".bd{a:b}\n.show", WORDS)


def test_words_of_the_code_s_own_colour_are_plain():
    styles = """
html[data-theme="light"] .highlight { background: #fefefe; color: #080808 }
html[data-theme="light"] .highlight .n { color: #080808 } /* Name */
html[data-theme="light"] .highlight .k { color: #6730C5 } /* Keyword */
html[data-theme="light"] .highlight .w { color: #080808 } /* Text.Whitespace */
html[data-theme="light"] .highlight .gs { color: #080808; font-weight: bold } /* Generic.Strong */
html[data-theme="dark"] .highlight { background: #2b2b2b; color: #F8F8F2 }
html[data-theme="dark"] .highlight .n { color: #F8F8F2 } /* Name */
html[data-theme="dark"] .highlight .k { color: #F8F8F2 } /* Keyword */
html[data-theme="dark"] .highlight .w { color: #ABE338 } /* Text.Whitespace */
html[data-theme="dark"] .highlight .gs { color: #F8F8F2; font-weight: bold } /* Generic.Strong */
"""
    assert light.plain_words(styles) - {""} == {"n"}


@every_language
def test_code_keeps_its_words_and_its_colours(site, language):
    html = soup(site, language, "embedding-what")
    kinds = {span["class"][0] for span in html.select(".cell_input pre span")}
    assert {"k", "kn", "mi"} <= kinds and not kinds & {"n", "p", "w", "o"}
    assert "import torch" in html.select_one(".cell_input").get_text()


@every_language
def test_the_joined_sheet_s_addresses_lead_to_files(site, language):
    joined = site / language / "_static" / light.JOINED
    addresses = re.findall(
        r"""url\(["']?([^"')]*)""", joined.read_text(encoding="utf-8")
    )
    addresses = {address for address in addresses if not address.startswith("data:")}
    assert any(address.endswith("stix-two-math.woff2") for address in addresses)
    for (
        address
    ) in addresses:  # what the theme names for browsers of long ago is not served
        assert (joined.parent / address).is_file() or address.endswith(".ttf"), address


@pytest.mark.parametrize(
    "language, page, scheme",
    [("zh", "embedding-what", "light"), ("en", "index", "dark")],
)
def test_no_style_is_missed(site, served, browser, language, page, scheme):
    """The joined sheet gives every element the styles that the whole sheets give, in their order."""
    static = site / language / "_static"
    whole = "".join(
        next(static.glob(name)).read_text(encoding="utf-8") for name in light.SHEETS
    )
    looks = []
    for body in (None, whole):
        with browser.new_context(
            color_scheme=scheme, reduced_motion="reduce"
        ) as context:
            view = context.new_page()
            if body:
                view.route(
                    "**/joined.css*",
                    lambda route: route.fulfill(body=body, content_type="text/css"),
                )
            view.goto(f"{served}/{language}/{page}.html", wait_until="networkidle")
            looks.append(view.evaluate(LOOKS))
    assert len(looks[0]) == len(looks[1]) > 300
    for mine, full in zip(*looks):
        assert set(mine.split(",")) == set(full.split(","))
