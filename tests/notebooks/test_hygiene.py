"""Each notebook is clean: ``notebook_rules`` on every page, by itself."""

from pathlib import Path

import pytest

from tests.notebooks.rules import LANGUAGES, Book, fail_with, problems_of_page

BOOK = Book(Path(__file__).parents[2])


@pytest.mark.parametrize("language", LANGUAGES)
def test_there_are_pages(language):
    assert BOOK.pages[language], f"book/{language} holds no notebook"


@pytest.mark.parametrize("page", list(BOOK), ids=str)
def test_a_page_is_clean(page):
    fail_with(problems_of_page(page))
