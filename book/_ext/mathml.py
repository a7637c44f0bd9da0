"""Formulas as MathML, made at build time: every browser draws it without a script."""

from docutils.nodes import SkipNode
from latex2mathml.converter import convert


def inline(self, node):
    self.body.append(convert(node.astext(), display="inline"))
    raise SkipNode


def block(self, node):
    # A long formula scrolls in its own box; the keyboard has to reach that box.
    formula = convert(node.astext(), display="block")
    self.body.append(f'<div class="math" tabindex="0">{formula}</div>\n')
    raise SkipNode


def setup(app):
    app.add_html_math_renderer("mathml", (inline, None), (block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
