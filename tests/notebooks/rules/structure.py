"""Rules on a page's skeleton: metadata, headings and anchors, figures, exercises, sizes."""

import ast
import re
from statistics import median

from .model import HAN, called
from .registry import page_rule

# No version number of Python or of a kernel: executing again elsewhere changes nothing here.
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
CELL_METADATA = {"code": {"tags", "mystnb"}, "markdown": {"tags"}}
TAGS = {
    "code": {
        "setup",  # the first code cell of a chapter
        "raises-exception",  # it shows an error, for real
        "nbval-ignore-output",  # its output depends on the machine; nothing compares it
        "hide-cell",
        "hide-input",
        "hide-output",
        "remove-cell",
        "remove-input",
        "remove-output",
    },
    "markdown": {
        "bilingual",  # an English cell that names things in Chinese
        "remove-cell",
    },
}
SLUG = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")

NOT_CHAPTERS = {"index", "setup", "glossary", "source-check", "pitfalls", "colophon"}
CODE_CELLS = (15, 38)  # the exercises' cells and those of interactive figures included
MEDIAN_LINES = 4


def is_chapter(page):
    return page.name not in NOT_CHAPTERS


# --- the file ---


@page_rule
def notebook_format_4_5(page):
    """The first version of the format with cell ids, and the only one that all tools write."""
    version = page.raw.get("nbformat"), page.raw.get("nbformat_minor")
    if version != (4, 5):
        yield f"{page}: is in notebook format {version[0]}.{version[1]}; save it as 4.5"


@page_rule
def clean_metadata(page):
    """What a tool adds (versions, timing, folded cells) is noise in every later diff."""
    for key in sorted(page.raw["metadata"].keys() | METADATA.keys()):
        here, wanted = page.raw["metadata"].get(key), METADATA.get(key)
        if here != wanted:
            yield f"{page}: its metadata have {key}: {here}; write {wanted or 'nothing'}"
    for cell in page.cells:
        extra = sorted(cell.metadata.keys() - CELL_METADATA.get(cell.type, set()))
        if extra:
            yield f"{cell}: remove the cell metadata {', '.join(extra)}"


@page_rule
def known_tags(page):
    """A misspelt tag does nothing, and nobody would notice."""
    for cell in page.cells:
        for tag in cell.tags:
            if tag not in TAGS.get(cell.type, set()):
                yield f"{cell}: a {cell.type} cell has no tag {tag!r}"


@page_rule
def cell_ids(page):
    """Ids say which cell is which: the two languages are compared by them."""
    ids = [cell.id for cell in page.cells]
    for cell in page.cells:
        if not cell.id:
            yield f"{cell}: has no id"
        elif ids.count(cell.id) > 1 and ids.index(cell.id) + 1 < cell.number:
            yield f"{cell}: has the same id as cell {ids.index(cell.id) + 1}"


@page_rule
def no_empty_cell(page):
    """An empty cell is a leftover, and it breaks the count of executions."""
    for cell in page.cells:
        if not cell.source.strip():
            yield f"{cell}: is empty"


@page_rule
def only_code_and_markdown(page):
    """A raw cell shows in some viewers and is lost in others."""
    for cell in page.cells:
        if cell.type not in CELL_METADATA:
            yield f"{cell}: is a {cell.type} cell; use Markdown or code"


# --- headings, anchors, links ---


@page_rule
def one_title(page):
    """The site takes the page's name from it."""
    titles = [heading for heading in page.headings if heading.level == 1]
    first = page.cells[0].blocks[:1] if page.cells else []
    if not first or first[0].type != "heading_open" or first[0].tag != "h1":
        yield f"{page}: does not begin with a title (# …)"
    for heading in titles[1:]:
        yield f"{heading.cell}: has a second title; a page has one"


@page_rule
def an_anchor_before_every_heading(page):
    """The language switch leads to the same heading, and titles are no names in two languages."""
    for heading in page.headings:
        if heading.level > 1 and heading.anchor is None:
            yield (
                f"{heading.cell}: the heading {heading.title!r} has no anchor; put "
                '<a id="…"></a> and an empty line before it'
            )


@page_rule
def anchors_are_names(page):
    """They are part of addresses that people keep: plain ASCII, and one place each."""
    seen = set()
    for cell in page.cells:
        for anchor in cell.anchors:
            if not SLUG.fullmatch(anchor):
                yield f"{cell}: the anchor {anchor!r} is no lower-case-name"
            if anchor in seen:
                yield f"{cell}: the anchor {anchor!r} is there twice on this page"
            seen.add(anchor)


@page_rule
def nothing_that_only_the_site_understands(page):
    """Directives, labels and roles show as raw text in JupyterLab, on Colab and on GitHub."""
    for cell in page.markdown:
        for fence in cell.fences:
            if fence.info.startswith("{"):
                yield f"{cell}: the directive ```{fence.info} shows as text outside the site"
        for block in cell.blocks:
            if block.type == "inline":
                for line in block.content.splitlines():
                    if re.match(r":::|\([\w-]+\)=\s*$|%\s", line):
                        yield f"{cell}: {line!r} shows as text outside the site"
        for span, after in zip(cell.spans, cell.spans[1:]):
            if after.type == "code_inline" and re.search(
                r"\{[a-z][\w:-]*\}$", span.content
            ):
                role = f"{span.content.split()[-1]}`{after.content}`"
                yield f"{cell}: the role {role} shows as text outside the site"
            if (span.type, after.type) == ("link_open", "link_close"):
                yield f"{cell}: the link to {span.attrs['href']} has no text outside the site"


# --- figures ---


@page_rule
def figures_are_described(page):
    """Who cannot see a figure hears its alternative text; the default one is a file path."""
    names = set()
    for cell in page.code:
        alt, caption, name = cell.figure
        if not cell.has_image:
            if (alt or caption or name) and cell.executed:
                yield f"{cell}: describes a figure, but no image is stored"
            continue
        for what, said in (("image: alt", alt), ("figure: caption", caption)):
            if not said.strip():
                yield f"{cell}: its figure has no text in mystnb: {what}"
            elif re.fullmatch(r"\S*(/\S*|\.(png|svg|jpe?g))", said):
                yield f"{cell}: {said!r} in mystnb: {what} is a file name"
            elif page.language == "zh" and not HAN.search(said):
                yield f"{cell}: {said!r} in mystnb: {what} is not Chinese"
        if alt and alt == caption:
            yield f"{cell}: alternative text and caption are the same; a reader would hear it twice"
        if not SLUG.fullmatch(name):
            yield f"{cell}: {name!r} in mystnb: figure: name is no lower-case-name"
        elif name in names:
            yield f"{cell}: the figure name {name!r} is there twice on this page"
        names.add(name)


@page_rule
def images_are_described(page):
    """The same for an image in Markdown."""
    for cell in page.markdown:
        for source, alt in cell.images:
            if not alt.strip():
                yield f"{cell}: the image {source} has no alternative text"
            elif page.language == "zh" and not HAN.search(alt):
                yield f"{cell}: the image {source} has an alternative text that is not Chinese"


# --- exercises ---


@page_rule
def details_are_whole(page):
    """An open <details> swallows the rest of the page; one without a summary has no name."""
    for cell in page.markdown:
        raw = "".join(
            t.content for t in (*cell.blocks, *cell.spans) if t.type.startswith("html")
        )
        opened, closed, named = (
            len(re.findall(tag, raw))
            for tag in (r"<details\b", r"</details>", r"<summary\b.*?</summary>")
        )
        if opened != closed:
            yield f"{cell}: opens {opened} <details> and closes {closed}"
        elif opened != named:
            yield f"{cell}: has {opened} <details> and {named} <summary>…</summary> on one line"


@page_rule
def exercises_have_solutions(page):
    """Each exercise is followed by its hidden solution, before the next exercise begins."""
    waiting = None
    for cell in page.markdown:
        exercise = next((h.anchor for h in cell.headings if _is_exercise(h)), None)
        if exercise:
            if waiting:
                yield "{}: the exercise {!r} has no solution in <details>".format(
                    *waiting
                )
            waiting = cell, exercise
        if cell.html("details"):
            waiting = None
    if waiting:
        yield "{}: the exercise {!r} has no solution in <details>".format(*waiting)


def _is_exercise(heading):
    return (heading.anchor or "").startswith("exercise-")


# --- chapters ---


@page_rule
def chapters_have_exercises(page):
    """A chapter ends with something to try."""
    if is_chapter(page) and not any(_is_exercise(heading) for heading in page.headings):
        yield f'{page}: has no exercise (a heading with the anchor <a id="exercise-…"></a>)'


@page_rule
def chapters_have_small_cells(page):
    """One idea a cell: enough cells, and most of them short."""
    if not is_chapter(page):
        return
    fewest, most = CODE_CELLS
    if not fewest <= len(page.code) <= most:
        yield f"{page}: has {len(page.code)} code cells; a chapter has {fewest} to {most}"
    lines = [
        len([line for line in cell.source.splitlines() if line.strip()])
        for cell in page.code
        if "setup" not in cell.tags
    ]
    if lines and median(lines) > MEDIAN_LINES:
        yield (
            f"{page}: half of its code cells have {median(lines):g} lines or more; at most "
            f"{MEDIAN_LINES} are read at a glance"
        )


@page_rule
def chapters_begin_with_setup(page):
    """Any chapter can be opened first, on any device, and gives the same numbers."""
    if not is_chapter(page) or not page.code:
        return
    first, *others = page.code
    if "setup" not in first.tags:
        yield f"{first}: is the first code cell, so it is the set-up cell; tag it 'setup'"
    elif first.tree:
        for name in ("select_device", "manual_seed", "use_language"):
            if name not in called(first.tree):
                yield f"{first}: the set-up cell does not call {name}"
    for cell in others:
        if "setup" in cell.tags:
            yield f"{cell}: is tagged 'setup', but is not the first code cell"


@page_rule
def use_the_page_s_language(page):
    """The helpers draw and print in the language that was set last."""
    for cell in page.code:
        languages = re.findall(r"use_language\(\W*(\w+)\W*\)", cell.source)
        if set(languages) - {page.language}:
            yield f"{cell}: sets another language than {page.language!r}"


def setup_without_imports(cell):
    """The set-up cell's code, but for what it imports."""
    statements = [
        node
        for node in (cell.tree or ast.Module([], [])).body
        if not isinstance(node, (ast.Import, ast.ImportFrom))
    ]
    return [ast.dump(node) for node in statements]
