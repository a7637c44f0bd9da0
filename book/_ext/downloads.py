"""The notebooks that readers take away install the book's package by themselves.

A notebook opened on Colab, or downloaded, finds no `embedlinear`. The copies on a site
that knows its own address get the line that the book's own cannot have, at the top of
the set-up cell: the wheel that lies beside them, made when they were.
"""

import json
import os
from pathlib import Path

INSTALL = """\
from importlib.util import find_spec

if not find_spec("embedlinear"):
    %pip install --quiet "embedlinear[book] @ {wheel}"
"""


def complete_downloads(app, exception):
    package = os.environ.get("BOOK_PACKAGE")  # tools/build.py has put it there
    if exception or not package or app.builder.name != "html":
        return
    install = INSTALL.format(wheel=f"{app.config.book_site}/{package}")
    for page in app.env.found_docs:  # from the book's own, or the line would come twice
        source = Path(app.env.doc2path(page))
        notebook = json.loads(source.read_text(encoding="utf-8"))
        for cell in notebook["cells"]:
            if "setup" in cell["metadata"].get("tags", []):
                cell["source"] = install + "".join(cell["source"])
        text = json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"
        target = Path(app.outdir) / "_sources" / source.name
        target.write_text(text, encoding="utf-8")


def setup(app):
    app.connect("build-finished", complete_downloads)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
