"""Rules on the text that readers see: paragraphs, headings, descriptions, captions."""

import re

from .model import CODE, FORMULA, HAN, VOCABULARY, page_rule

H = HAN.pattern[1:-1]
LATIN = f"A-Za-z0-9{CODE}{FORMULA}"
FULL = "，。、：；？！（）《》〈〉【】「」"
HALF = r"(?<!\.)[,.:;?!()](?!\.)"  # not the dots of an ellipsis
DASH = "(?<!—)—(?!—)|(?<!-)--(?!-)| - "
DOTS = r"\.{3,}|(?<!…)…(?!…)"
BILINGUAL_PAGES = {"glossary"}  # English pages that list Chinese words

CHINESE = {
    "put a space between Han and Latin": f"[{H}][{LATIN}]|[{LATIN}][{H}]",
    # A dot or a colon before a Latin letter belongs to it: ".ipynb".
    "use full-width punctuation": (
        f"(?<=[{H}{CODE}{FORMULA}]) ?{HALF}(?![{LATIN}])|"
        f"(?<=[{H}]) ?\\(|{HALF} ?(?=[{H}])"
    ),
    "no space next to full-width punctuation": (
        f"[{FULL}“”‘’] +(?=\\S)|(?<=\\S) +[{FULL}“”‘’]"
    ),
    "no line break inside a paragraph": r"(?<=\S) *\n *(?=\S)",
    "write “ ” for quotes": f"[\"'](?=[{H}])|(?<=[{H}])[\"']|[「」『』]",
    "write —— and ……": (f"(?<=[{H}]) ?(?:{DASH}|{DOTS})|(?:{DASH}|{DOTS}) ?(?=[{H}])"),
}


def _found(page, pattern):
    """Where the pattern is in the page: ``(cell, match, what is around it)``."""
    for cell in page.cells:
        for text in cell.texts:
            for match in re.finditer(pattern, text):
                around = text[max(match.start() - 10, 0) : match.end() + 10]
                around = re.sub(f"[{CODE}{FORMULA}]", "▢", around)
                yield cell, match, around.replace("\n", "↵")


@page_rule
def bold_closes(page):
    """``**注意：**后面`` stays open: before a letter, CommonMark needs a letter inside."""
    for cell, _, around in _found(page, r"\*\*"):
        yield f"{cell}: ** shows in {around!r}; put punctuation outside the bold"


@page_rule
def chinese_typography(page):
    """What a Chinese printer would do, and a space between Han and Latin."""
    if page.language == "zh":
        for rule, pattern in CHINESE.items():
            for cell, _, around in _found(page, pattern):
                yield f"{cell}: {rule} in {around!r} (▢ is code or a formula)"
        for cell in page.cells:
            for text in cell.texts:
                if text.count("“") != text.count("”"):
                    yield f"{cell}: a quote “ ” does not close in {text[:20]!r}"


@page_rule
def in_the_page_s_language(page):
    """English readers meet 优, 良 and 差, and no other Chinese; Chinese is translated."""
    if page.language == "zh":
        for cell in page.cells:
            for text in cell.texts:
                if not HAN.search(text) and re.search(r"(\b[A-Za-z]+\b\W*){6}", text):
                    yield f"{cell}: is not translated: {text[:40]!r}"
    elif page.name not in BILINGUAL_PAGES:
        chinese = f"((?![{VOCABULARY}])[{H}]|[{FULL}\uff00-\uffef])+"
        for cell, match, around in _found(page, chinese):
            if "bilingual" not in cell.tags:
                yield f"{cell}: {match[0]!r} is Chinese, in {around!r}"


@page_rule
def comments_in_the_page_s_language(page):
    """A comment says why, in the language that its reader chose."""
    for cell in page.code:
        for comment in re.findall(r"(?<!\S)# .*", cell.source):
            if page.language == "en" and set(HAN.findall(comment)) - set(VOCABULARY):
                yield f"{cell}: the comment {comment!r} is Chinese"
            words = re.search(r"\b[A-Za-z]+ [A-Za-z]+ [A-Za-z]+\b", comment)
            if page.language == "zh" and words and not HAN.search(comment):
                yield f"{cell}: the comment {comment!r} is not Chinese"
