"""The colophon's table: with what the outputs were made, and when, from the record of the last run.

`make execute` writes the record. The table is drawn when the site is built, because no date may
stand in a notebook.
"""

import hashlib
import json
from pathlib import Path

from docutils import nodes

RECORD = Path(__file__).resolve().parents[1] / "data" / "verified.json"
PLACE = "verified"  # the anchor of the section that gets the table
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


def fingerprint(path: Path) -> str:
    """Of a notebook's code and what it printed; not of its prose, its pictures and its timings."""
    cells = [c for c in json.loads(path.read_text(encoding="utf-8"))["cells"] if c["cell_type"] == "code"]
    said = hashlib.sha256()
    for cell in cells:
        texts = [*cell["source"], "\0"]
        for output in [] if "nbval-ignore-output" in cell["metadata"].get("tags", []) else cell["outputs"]:
            data = output.get("data", {})
            shown = [] if any(kind.startswith("image/") for kind in data) else data.get("text/plain", [])
            texts += [*output.get("text", []), output.get("evalue", ""), *shown]
        said.update("".join(texts).encode() + b"\0")
    return said.hexdigest()[:16]


def facts(source: Path, language: str) -> list[tuple[str, str]]:
    """What the table says, of the language's notebooks in `source`."""
    record, words = json.loads(RECORD.read_text(encoding="utf-8")), WORDS[language]
    pages = {Path(name).stem: mark for name, mark in record["notebooks"].items() if name.startswith(f"{language}/")}
    changed = [path.stem for path in sorted(source.glob("*.ipynb")) if pages.get(path.stem) != fingerprint(path)]
    rows = [(words[key], str(record[key])) for key in ("date", "system", "device")]
    rows += list(record["versions"].items())
    rows += [(words["notebooks"], str(len(record["notebooks"]))), (words["cells"], str(record["cells"]))]
    return [*rows, (words["changed"], ", ".join(changed) or words["none"])]


def table(rows: list[tuple[str, str]]) -> nodes.table:
    body = nodes.tbody()
    for name, value in rows:
        cells = [nodes.entry("", nodes.paragraph(text=text)) for text in (name, value)]
        body += nodes.row("", *cells)
    group = nodes.tgroup("", nodes.colspec(colwidth=40, stub=1), nodes.colspec(colwidth=60), body, cols=2)
    return nodes.table("", group, classes=["colophon"])


def add_table(app, doctree):
    if app.env.docname != "colophon" or not RECORD.exists():
        return
    source = Path(app.srcdir)
    for path in (RECORD, *source.glob("*.ipynb")):
        app.env.note_dependency(str(path))
    for section in doctree.findall(nodes.section):
        if PLACE in section["ids"]:
            section += table(facts(source, app.config.book_language))


def setup(app):
    app.connect("doctree-read", add_table)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
