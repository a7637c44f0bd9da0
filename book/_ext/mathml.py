"""Formulas as MathML, made at build time: every browser draws it, without a script or a font."""

from docutils.nodes import SkipNode
from latex2mathml.converter import convert


def mathml(node, display):
    # Few text fonts have the sign ⊤ of the transpose, and a borrowed one stretches the line.
    formula = convert(node.astext(), display=display)
    return formula.replace("<mo>&#x022A4;</mo>", '<mi mathvariant="normal">T</mi>')


def inline(self, node):
    self.body.append(mathml(node, "inline"))
    raise SkipNode


def block(self, node):
    # A long formula scrolls in its own box; the keyboard has to reach that box.
    self.body.append(f'<div class="math" tabindex="0">{mathml(node, "block")}</div>\n')
    raise SkipNode


def setup(app):
    app.add_html_math_renderer("mathml", (inline, None), (block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
