"""The notebooks that readers take away install the book's package by themselves.

A notebook opened on Colab, or downloaded, finds no `embedlinear`. Only whoever publishes
the site knows the repository's address, so the copies on the site get the line that the
book's own cannot have, at the top of the set-up cell.
"""

import json
from pathlib import Path

INSTALL = """\
import importlib.util

if importlib.util.find_spec("embedlinear") is None:
    %pip install --quiet "embedlinear[book] @ git+{repository}"
"""


def complete_downloads(app, exception):
    repository = app.config.book_repository
    if exception or not repository or app.builder.name != "html":
        return
    for page in app.env.found_docs:  # from the book's own, or the line would come twice
        source = Path(app.env.doc2path(page))
        notebook = json.loads(source.read_text(encoding="utf-8"))
        for cell in notebook["cells"]:
            if "setup" in cell["metadata"].get("tags", []):
                install = INSTALL.format(repository=repository)
                cell["source"] = install + "".join(cell["source"])
        text = json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"
        target = Path(app.outdir) / "_sources" / source.name
        target.write_text(text, encoding="utf-8")


def setup(app):
    app.connect("build-finished", complete_downloads)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
