"""Both languages show and prove the same: ``notebook_rules/parity.py`` on every page."""

from pathlib import Path

import pytest
from notebook_rules import LANGUAGES, Book, problems_of_book, problems_of_pair

BOOK = Book(Path(__file__).parents[1])


def test_the_book_holds_together():
    """The table of contents, a file for each page and language, and links that lead somewhere."""
    problems = problems_of_book(BOOK)
    assert not problems, "\n" + "\n".join(problems)


@pytest.mark.parametrize("language", LANGUAGES[1:])
@pytest.mark.parametrize("name", BOOK.toc or ["index"])
def test_a_page_and_its_translation(name, language):
    pair = [BOOK.pages[one].get(name) for one in (LANGUAGES[0], language)]
    missing = [one for one, page in zip((LANGUAGES[0], language), pair) if page is None]
    assert not missing, f"{name}.ipynb is missing in {', '.join(f'book/{m}' for m in missing)}"
    problems = problems_of_pair(*pair)
    assert not problems, "\n" + "\n".join(problems)
