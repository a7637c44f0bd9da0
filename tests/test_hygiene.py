"""Each notebook is clean: ``notebook_rules`` on every page, by itself."""

from pathlib import Path

import pytest
from notebook_rules import LANGUAGES, Book, problems_of_page

BOOK = Book(Path(__file__).parents[1])


@pytest.mark.parametrize("language", LANGUAGES)
def test_there_are_pages(language):
    assert BOOK.pages[language], f"book/{language} holds no notebook"


@pytest.mark.parametrize("page", list(BOOK), ids=str)
def test_a_page_is_clean(page):
    problems = problems_of_page(page)
    assert not problems, "\n" + "\n".join(problems)
