"""Formulas as MathML, converted at build time: browsers display it without a script."""

import re

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.transforms.post_transforms import SphinxPostTransform

BEFORE = re.compile(r"[（“(]+$")
AFTER = re.compile(r"[，。；：、！？）”,.;:!?)]+")


def inline(self, node):
    self.body.append(convert(node.astext(), display="inline"))
    raise nodes.SkipNode


def block(self, node):
    # A long formula scrolls in its own box, which the keyboard must be able to reach.
    formula = convert(node.astext(), display="block")
    self.body.append(f'<div class="math" tabindex="0">{formula}</div>\n')
    raise nodes.SkipNode


class KeepMarks(SphinxPostTransform):
    """Keep a formula and its comma on one line: a browser may break between them."""

    default_priority = 900

    def run(self, **kwargs):
        for math in list(self.document.findall(nodes.math)):
            after = math.next_node(descend=False, siblings=True)
            marks = isinstance(after, nodes.Text) and AFTER.match(after)
            if not marks:
                continue
            parent, place = math.parent, math.parent.index(math)
            before = parent[place - 1] if place else ""
            opened = isinstance(before, nodes.Text) and BEFORE.search(before)
            whole = nodes.inline("", "", math, nodes.Text(marks[0]), classes=["nobr"])
            parent[place] = whole
            parent.replace(after, nodes.Text(after[marks.end() :]))
            if opened:
                whole.insert(0, nodes.Text(opened[0]))
                parent.replace(before, nodes.Text(before[: opened.start()]))


def setup(app):
    app.add_post_transform(KeepMarks)
    app.add_html_math_renderer("mathml", (inline, None), (block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
