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


@pytest.mark.parametrize("language", BOOK.languages)
def test_each_term_of_the_glossary_is_in_both_indices(language):
    *tables, english, chinese = BOOK.pages[language]["glossary"].cells
    terms = {f"#{anchor}" for cell in tables for anchor in cell.anchors}
    terms = {term for term in terms if term.startswith("#term-")}
    assert terms == set(english.links) == set(chinese.links)
