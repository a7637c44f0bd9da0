"""Rules on the book and a page's skeleton: files, headings, links, figures, sizes."""

import re
from itertools import zip_longest
from statistics import median

from nbformat.validator import iter_validate

from tools.book import METADATA

from .model import HAN, book_rule, page_rule

TAGS = {
    "code": {
        "setup",  # the first code cell of a chapter
        "raises-exception",  # it shows an error, for real
        "nbval-ignore-output",  # its output depends on the machine; nothing compares it
        *("hide-cell", "hide-input", "hide-output"),
        *("remove-cell", "remove-input", "remove-output"),
    },
    # "bilingual": an English cell that names things in Chinese
    "markdown": {"bilingual", "remove-cell"},
}
SLUG = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
NOT_CHAPTERS = {"index", "setup", "api", "glossary", "source-check", "colophon"}
CODE_CELLS = (15, 41)  # the exercises' cells and those of interactive figures included
MEDIAN_LINES = 4
LINE_LENGTH = 88  # of code
CAPTION = re.compile(r"\*\*(?:Figure|图)\*\* (.+)")  # every viewer shows it


def is_chapter(page):
    return page.name not in NOT_CHAPTERS and not page.name.startswith("pitfalls")


# --- the book ---


@book_rule
def every_page_in_every_language(book):
    """Readers change the language anywhere; a page that is not there is a dead end."""
    for language, pages in book.pages.items():
        for name in sorted(set(book.toc) - pages.keys()):
            yield f"book/{language}/{name}.ipynb: is missing, though _toc.yml lists it"
        for name in sorted(pages.keys() - set(book.toc)):
            yield f"book/{language}/{name}.ipynb: is not in _toc.yml"


@book_rule
def links_lead_somewhere(book):
    """A link within the book names a page that exists and an anchor that is in it."""
    for page in book:
        pages = book.pages[page.language]
        for cell in page.cells:
            for link in (*cell.links, *(source for source, _ in cell.images)):
                file, _, anchor = link.partition("#")
                if re.match(r"[a-z]+:", link):
                    continue
                if file and not (page.path.parent / file).is_file():
                    yield f"{cell}: links to {link}, but there is no such file"
                    continue
                target = pages.get(file.removesuffix(".ipynb")) if file else page
                if anchor and (target is None or anchor not in target.anchors):
                    yield f"{cell}: links to {link}, but that page has no such anchor"


# --- the file ---


@page_rule
def notebook_format_4_5(page):
    """With ids by which languages are compared, and nothing that tools like to add."""
    version = page.raw.get("nbformat"), page.raw.get("nbformat_minor")
    if version != (4, 5):
        yield f"{page}: is in notebook format {version[0]}.{version[1]}; save it as 4.5"
        return
    for error in iter_validate(page.raw):
        yield f"{page}: is not a valid notebook: {error.message}"
    ids = [cell.id for cell in page.cells]
    if page.raw["metadata"] != METADATA:
        yield f"{page}: its metadata must be {METADATA}"
    for cell in page.cells:
        extra = cell.metadata.keys() - {"tags", *["mystnb"] * (cell.type == "code")}
        if extra:
            yield f"{cell}: remove the cell metadata {', '.join(sorted(extra))}"
        if cell.type not in TAGS:
            yield f"{cell}: is a {cell.type} cell; use Markdown or code"
        if ids.count(cell.id) > 1:
            yield f"{cell}: another cell has the same id"
        if not cell.source.strip():
            yield f"{cell}: is empty"
        for tag in set(cell.tags) - TAGS.get(cell.type, set()):
            yield f"{cell}: a {cell.type} cell cannot have the tag {tag!r}"


# --- headings, anchors, links ---


@page_rule
def headings_have_anchors(page):
    """The language switch leads to the same heading, and titles differ by language."""
    headings = page.headings
    if [h.level for h in headings][:1] != [1] or not page.cells[0].headings:
        yield f"{page}: does not begin with a title (# …)"
    for heading in headings[1:]:
        if heading.level == 1:
            yield f"{heading.cell}: has a second title; a page has one"
        elif heading.anchor is None:
            yield (
                f'{heading.cell}: put <a id="…"></a> and a blank line before '
                f"{heading.title!r}"
            )
    for cell in page.cells:
        for anchor in cell.anchors:
            if not SLUG.fullmatch(anchor):
                yield f"{cell}: the anchor {anchor!r} is not a lower-case-name"
            if page.anchors.count(anchor) > 1:
                yield f"{cell}: the anchor {anchor!r} is on this page more than once"


@page_rule
def nothing_that_only_the_site_understands(page):
    """Directives, labels and roles show as text in JupyterLab and on GitHub."""
    outside = "shows as text outside the site"
    for cell in page.markdown:
        for fence in cell.fences:
            if fence.info.startswith("{"):
                yield f"{cell}: the directive {fence.info} {outside}"
        for block in cell.blocks:
            lines = block.content.splitlines() if block.type == "inline" else []
            for line in lines:
                if re.match(r":::|\([\w-]+\)=\s*$|%\s", line):
                    yield f"{cell}: {line!r} {outside}"
        for span, after in zip(cell.spans, cell.spans[1:]):
            role = re.search(r"\{[a-z][\w:-]*\}$", span.content)
            if role and after.type == "code_inline":
                yield f"{cell}: the role {role[0]} {outside}"
            if (span.type, after.type) == ("link_open", "link_close"):
                yield f"{cell}: the link to {span.attrs['href']} has no text"


# --- figures ---


@page_rule
def figures_are_described(page):
    """Its alternative text and, at the head of the next cell, a caption that all see."""
    names = [cell.figure[1] for cell in page.code if cell.figure[1]]
    for cell, following in zip_longest(page.cells, page.cells[1:]):
        for source, alt in cell.images:
            if not alt or page.language == "zh" and not HAN.search(alt):
                yield f"{cell}: describe the image {source} in the page's language"
        alt, name = cell.figure
        found = following and CAPTION.match(str(following.source))
        caption = found[1] if found else ""
        data = [kind for output in cell.outputs for kind in output.get("data", {})]
        if any(kind.startswith("image/") for kind in data):
            for text in (alt, caption):
                if not text or page.language == "zh" and not HAN.search(text):
                    yield f"{cell}: describe the figure in this language: {text!r}"
            if alt == caption:
                yield f"{cell}: a reader would hear caption and description twice"
            if not SLUG.fullmatch(name) or names.count(name) > 1:
                yield f"{cell}: the figure's name {name!r} is not a name of its own"
        elif alt or name:
            yield f"{cell}: describes a figure, but no image is stored"


# --- exercises and sizes ---


@page_rule
def exercises_have_solutions(page):
    """Each exercise is followed by its hidden solution, before the next one begins."""
    waiting = None
    for cell in page.markdown:
        for heading in cell.headings:
            if (heading.anchor or "").startswith("exercise-"):
                if waiting:
                    yield f"{waiting}: this exercise has no solution in <details>"
                waiting = cell
        if cell.html("details"):
            waiting = None
            raw = str(cell.source)
            tags = ("<details", "</details>", "<summary>", "</summary>")
            if len({raw.count(tag) for tag in tags}) > 1:
                yield f"{cell}: close each <details>, and give it a <summary>"
    if waiting:
        yield f"{waiting}: this exercise has no solution in <details>"
    if is_chapter(page) and not any(a.startswith("exercise-") for a in page.anchors):
        yield f'{page}: has no exercise (a heading with the anchor "exercise-…")'


@page_rule
def code_is_read_at_a_glance(page):
    """One idea a cell: enough cells, most of them short, no line that is cut off."""
    for cell in page.code:
        for line in cell.source.splitlines():
            if len(line) > LINE_LENGTH:
                yield f"{cell}: {len(line)} characters, not {LINE_LENGTH}: {line}"
    if not is_chapter(page):
        return
    fewest, most = CODE_CELLS
    if not fewest <= len(page.code) <= most:
        yield f"{page}: has {len(page.code)} code cells, not {fewest} to {most}"
    others = [cell for cell in page.code if "setup" not in cell.tags]
    lines = [sum(bool(line.strip()) for line in c.source.splitlines()) for c in others]
    if lines and median(lines) > MEDIAN_LINES:
        yield f"{page}: half of its code cells have {median(lines):g} lines or more"


@page_rule
def chapters_begin_with_setup(page):
    """Any chapter can be opened first, on any device, and gives the same numbers."""
    for cell in page.code[1:]:
        if "setup" in cell.tags:
            yield f"{cell}: is tagged 'setup', but is not the first code cell"
    for cell in page.code[:1] if is_chapter(page) else []:
        for name in ("select_device", "manual_seed", "use_language"):
            if "setup" not in cell.tags or f"{name}(" not in cell.source:
                yield f"{cell}: the first code cell is tagged 'setup' and calls {name}"
    for cell in page.code:
        chosen = set(re.findall(r"use_language\(\W*(\w+)\W*\)", cell.source))
        if chosen - {page.language}:
            yield f"{cell}: sets another language than {page.language!r}"
