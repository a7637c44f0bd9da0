"""Rules on a page and its translation: words may differ, what is shown and proved may not."""

import ast
import functools
import re
from collections import Counter
from itertools import zip_longest

from bs4 import BeautifulSoup

from .model import HAN, VOCABULARY, parse
from .registry import pair_rule


def _both(a, b):
    """Where two cells are: ``book/{zh,en}/setup.ipynb, cell 3 (seed)``."""
    number = a.number if a.number == b.number else f"{a.number} and {b.number}"
    return f"book/{{{a.page.language},{b.page.language}}}/{a.page.name}.ipynb, cell {number} ({a.id})"


def _differ(a, b, what, one, other):
    return f"{_both(a, b)}: {what}\n    {a.page.language}: {one}\n    {b.page.language}: {other}"


def _matching(first, second):
    """The cells that are in both pages, by id, in pairs of the same type."""
    there = {cell.id: cell for cell in second.cells if cell.id}
    here = {cell.id: cell for cell in first.cells if cell.id}
    return [
        (a, there[a.id])
        for a in here.values()
        if a.id in there and a.type == there[a.id].type
    ]


def _first_difference(one, other):
    """The first items of two sequences that differ; a dash stands for one that is not there."""
    for number in range(max(len(one), len(other))):
        a, b = one[number : number + 1], other[number : number + 1]
        if a != b:
            return (a or ["–"])[0], (b or ["–"])[0]
    return None


# --- the skeleton ---


@pair_rule
def the_same_cells(first, second):
    """A cell has the same id in both languages; so one that is missing can be named."""
    for page, other in ((first, second), (second, first)):
        ids = {cell.id for cell in other.cells}
        for cell in page.cells:
            if cell.id and cell.id not in ids:
                start = cell.source.strip().split("\n")[0][:40]
                yield f"{cell}: this {cell.type} cell ({start!r}) is missing in {other}"


@pair_rule
def in_the_same_order(first, second):
    """Both tell the same story."""
    shared = {cell.id for cell in first.cells} & {cell.id for cell in second.cells}
    orders = [
        [cell.id for cell in page.cells if cell.id in shared]
        for page in (first, second)
    ]
    difference = _first_difference(*orders)
    if difference and len(orders[0]) == len(orders[1]):
        yield (
            f"{first} and {second.language}: cells are in another order: where one has "
            f"{difference[0]!r}, the other has {difference[1]!r}"
        )


@pair_rule
def of_the_same_type(first, second):
    """A code cell is no Markdown cell in translation."""
    there = {cell.id: cell for cell in second.cells if cell.id}
    for a in first.cells:
        b = there.get(a.id)
        if b and a.type != b.type:
            yield _differ(a, b, "the types differ", a.type, b.type)


@pair_rule
def the_same_headings(first, second):
    """The language switch keeps the heading: levels and anchors are the same, in the same order."""
    for a, b in _matching(first, second):
        difference = _first_difference(
            *(
                [f"{'#' * h.level} {h.anchor or '(no anchor)'}" for h in cell.headings]
                for cell in (a, b)
            )
        )
        if difference:
            yield _differ(a, b, "the headings differ", *difference)
        others = [
            set(cell.anchors) - {h.anchor for h in cell.headings} for cell in (a, b)
        ]
        if others[0] != others[1]:
            yield _differ(a, b, "the anchors differ", *map(sorted, others))


@pair_rule
def the_same_links(first, second):
    """Readers of both languages are sent to the same places; the order follows the sentence."""
    for a, b in _matching(first, second):
        here, there = (Counter(map(_without_language, cell.links)) for cell in (a, b))
        if here != there:
            yield _differ(
                a,
                b,
                "the links differ",
                sorted((here - there).elements()) or "–",
                sorted((there - here).elements()) or "–",
            )


def _without_language(link):
    """A site that has its pages by language (zh.wikipedia.org) counts as one place."""
    return re.sub(r"^https?://(zh|en)\.([^/]+)/.*", r"\2", link)


@pair_rule
def the_same_images(first, second):
    """A picture helps in any language."""
    for a, b in _matching(first, second):
        if len(a.images) != len(b.images):
            yield _differ(a, b, "the images differ", len(a.images), len(b.images))


@pair_rule
def the_same_details(first, second):
    """A solution that is hidden here is hidden there."""
    for a, b in _matching(first, second):
        here, there = (len(cell.html("details")) for cell in (a, b))
        if here != there:
            yield _differ(a, b, "the number of <details> differs", here, there)


@pair_rule
def the_same_metadata(first, second):
    """The same tags, and the same figure, but for what is said about it."""
    for a, b in _matching(first, second):
        if a.tags != b.tags and set(a.tags) ^ set(b.tags) != {"bilingual"}:
            yield _differ(a, b, "the tags differ", a.tags, b.tags)
        here, there = (_masked(cell.metadata.get("mystnb", {})) for cell in (a, b))
        if here != there:
            yield _differ(a, b, "mystnb in the metadata differs", here, there)


def _masked(metadata):
    """Metadata with ``…`` for alternative text and caption."""
    if not isinstance(metadata, dict):
        return metadata
    return {
        key: "…" if key in ("alt", "caption") else _masked(value)
        for key, value in metadata.items()
    }


# --- code ---


@pair_rule
def the_same_code(first, second):
    """Equal as syntax trees: comments are dropped, strings are masked, the rest is the same."""
    for a, b in _matching(first, second):
        if a.type == "code":
            difference = _first_difference(_code(a.source), _code(b.source))
            if difference:
                yield _differ(a, b, "the code differs", *difference)


@pair_rule
def the_same_code_in_text(first, second):
    """Code blocks in Markdown, such as solutions, are code too."""
    for a, b in _matching(first, second):
        languages = [[fence.info for fence in cell.fences] for cell in (a, b)]
        if languages[0] != languages[1]:
            yield _differ(a, b, "the code blocks differ", *languages)
            continue
        for one, other in zip(a.fences, b.fences):
            if one.info == "python":
                difference = _first_difference(_code(one.content), _code(other.content))
                if difference:
                    yield _differ(a, b, "the code in a code block differs", *difference)


@functools.cache
def _code(source):
    """The lines of the code without comments, layout and words."""
    tree = parse(source)
    if tree is None:  # it shows a syntax error: then it is the same to the letter
        return source.splitlines()
    return ast.unparse(
        ast.fix_missing_locations(_MaskStrings().visit(tree))
    ).splitlines()


class _MaskStrings(ast.NodeTransformer):
    """Put ``…`` for strings, but keep the vocabulary's words and what IPython's magics are told."""

    def visit_Constant(self, node):
        if isinstance(node.value, (str, bytes)) and node.value not in tuple(VOCABULARY):
            return ast.Constant("…")
        return node

    def visit_JoinedStr(self, node):
        kept = [
            self.visit(part)
            for part in node.values
            if isinstance(part, ast.FormattedValue)
        ]
        return ast.JoinedStr(kept)

    def visit_FormattedValue(self, node):
        # {x:.4f}: the format is no text, and says how many decimals show.
        return ast.FormattedValue(
            self.visit(node.value), node.conversion, node.format_spec
        )

    def visit_Call(self, node):
        if (
            ast.unparse(node.func) == "get_ipython().run_cell_magic"
        ):  # %%time, and the cell's code
            *magic, body = (argument.value for argument in node.args)
            node.args = [
                ast.Constant(part) for part in (*magic, "\n".join(_code(body)))
            ]
            return node
        if ast.unparse(node.func).startswith("get_ipython()."):
            return node
        return self.generic_visit(node)


# --- outputs ---

# What an output shows besides words.
FACTS = re.compile(
    r"-?\d+(?:\.\d+|\.(?=\s*[\],)]))?(?:e[+-]?\d+)?|\b(?:True|False|None|nan|inf)\b|[\[\]]|"
    r"\btorch\.\w+"
)


@pair_rule
def the_same_outputs(first, second):
    """Without Chinese words an output is the same to the letter; with them its facts are the same.

    Facts are numbers, True, False, None, nan, inf, square brackets and names of torch, in order.
    Of pictures only the kind is compared, of outputs that depend on the machine as well.
    """
    for a, b in _matching(first, second):
        if not (a.executed and b.executed):  # that is said elsewhere
            continue
        kinds = [[_kind(output) for output in cell.outputs] for cell in (a, b)]
        difference = _first_difference(*kinds)
        if difference:
            yield _differ(a, b, "the outputs differ in kind", *difference)
        elif "nbval-ignore-output" not in a.tags:
            for one, other in zip(a.outputs, b.outputs):
                yield from _different(a, b, one, other)


def _kind(output):
    if output["output_type"] == "stream":
        return f"stream {output['name']}"
    if output["output_type"] == "error":
        return f"error {output['ename']}"
    return f"{output['output_type']} {', '.join(sorted(output['data']))}"


def _different(a, b, one, other):
    for here, there in zip(_readable(one), _readable(other), strict=True):
        if _is_chinese(here) or _is_chinese(there):
            difference = _first_fact(here, there)
        else:
            difference = _first_difference(here.splitlines(), there.splitlines())
        if difference:
            yield _differ(a, b, "the outputs differ", *difference)


def _first_fact(here, there):
    """The first facts that differ, each with the words around it."""
    for facts in zip_longest(FACTS.finditer(here), FACTS.finditer(there)):
        found = [fact and fact[0] for fact in facts]
        if found[0] != found[1]:
            return [
                f"{fact[0]} in {fact.string.strip()[:60]!r}" if fact else "–"
                for fact in facts
            ]
    return None


def _readable(output):
    """The texts of an output, of a page of HTML only its words and its data."""
    if output["output_type"] == "stream":
        return ["".join(output["text"])]
    if output["output_type"] == "error":
        return [output["evalue"]]
    data = {
        kind: "".join(text)
        for kind, text in output["data"].items()
        if kind.startswith("text/")
    }
    # A figure is as wide as its labels, which differ.
    data = {
        kind: re.sub(r"<Figure size \S+", "<Figure", text)
        for kind, text in data.items()
    }
    return [
        _said_and_carried(BeautifulSoup(text, "html.parser"))
        if kind == "text/html"
        else text
        for kind, text in sorted(data.items())
    ]


def _said_and_carried(html):
    """The words of HTML, then the JSON that a script shows to readers who choose something else."""
    data = [script.string or "" for script in html("script", type="application/json")]
    return " ".join([html.get_text(" ", strip=True), *data])


def _is_chinese(text):
    return bool(set(HAN.findall(text)) - set(VOCABULARY))
