"""The two tables that lead to a pitfall: by its message, and by its symptom."""

import re

from embedlinear.book.language import current_language, labels
from embedlinear.explain import book


class Index(list):
    """Rows of (anchor, what the reader sees, title, page), shown as a table of links."""

    def __init__(self, head, rows):
        super().__init__(rows)
        self.head = head

    def _repr_markdown_(self):
        lines = [f"| {self.head} | {labels('pitfalls')['section']} |", "| --- | --- |"]
        named = set()  # a published address leads to the entry's first row
        for anchor, seen, title, page in self:
            here = "" if anchor in named else f'<a id="{anchor}"></a>'
            named.add(anchor)
            lines.append(f"| {here}{seen} | [{title}]({page}.ipynb#{anchor}) |")
        return "\n".join(lines)

    def __repr__(self):
        return "\n".join(f"{seen}: {title}" for _, seen, title, _ in self)


def by_message():
    """Every message of the pages, in alphabetical order, with a link to its section."""
    rows = [
        (anchor, f"`` {message} ``" if "`" in message else f"`{message}`", *place)
        for anchor, section, place in _sections()
        for message in section.get("messages", [])
    ]
    return Index(labels("pitfalls")["message"], sorted(rows, key=_without_class))


def by_symptom():
    """Every pitfall that raises no error, in the book's order, with a link to its section."""
    language = current_language()
    rows = [
        (anchor, section["symptom"][language], *place)
        for anchor, section, place in _sections()
        if "symptom" in section
    ]
    return Index(labels("pitfalls")["symptom"], rows)


def _sections():
    for anchor, section in book()[0].items():
        yield anchor, section, (section["title"][current_language()], section["page"])


def _without_class(row):
    return re.sub(r"^`+ ?([\w.]*(Error|Exception): )?", "", row[1]).lower()
