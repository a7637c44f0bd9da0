"""Full-text search: every section's text goes to the search page, including code and errors.

Sphinx's index has words, and Chinese has no spaces between words; segmented, it finds pages,
but neither phrases nor error messages. It is not made, which saves a tenth of a build. The
text of this book is small enough to be searched whole; it is loaded at the first search.
"""

import json
from pathlib import Path

from docutils import nodes

from tools.book import ROOT

# Pairs of characters: the traditional one, and the simplified one, which the book uses.
CHARACTERS = ROOT / "src" / "embedlinear" / "vectors" / "simplified.txt"


def text_of(section: nodes.section) -> str:
    """The section's own text, without title, markup and subsections."""

    def texts(node):
        for child in node.children:
            if isinstance(child, nodes.Text):
                yield child.astext()
            elif isinstance(child, nodes.raw) and child.astext().startswith("<br"):
                yield " "
            elif not isinstance(child, (nodes.section, nodes.title, nodes.raw)):
                yield from texts(child)
        block = isinstance(node, (nodes.Body, nodes.Part))
        if block and not isinstance(node, nodes.Inline):
            yield " "

    return " ".join("".join(texts(section)).split())


def collect(app, doctree):
    """Collect while reading, so that unchanged pages are kept from the previous build."""
    page = app.env.docname
    app.env.metadata[page]["fulltext"] = [
        {
            "page": page,
            "anchor": section["ids"][0] if section.parent is not doctree else "",
            "chapter": doctree.next_node(nodes.title).astext(),
            "title": section.next_node(nodes.title).astext(),
            "text": text_of(section),
        }
        for section in doctree.findall(nodes.section)
    ]


def write(app, exception):
    """Write a script, because a page that is opened from a folder cannot read JSON."""
    if exception or app.builder.name != "html":
        return
    pages = app.env.metadata.values()
    glossary = Path(app.srcdir, "glossary.ipynb")  # for other names
    data = {
        "SECTIONS": [section for page in pages for section in page.get("fulltext", [])],
        "GLOSSARY": glossary.read_text("utf-8") if glossary.exists() else "",
        "TRADITIONAL": CHARACTERS.read_text(encoding="utf-8"),
    }
    with Path(app.outdir, "_static", "fulltext.js").open("w", encoding="utf-8") as file:
        for name, value in data.items():
            text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
            file.write(f"const {name} = {text};\n")


def setup(app):
    app.connect("builder-inited", lambda app: setattr(app.builder, "search", False))
    app.connect("doctree-read", collect)
    app.connect("build-finished", write)
    return {"env_version": 2, "parallel_read_safe": True, "parallel_write_safe": True}
