"""Search that finds: every section's text goes to the search page as it is, code and errors too.

Sphinx's index knows words, and Chinese has none between spaces; cut into pieces it finds pages, but
neither a phrase nor an error message, and it can show where only with a server. The text of this
book is small enough to be searched whole. It is asked for by the search page alone.
"""

import json
from pathlib import Path

from docutils import nodes


def text_of(section: nodes.section) -> str:
    """The section's own text: without its title, without markup, without the sections inside it."""

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
    title = doctree.next_node(nodes.title).astext()
    app.env.fulltext[app.env.docname] = [
        {
            "page": app.env.docname,
            "anchor": section["ids"][0]
            if isinstance(section.parent, nodes.section)
            else "",
            "chapter": title,
            "title": section.next_node(nodes.title).astext(),
            "text": text_of(section),
        }
        for section in doctree.findall(nodes.section)
    ]


def start(app):
    app.env.fulltext = getattr(app.env, "fulltext", {})


def forget(app, env, docname):
    env.fulltext.pop(docname, None)


def write(app, exception):
    if not exception and app.builder.name == "html":
        sections = [section for page in app.env.fulltext.values() for section in page]
        data = json.dumps(sections, ensure_ascii=False, separators=(",", ":"))
        script = f"const SECTIONS = {data};\n"  # a script, for file:// lets a page read no JSON
        path = Path(app.outdir) / "_static" / "fulltext.js"
        path.write_text(script, encoding="utf-8")


def setup(app):
    app.connect("builder-inited", start)
    app.connect("env-purge-doc", forget)
    app.connect("doctree-read", collect)
    app.connect("build-finished", write)
    return {"env_version": 1, "parallel_read_safe": False, "parallel_write_safe": True}
