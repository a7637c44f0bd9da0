"""Both languages show and prove the same: ``notebook_rules/parity.py`` on every page."""

from pathlib import Path

import pytest

from tests.notebooks.rules import (
    LANGUAGES,
    Book,
    fail_with,
    problems_of_book,
    problems_of_pair,
)

BOOK = Book(Path(__file__).parents[2])


def test_the_book_holds_together():
    """The table of contents, a file for each page and language, and links that lead somewhere."""
    fail_with(problems_of_book(BOOK))


@pytest.mark.parametrize("language", LANGUAGES[1:])
@pytest.mark.parametrize("name", BOOK.toc or ["index"])
def test_a_page_and_its_translation(name, language):
    pair = [BOOK.pages[one].get(name) for one in (LANGUAGES[0], language)]
    fail_with(
        [
            f"book/{one}/{name}.ipynb: is missing"
            for one, page in zip((LANGUAGES[0], language), pair)
            if page is None
        ]
    )
    fail_with(problems_of_pair(*pair))
