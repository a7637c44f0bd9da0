"""Formulas as MathML, converted at build time: browsers display it without a script."""

import re

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.transforms.post_transforms import SphinxPostTransform

BEFORE = re.compile(r"[（“(]+$")
AFTER = re.compile(r"[，。；：、！？）”,.;:!?)]+")
# Corrections of latex2mathml: functions and ∂ get the space of an operator, and none between
# a function and a fraction; a / gets space; a minus sign is set as a subtraction.
CORRECTIONS = (
    (r"\\_", "_"),
    (r"<mo>(max|min)</mo>", r"<mi>\1</mi>"),
    (r"<mo>(&#x02202;)</mo>", r'<mi mathvariant="normal">\1</mi>'),
    (r"(<mi>(?:ln|log)</mi>)(?=<m(?!o))", r'\1<mspace width="0.167em"/>'),
    (r"<mo>(&#x0002F;)</mo>", r'<mo lspace="0" rspace="0">\1</mo>'),
    (
        r"(?<=</mo>)(?<!&#x00029;</mo>)<mo>(&#x02212;)</mo>",
        r'<mo form="prefix">\1</mo>',
    ),
)


def mathml(node, display: str) -> str:
    """The formula; a name in it is one text and not a product of letters."""
    formula = convert(node.astext().replace(r"\mathrm", r"\text"), display=display)
    for pattern, replacement in CORRECTIONS:
        formula = re.sub(pattern, replacement, formula)
    return formula


def inline(self, node):
    self.body.append(mathml(node, "inline"))
    raise nodes.SkipNode


def block(self, node):
    # A long formula scrolls in its own box, which the keyboard must be able to reach.
    self.body.append(f'<div class="math" tabindex="0">{mathml(node, "block")}</div>\n')
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
