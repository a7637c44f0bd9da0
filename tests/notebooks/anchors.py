"""Add the book's new addresses to the list of those that must stay.

    python -m tests.notebooks.anchors

anchors.txt holds every page and every ``page#anchor``, the same in all languages. A
line is taken out by hand, and only when the address was never published.
"""

from pathlib import Path

from tests.conftest import ROOT
from tests.notebooks.rules import Book

LIST = Path(__file__).with_name("anchors.txt")


def addresses():
    """Every place that a link from outside can lead to."""
    found = set()
    for page in Book(ROOT):
        figures = [cell.figure[1] for cell in page.code if cell.figure[1]]
        found |= {page.name, *(f"{page.name}#{a}" for a in [*page.anchors, *figures])}
    return found


def kept():
    return set(LIST.read_text(encoding="utf-8").split())


if __name__ == "__main__":
    new = addresses() - kept()
    LIST.write_text("\n".join(sorted(kept() | new)) + "\n", encoding="utf-8")
    print(*sorted(new), f"{len(new)} new addresses", sep="\n")
