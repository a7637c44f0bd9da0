"""The colophon's table: with which versions, and when, the notebooks were executed.

`make execute` writes the record. The table is drawn when the site is built, because a
notebook may not contain a date.
"""

import json
from pathlib import Path

from docutils import nodes
from sphinx.locale import _

from tools.book import RECORD, fingerprint


def facts(source: Path) -> list[tuple[str, str]]:
    """The rows of the table for the notebooks of one language, in `source`."""
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    changed = [
        path.stem
        for path in sorted(source.glob("*.ipynb"))
        if record["notebooks"].get(f"{source.name}/{path.name}") != fingerprint(path)
    ]
    return [
        (_("date of the run"), record["date"]),
        (_("system"), record["system"]),
        (_("device"), record["device"]),
        *record["versions"].items(),
        (_("notebooks"), str(len(record["notebooks"]))),
        (_("code cells run"), str(record["cells"])),
        (_("pages changed since"), ", ".join(changed) or _("none")),
    ]


def table(rows: list[tuple[str, str]]) -> nodes.table:
    body = nodes.tbody()
    for row in rows:
        body += nodes.row(
            "", *(nodes.entry("", nodes.paragraph(text=text)) for text in row)
        )
    widths = nodes.colspec(colwidth=40, stub=1), nodes.colspec(colwidth=60)
    group = nodes.tgroup("", *widths, body, cols=2)
    return nodes.table("", group, classes=["colophon"])


def add_table(app, doctree):
    for section in doctree.findall(nodes.section):
        if app.env.docname == "colophon" and "verified" in section["ids"]:
            section += table(facts(Path(app.srcdir)))


def setup(app):
    app.connect("doctree-read", add_table)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
