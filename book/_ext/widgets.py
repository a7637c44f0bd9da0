"""Loads the script of interactive figures, on the pages that have one and on no other."""

from docutils import nodes


def add_files(app, pagename, templatename, context, doctree):
    if doctree and any(
        'class="widget ' in raw.astext() for raw in doctree.findall(nodes.raw)
    ):
        app.add_js_file("widgets.js", defer="defer")


def setup(app):
    app.connect("html-page-context", add_files)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
