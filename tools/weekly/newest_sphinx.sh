#!/usr/bin/env bash
# Build the book on the newest Sphinx, myst-parser and theme, which Jupyter Book 1 does not ask
# for: tools/weekly/newest_sphinx.sh, with an empty .venv.
set -euo pipefail
cd "$(dirname "$0")/../.."
pip=".venv/bin/python -m pip"
$pip install --quiet --upgrade sphinx myst-parser myst-nb sphinx-book-theme sphinx-copybutton \
  sphinx-external-toc sphinx-comments sphinx-jupyterbook-latex sphinx-multitoc-numbering \
  $(sed -e '/^[-#]/d' -e '/^jupyter-book/d' -e 's/==.*//' requirements/site.txt) \
  click jinja2 jsonschema linkify-it-py pyyaml
$pip install --quiet --no-deps jupyter-book==1.0.4.post1
$pip list
.venv/bin/python -m tools.build --clean
