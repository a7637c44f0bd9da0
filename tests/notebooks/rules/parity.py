"""Rules on a page and its translation: words may differ, what is shown may not."""

import ast
import copy
import functools
import re
from collections import Counter
from itertools import zip_longest

from .model import HAN, VOCABULARY, pair_rule, parse, readable


def _differ(a, b, what, one, other):
    """``book/{zh,en}/setup.ipynb, cell 3 (seed): …``, and below what either has."""
    here, there = a.page.language, b.page.language
    where = f"book/{{{here},{there}}}/{a.page.name}.ipynb, cell {a.number} ({a.id})"
    return f"{where}: {what}\n    {here}: {one}\n    {there}: {other}"


def _matching(first, second):
    """The cells that are in both pages, in pairs of the same type."""
    there = {(cell.id, cell.type): cell for cell in second.cells}
    pairs = [(cell, there.get((cell.id, cell.type))) for cell in first.cells]
    return [pair for pair in pairs if pair[1]]


def _first_difference(one, other):
    """The first items of two sequences that differ, or None."""
    pairs = zip_longest(one, other, fillvalue="–")
    return next((pair for pair in pairs if pair[0] != pair[1]), None)


@pair_rule
def the_same_cells(first, second):
    """Both have the same cells: the same ids and types, in the same order."""
    kinds = [[f"{c.type} {c.id}" for c in page.cells] for page in (first, second)]
    for page, here, there in ((first, *kinds), (second, *reversed(kinds))):
        for kind in here:
            if kind not in there:
                yield f"{page}: only here is the cell {kind!r}"
    both = set(kinds[0]) & set(kinds[1])
    difference = _first_difference(*([k for k in ks if k in both] for ks in kinds))
    if difference:
        yield f"{first} and {second.language}: the order differs, {difference}"


@pair_rule
def the_same_skeleton(first, second):
    """Headings, anchors, links, pictures, hidden solutions and tags are the same."""
    for a, b in _matching(first, second):
        here, there = _skeleton(a), _skeleton(b)
        for what, one in here.items():
            other = there[what]
            if one != other:
                difference = (one, other)
                if isinstance(one, Counter):
                    difference = [dict(one - other), dict(other - one)]
                yield _differ(a, b, f"the {what} differ", *difference)


def _skeleton(cell):
    return {
        "headings": [f"{'#' * h.level} {h.anchor}" for h in cell.headings],
        "anchors": Counter(cell.anchors),
        # The order follows the sentence; zh.wikipedia.org and en.… count as one place.
        "links": Counter(
            re.sub(r"^https?://(zh|en)\.([^/]+)/.*", r"\2", link) for link in cell.links
        ),
        "images": len(cell.images),
        "<details>": len(cell.html("details")),
        "tags": sorted(set(cell.tags) - {"bilingual"}),
        "metadata": _masked(cell.metadata.get("mystnb", {})),
        "code blocks": [fence.info for fence in cell.fences],
    }


def _masked(metadata):
    """Metadata with ``…`` for alternative text and caption."""
    if not isinstance(metadata, dict):
        return metadata
    texts = ("alt", "caption")
    return {k: "…" if k in texts else _masked(v) for k, v in metadata.items()}


# --- code ---


@pair_rule
def the_same_code(first, second):
    """Equal as syntax trees, in cells and solutions; comments and words may differ."""
    for a, b in _matching(first, second):
        sources = [[cell.source] * (cell.type == "code") for cell in (a, b)]
        for cell, found in zip((a, b), sources):
            found += [fence.content for fence in cell.fences if fence.info == "python"]
        for one, other in zip(*sources):
            difference = _first_difference(_code(one), _code(other))
            if difference:
                yield _differ(a, b, "the code differs", *difference)


@functools.cache
def _code(source):
    """The lines of the code without comments, layout and words."""
    tree = parse(source)
    if tree is None:  # it shows a syntax error: then it is the same to the letter
        return source.splitlines()
    masked = ast.fix_missing_locations(_MaskStrings().visit(copy.deepcopy(tree)))
    return ast.unparse(masked).splitlines()


class _MaskStrings(ast.NodeTransformer):
    """Replace strings by ``…``, but keep 优, 良, 差 and the arguments of IPython's magics."""

    def visit_Constant(self, node):
        if isinstance(node.value, (str, bytes)) and node.value not in [*VOCABULARY]:
            return ast.Constant("…")
        return node

    def visit_JoinedStr(self, node):
        values = [v for v in node.values if isinstance(v, ast.FormattedValue)]
        return ast.JoinedStr([self.visit(value) for value in values])

    def visit_FormattedValue(self, node):
        # {x:.4f}: the format is not text, and says how many decimals show.
        node.value = self.visit(node.value)
        return node

    def visit_Call(self, node):
        name = ast.unparse(node.func)
        if name == "get_ipython().run_cell_magic":  # %%time, and the cell's code
            node.args[-1] = ast.Constant("\n".join(_code(node.args[-1].value)))
        return node if name.startswith("get_ipython().") else self.generic_visit(node)


# --- outputs ---

# What an output shows besides words.
FACTS = re.compile(
    r"-?\d+(?:\.\d+|\.(?=\s*[\],)]))?(?:e[+-]?\d+)?|[\[\]]|\btorch\.\w+|"
    r"\b(?:True|False|None|nan|inf)\b"
)


@pair_rule
def the_same_outputs(first, second):
    """Without Chinese an output is the same to the letter; with it, its facts are.

    Facts are numbers, True, False, None, nan, inf, brackets, torch's names, in order.
    Of pictures only the kind is compared, and of outputs that depend on the machine.
    """
    for a, b in _matching(first, second):
        kinds = [[_kind(output) for output in cell.outputs] for cell in (a, b)]
        difference = _first_difference(*kinds)
        if difference:
            yield _differ(a, b, "the outputs differ in kind", *difference)
        elif "nbval-ignore-output" not in a.tags:
            for one, other in zip(a.outputs, b.outputs):
                for texts in zip(readable(one), readable(other)):
                    difference = _different(*texts)
                    if difference:
                        yield _differ(a, b, "the outputs differ", *difference)


def _kind(output):
    data = ", ".join(sorted(output.get("data", ())))
    return " ".join(output.get(k, "") for k in ("output_type", "name", "ename")) + data


def _different(one, other):
    if any(set(HAN.findall(text)) - set(VOCABULARY) for text in (one, other)):
        difference = _first_difference(FACTS.findall(one), FACTS.findall(other))
        return difference and [
            f"{x} in {t.strip()[:60]!r}" for x, t in zip(difference, (one, other))
        ]
    return _first_difference(one.splitlines(), other.splitlines())
