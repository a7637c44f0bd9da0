"""Print every problem of the book's notebooks, or of the named ones.

    python -m tests.notebooks.check
    python -m tests.notebooks.check book/zh/setup.ipynb linear-what

It takes a second, and changes nothing. The rules are in ``tests/notebooks/rules/``.
"""

import sys
from pathlib import Path

from tests.notebooks.rules import (
    Book,
    problems_of_book,
    problems_of_page,
    problems_of_pair,
)

ROOT = Path(__file__).parents[2]


def main(names):
    book, wanted = Book(ROOT), {Path(name).stem for name in names}
    unknown = wanted - {page.name for page in book}
    if unknown:
        return f"no such notebook: {', '.join(sorted(unknown))}"

    problems = problems_of_book(book)
    for page in book:
        problems += problems_of_page(page)
    for first, second in book.pairs:
        problems += problems_of_pair(first, second)
    if wanted:
        problems = [
            problem
            for problem in problems
            if any(f"/{name}.ipynb" in problem.split(":")[0] for name in wanted)
        ]
    print(*problems, sep="\n", end="\n" * bool(problems))
    return f"{len(problems)} problems" if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
