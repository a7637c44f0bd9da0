"""Rules on the text that readers see: paragraphs, headings, alternative texts and captions."""

import io
import re
import tokenize

from .model import CODE, FORMULA, HAN, VOCABULARY
from .registry import page_rule

HAN_CLASS = HAN.pattern[1:-1]
LATIN = f"A-Za-z0-9{CODE}{FORMULA}"
HALF = ",.:;?!()"
FULL = "，。、：；？！（）《》〈〉【】「」"
QUOTES = "“”‘’"
BILINGUAL_PAGES = {
    "glossary"
}  # English pages that list Chinese words; others tag single cells


def _texts(page, pattern):
    """Every place in the page's texts that matches: ``(cell, match, what is around it)``."""
    for cell in page.cells:
        for text in cell.texts:
            for match in re.finditer(pattern, text.words):
                yield cell, match, text.around(match)


def _chinese(rule):
    """A rule for Chinese pages only."""

    def for_chinese(page):
        if page.language == "zh":
            yield from rule(page)

    for_chinese.__name__, for_chinese.__doc__ = rule.__name__, rule.__doc__
    return page_rule(for_chinese)


@page_rule
def bold_closes(page):
    """``**注意：**后面`` stays open: before a letter, CommonMark closes only after a letter."""
    for cell, _, around in _texts(page, r"\*\*.*?(\*\*|$)"):
        yield f"{cell}: ** shows as text in {around!r}; put punctuation outside the bold"


@_chinese
def space_between_han_and_latin(page):
    """Chinese and Latin letters, digits, code or formulas are set apart by a space."""
    pattern = f"[{HAN_CLASS}][{LATIN}]|[{LATIN}][{HAN_CLASS}]"
    for cell, _, around in _texts(page, pattern):
        yield f"{cell}: put a space between Han and Latin in {around!r}"


@_chinese
def full_width_punctuation(page):
    """Next to Han, punctuation is as wide as Han."""
    half = f"(?<!\\.)[{re.escape(HALF)}](?!\\.)"  # not the dots of an ellipsis
    before, after = f"(?<=[{HAN_CLASS}{CODE}{FORMULA}])", f" ?(?=[{HAN_CLASS}])"
    # A dot or a colon before a Latin letter belongs to it: ".ipynb".
    pattern = f"{before} ?{half}(?![{LATIN}])|(?<=[{HAN_CLASS}]) ?\\(|{half}{after}"
    for cell, _, around in _texts(page, pattern):
        yield f"{cell}: use full-width punctuation, or a code span or formula, in {around!r}"


@_chinese
def no_space_beside_full_width(page):
    """Full-width punctuation brings its own space."""
    pattern = f"[{FULL}{QUOTES}] +(?=\\S)|(?<=\\S) +[{FULL}{QUOTES}]"
    for cell, _, around in _texts(page, pattern):
        yield f"{cell}: no space beside full-width punctuation in {around!r}"


@_chinese
def one_line_a_paragraph(page):
    """A line break shows as a space, and Chinese has none between words."""
    for cell, _, around in _texts(page, r"(?<=\S) *\n *(?=\S)"):
        yield f"{cell}: no line break inside a paragraph: {around!r}"


@_chinese
def chinese_quotes(page):
    """“ ” everywhere, in pairs."""
    straight = f"[\"'](?=[{HAN_CLASS}])|(?<=[{HAN_CLASS}])[\"']|[「」『』]"
    for cell, _, around in _texts(page, straight):
        yield f"{cell}: write “ ” for quotes in {around!r}"
    for cell in page.cells:
        for text in cell.texts:
            if text.words.count("“") != text.words.count("”"):
                yield f"{cell}: a quote “ ” does not close in {text.words[:20]!r}"


@_chinese
def chinese_dashes_and_dots(page):
    """A dash (——) and an ellipsis (……) are two characters wide."""
    beside = f"(?<=[{HAN_CLASS}]) ?{{0}}|{{0}} ?(?=[{HAN_CLASS}])"
    for cell, _, around in _texts(page, beside.format(r"(?:\.{3,}|(?<!…)…(?!…))")):
        yield f"{cell}: write …… in {around!r}"
    for cell, _, around in _texts(
        page, beside.format("(?:(?<!—)—(?!—)|(?<!-)--(?!-)| - )")
    ):
        yield f"{cell}: write —— in {around!r}"


@_chinese
def chinese_is_translated(page):
    """Six English words and no Chinese one: this was forgotten."""
    for cell in page.cells:
        for text in cell.texts:
            if not HAN.search(text.words) and re.search(
                r"(\b[A-Za-z]+\b\W*){6}", text.words
            ):
                yield f"{cell}: is not translated: {text.words[:40]!r}"


@page_rule
def english_is_english(page):
    """English readers meet 优, 良 and 差, which are explained, and no other Chinese."""
    if page.language == "en" and page.name not in BILINGUAL_PAGES:
        other = f"(?![{VOCABULARY}])[{HAN_CLASS}]|[{FULL}\uff00-\uffef]"
        for cell, match, around in _texts(page, f"({other})+"):
            if "bilingual" not in cell.tags:
                yield f"{cell}: {match[0]!r} is Chinese, in {around!r}"


@page_rule
def comments_in_the_page_s_language(page):
    """A comment says why, in the language that its reader chose."""
    for cell in page.code:
        for comment in _comments(cell.source):
            foreign = set(HAN.findall(comment)) - set(VOCABULARY)
            if page.language == "en" and foreign:
                yield f"{cell}: the comment {comment!r} is Chinese"
            if (
                page.language == "zh"
                and not HAN.search(comment)
                and re.search(r"\b[A-Za-z]+ [A-Za-z]+ [A-Za-z]+\b", comment)
            ):
                yield f"{cell}: the comment {comment!r} is not Chinese"


def _comments(source):
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    except (
        tokenize.TokenError,
        SyntaxError,
    ):  # a magic, or a cell that shows a syntax error
        return [
            line.strip()
            for line in source.splitlines()
            if line.lstrip().startswith("#")
        ]
    return [token.string for token in tokens if token.type == tokenize.COMMENT]
