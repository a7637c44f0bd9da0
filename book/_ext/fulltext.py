"""Search that finds: every section's text goes to the search page as it is, code and errors too.

Sphinx's index knows words, and Chinese has none between spaces; cut into pieces it finds
pages, but neither a phrase nor an error message, and it can show where only with a server.
The text of this book is small enough to be searched whole; only the search page loads it.
"""

import json
from pathlib import Path

from docutils import nodes


def text_of(section: nodes.section) -> str:
    """The section's own text: no title, no markup, none of the sections inside it."""

    def texts(node):
        for child in node.children:
            if isinstance(child, nodes.Text):
                yield child.astext()
            elif isinstance(child, nodes.raw) and child.astext().startswith("<br"):
                yield " "
            elif not isinstance(child, (nodes.section, nodes.title, nodes.raw)):
                yield from texts(child)
        if isinstance(node, (nodes.Body, nodes.Part)) and not isinstance(
            node, nodes.Inline
        ):
            yield " "

    return " ".join("".join(texts(section)).split())


def collect(app, doctree):
    """While reading, so that an unchanged page is remembered from the build before."""
    page = app.env.docname
    chapter = doctree.next_node(nodes.title).astext()
    app.env.metadata[page]["fulltext"] = [
        {
            "page": page,
            "anchor": section["ids"][0] if section.parent is not doctree else "",
            "chapter": chapter,
            "title": section.next_node(nodes.title).astext(),
            "text": text_of(section),
        }
        for section in doctree.findall(nodes.section)
    ]


def write(app, exception):
    """As a script, for a page that was opened from a folder may read no JSON."""
    if not exception and app.builder.name == "html":
        pages = app.env.metadata.values()
        sections = [section for page in pages for section in page.get("fulltext", [])]
        data = json.dumps(sections, ensure_ascii=False, separators=(",", ":"))
        path = Path(app.outdir) / "_static" / "fulltext.js"
        path.write_text(f"const SECTIONS = {data};\n", encoding="utf-8")


def setup(app):
    app.connect("doctree-read", collect)
    app.connect("build-finished", write)
    return {"env_version": 2, "parallel_read_safe": True, "parallel_write_safe": True}
