"""The colophon's table: with what, and when, the outputs in the notebooks were made.

`make execute` writes the record. The table is drawn when the site is built, because a
notebook may not contain a date.
"""

import json
from pathlib import Path

from docutils import nodes

from tools.book import RECORD, fingerprint

WORDS = {
    "zh": {
        "date": "运行日期",
        "system": "系统",
        "device": "设备",
        "notebooks": "笔记本",
        "cells": "运行过的代码格",
        "changed": "那以后改过的页面",
        "none": "没有",
    },
    "en": {
        "date": "date of the run",
        "system": "system",
        "device": "device",
        "notebooks": "notebooks",
        "cells": "code cells run",
        "changed": "pages changed since",
        "none": "none",
    },
}


def facts(source: Path, language: str) -> list[tuple[str, str]]:
    """What the table says, of the language's notebooks in `source`."""
    record, words = json.loads(RECORD.read_text(encoding="utf-8")), WORDS[language]
    pages = {
        Path(name).stem: mark
        for name, mark in record["notebooks"].items()
        if name.startswith(f"{language}/")
    }
    changed = [
        path.stem
        for path in sorted(source.glob("*.ipynb"))
        if pages.get(path.stem) != fingerprint(path)
    ]
    rows = [(words[key], str(record[key])) for key in ("date", "system", "device")]
    rows += list(record["versions"].items())
    rows += [
        (words["notebooks"], str(len(record["notebooks"]))),
        (words["cells"], str(record["cells"])),
    ]
    return [*rows, (words["changed"], ", ".join(changed) or words["none"])]


def table(rows: list[tuple[str, str]]) -> nodes.table:
    body = nodes.tbody()
    for name, value in rows:
        cells = [nodes.entry("", nodes.paragraph(text=text)) for text in (name, value)]
        body += nodes.row("", *cells)
    group = nodes.tgroup(
        "", nodes.colspec(colwidth=40, stub=1), nodes.colspec(colwidth=60), body, cols=2
    )
    return nodes.table("", group, classes=["colophon"])


def add_tables(app, doctree):
    if app.env.docname != "colophon":
        return
    source, language = Path(app.srcdir), app.config.book_language
    for section in doctree.findall(nodes.section):
        if "verified" in section["ids"] and RECORD.exists():
            section += table(facts(source, language))


def read_again(app, env, added, changed, removed):
    """A record may come or go, and any page may change: whenever pages are read, this one is."""
    return {"colophon"} & env.found_docs


def setup(app):
    app.connect("doctree-read", add_tables)
    app.connect("env-get-outdated", read_again)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
