"""Print every problem of the book's notebooks, or of the named ones.

    python -m tests.notebooks.check
    python -m tests.notebooks.check book/zh/setup.ipynb linear-what

It takes a second and changes nothing. The rules are in ``tests/notebooks/rules/``.
"""

import sys
from pathlib import Path

from tests.conftest import ROOT
from tests.notebooks.rules import Book, problems


def main(names):
    book, wanted = Book(ROOT), {Path(name).stem for name in names}
    unknown = wanted - {page.name for page in book}
    if unknown:
        return f"no such notebook: {', '.join(sorted(unknown))}"
    found = problems(book, wanted)
    if found:
        return "\n".join([*found, f"problems: {len(found)}"])
    pages = ", ".join(sorted(wanted)) or "all pages"
    print(f"{pages}, in {' and '.join(book.languages)}: no problems")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
