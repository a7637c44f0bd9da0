"""Rules on the whole book: what is in it, and where its links lead."""

import re

from .model import LANGUAGES
from .registry import book_rule
from .structure import is_chapter, setup_without_imports


@book_rule
def a_table_of_contents(book):
    """Without it nothing is built, and nothing here is tested."""
    if not book.toc:
        yield "_toc.yml: is missing or lists no page"
    for name in sorted({name for name in book.toc if book.toc.count(name) > 1}):
        yield f"_toc.yml: lists {name} twice"


@book_rule
def every_page_in_every_language(book):
    """Readers change the language anywhere; a page that is not there would be a dead end."""
    for name in book.toc:
        for language in LANGUAGES:
            if name not in book.pages[language]:
                yield f"book/{language}/{name}.ipynb: is missing, though _toc.yml lists it"
    for page in book:
        if page.name not in book.toc:
            yield f"{page}: is not in _toc.yml, so no reader finds it"


@book_rule
def links_lead_somewhere(book):
    """A link within the book names a file that exists and an anchor that is in it."""
    for page in book:
        for cell in page.markdown:
            for link in (*cell.links, *(source for source, _ in cell.images)):
                if not re.match(r"[a-z]+:", link):
                    yield from _broken(book, cell, link)


def _broken(book, cell, link):
    file, _, anchor = link.partition("#")
    path = cell.page.path.parent / file if file else cell.page.path
    page = book.page_at(path)
    if not path.is_file():
        yield f"{cell}: links to {link}, but there is no such file"
    elif anchor and (page is None or anchor not in page.anchors):
        yield f'{cell}: links to {link}, but that page has no <a id="{anchor}"></a>'


@book_rule
def the_same_setup_everywhere(book):
    """Who has read one set-up cell has read them all: chapters differ in their imports only."""
    for pages in book.pages.values():
        chapters = [page for page in pages.values() if is_chapter(page)]
        cells = [
            cell for page in chapters for cell in page.code[:1] if "setup" in cell.tags
        ]
        for cell in cells[1:]:
            if setup_without_imports(cell) != setup_without_imports(cells[0]):
                yield f"{cell}: sets up more than {cells[0].page} does, or less"
