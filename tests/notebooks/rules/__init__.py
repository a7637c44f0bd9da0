"""What every notebook of the book must satisfy, as rules that can be read one by one.

A rule is a function. It looks at one page, at a page and its translation, or at the whole book, and
yields one line for each problem: where it is, and what to do. Its docstring says why it is a rule.

- ``model``       books, pages and cells: reading notebooks and the Markdown in them
- ``whole``       rules on the book: the table of contents, links between pages
- ``structure``   rules on a page's skeleton: metadata, headings, anchors, exercises, sizes
- ``outputs``     rules on what is stored: that it ran, and that it is the same everywhere
- ``typography``  rules on the text, Chinese and English
- ``parity``      rules on a page and its translation
"""

import pytest

from . import outputs, parity, structure, typography, whole  # noqa: F401 (they enter rules)
from .model import LANGUAGES, Book
from .registry import BOOK_RULES, PAGE_RULES, PAIR_RULES

__all__ = [
    "BOOK_RULES",
    "LANGUAGES",
    "PAGE_RULES",
    "PAIR_RULES",
    "Book",
    "fail_with",
    "problems_of_book",
    "problems_of_page",
    "problems_of_pair",
]


def problems_of_book(book):
    return [problem for rule in BOOK_RULES for problem in rule(book)]


def problems_of_page(page):
    return [problem for rule in PAGE_RULES for problem in rule(page)]


def problems_of_pair(first, second):
    return [problem for rule in PAIR_RULES for problem in rule(first, second)]


def fail_with(problems):
    """Fail a test with what is wrong, and no traceback of ours."""
    if problems:
        pytest.fail("\n".join(problems), pytrace=False)
