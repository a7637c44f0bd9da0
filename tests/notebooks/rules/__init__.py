"""What every notebook of the book must satisfy, as rules that can be read one by one.

A rule is a function that looks at one page, at a page and its translation, or at the
whole book, and yields a line for each problem: where it is, and what to do. Its
docstring says why it is a rule.

- ``model``       books, pages and cells: reading notebooks and the Markdown in them
- ``structure``   the files, headings, anchors, links, figures, exercises, sizes
- ``outputs``     what is stored: that it ran, and that it is the same everywhere
- ``typography``  the text, Chinese and English
- ``parity``      a page and its translation
"""

import pytest

from . import outputs, parity, structure, typography  # noqa: F401 (they enter rules)
from .model import BOOK_RULES, PAGE_RULES, PAIR_RULES, Book

__all__ = ["BOOK_RULES", "PAGE_RULES", "PAIR_RULES", "Book", "fail_with", "problems"]


def problems(book, names=None):
    """All problems of the book, or of the named pages."""
    found = [line for rule in BOOK_RULES for line in rule(book)]
    found += [line for page in book for rule in PAGE_RULES for line in rule(page)]
    found += [line for two in book.pairs for rule in PAIR_RULES for line in rule(*two)]
    if names:
        files = [f"/{name}.ipynb" for name in names]
        found = [one for one in found if any(f in one.split(":")[0] for f in files)]
    return found


def fail_with(lines):
    """Fail a test with what is wrong, without a traceback."""
    if lines:
        pytest.fail("\n".join(lines), pytrace=False)
