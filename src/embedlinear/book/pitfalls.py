"""The two tables that lead to a pitfall: by its message, and by its symptom."""

import re

from embedlinear.book.language import current_language, labels
from embedlinear.book.table import Markdown
from embedlinear.explain import book


def by_message():
    """Every message of the pages, in alphabetical order, with a link to its section."""
    rows = [
        (anchor, f"`` {message} ``" if "`" in message else f"`{message}`", section)
        for anchor, section in book()[0].items()
        for message in section.get("messages", [])
    ]
    return _links("message", sorted(rows, key=_without_class))


def by_symptom():
    """Every pitfall that raises no error, in the book's order, with a link to its section."""
    rows = [
        (anchor, section["symptom"][current_language()], section)
        for anchor, section in book()[0].items()
        if "symptom" in section
    ]
    return _links("symptom", rows)


def _without_class(row):
    return re.sub(r"^`+ ?([\w.]*(Error|Exception): )?", "", row[1]).lower()


def _links(key, found):
    rows, plain, named = [], [], set()
    for anchor, seen, section in found:
        title = section["title"][current_language()]
        # A published address leads to the entry's first row.
        here = "" if anchor in named else f'<a id="{anchor}"></a>'
        named.add(anchor)
        rows.append([here + seen, f"[{title}]({section['page']}.ipynb#{anchor})"])
        plain.append(f"{seen}: {title}")
    text = labels("pitfalls")
    return Markdown([text[key], text["section"]], rows, plain)
