"""Formulas as MathML, made at build time: every browser draws it without a script."""

import re

from docutils.nodes import SkipNode
from latex2mathml.converter import convert

MARKED = re.compile(
    r"([（“(]*<math (?:(?!</math>).)*</math>[，。；：、！？）”,.;:!?)]+)", re.DOTALL
)


def inline(self, node):
    self.body.append(convert(node.astext(), display="inline"))
    raise SkipNode


def block(self, node):
    # A long formula scrolls in its own box; the keyboard has to reach that box.
    formula = convert(node.astext(), display="block")
    self.body.append(f'<div class="math" tabindex="0">{formula}</div>\n')
    raise SkipNode


def keep_marks(app, pagename, templatename, context, doctree):
    """A line may break on either side of a formula, and would begin with the comma after it."""
    if "body" in context:
        context["body"] = MARKED.sub(r'<span class="nobr">\1</span>', context["body"])


def setup(app):
    app.connect("html-page-context", keep_marks)
    app.add_html_math_renderer("mathml", (inline, None), (block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
