"""Downloaded notebooks install the book's package.

A notebook that is opened on Colab, or downloaded, has no `embedlinear`. If a site knows its
own address, the copies on it get an extra line at the top of the set-up cell, which the
book's own notebooks cannot have: it installs the wheel next to them.
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
    package = os.environ.get("BOOK_PACKAGE")  # set by tools/build.py
    if exception or not package or app.builder.name != "html":
        return
    install = INSTALL.format(wheel=f"{app.config.book_site}/{package}")
    # Read the book's own notebook, or the line would be added twice.
    for page in app.env.found_docs:
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
