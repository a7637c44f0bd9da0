"""The book's notebooks keep the rules, each page by itself and with its translation."""

import pytest

from tests.conftest import ROOT
from tests.notebooks.rules import BOOK_RULES, PAGE_RULES, PAIR_RULES, Book, fail_with

BOOK = Book(ROOT)


def test_the_book_holds_together():
    """A file for each page and language, and links that lead somewhere."""
    assert BOOK.toc and len(BOOK.languages) > 1
    fail_with([line for rule in BOOK_RULES for line in rule(BOOK)])


@pytest.mark.parametrize("page", list(BOOK), ids=str)
def test_a_page_keeps_the_rules(page):
    fail_with([line for rule in PAGE_RULES for line in rule(page)])


@pytest.mark.parametrize("pair", BOOK.pairs, ids=lambda pair: pair[0].name)
def test_a_page_and_its_translation(pair):
    fail_with([line for rule in PAIR_RULES for line in rule(*pair)])
