"""Each rule on notebooks sees its mistake: a clean small book is broken in one place at a time."""

import copy
import json
import re

import pytest

from tests.notebooks.rules import (
    BOOK_RULES,
    PAGE_RULES,
    PAIR_RULES,
    Book,
    outputs,
    parity,
    structure,
    typography,
    whole,
)

# --- a small clean book: a start page and two chapters that say the same ---


def text(name, zh, en):
    return {
        "zh": {"cell_type": "markdown", "id": name, "metadata": {}, "source": zh},
        "en": {"cell_type": "markdown", "id": name, "metadata": {}, "source": en},
    }


def code(name, zh, en=None, outputs=(), en_outputs=None, zh_meta=None, en_meta=None):
    def cell(source, outputs, metadata):
        return {
            "cell_type": "code",
            "id": name,
            "metadata": metadata or {},
            "source": source,
            "outputs": list(outputs),
            "execution_count": None,
        }

    return {
        "zh": cell(zh, outputs, zh_meta),
        "en": cell(en or zh, en_outputs or outputs, en_meta or zh_meta),
    }


def result(text, kind="text/plain"):
    return {
        "output_type": "execute_result",
        "metadata": {},
        "execution_count": None,
        "data": {kind: text},
    }


def printed(text, name="stdout"):
    return {"output_type": "stream", "name": name, "text": text}


def failed(ename, evalue, traceback=None):
    return {
        "output_type": "error",
        "ename": ename,
        "evalue": evalue,
        "traceback": [traceback or f"\x1b[31m{ename}\x1b[39m: {evalue}\n"],
    }


def widget(word, number):
    """What an interactive figure stores: what it shows first, and data that it shows later."""
    return result(
        f'<p>{word} 1</p>\n<script type="application/json">["{word}",1,{number}]</script>',
        "text/html",
    )


PICTURE = {
    "output_type": "display_data",
    "metadata": {},
    "data": {
        "image/png": "iVBORw0KGgo=",
        "text/plain": "<Figure size 640x480 with 1 Axes>",
    },
}


def figure(alt, caption):
    return {
        "mystnb": {
            "image": {"alt": alt},
            "figure": {"caption": caption, "name": "fig-rows"},
        }
    }


SETUP = """\
%xmode Minimal
import torch
from embedlinear import select_device
from embedlinear.book import use_language
torch.manual_seed(1)  # {why}
use_language("{language}")
device = select_device()"""

INDEX = [
    text(
        "title",
        "# 这本书\n\n[第一章](rows.ipynb#shape)",
        "# This book\n\n[One](rows.ipynb#shape)",
    ),
]
CHAPTER = [
    text(
        "title",
        "# 行\n\n见[首页](index.ipynb)。",
        "# Rows\n\nSee the [start](index.ipynb).",
    ),
    code(
        "setup",
        SETUP.format(why="每次都一样", language="zh"),
        SETUP.format(why="the same each time", language="en"),
        [printed("Exception reporting mode: Minimal\n")],
        zh_meta={"tags": ["setup"]},
    ),
    text(
        "shape-said",
        '<a id="shape"></a>\n\n## 形状\n\n用 `Embedding` 层把 3 个词（**优**、良、差）变成 $x$，'
        "见 [PyTorch](https://pytorch.org/docs) 和[维基](https://zh.wikipedia.org/wiki/词嵌入)。",
        '<a id="shape"></a>\n\n## Shape\n\n`Embedding` turns 3 words (优, 良, 差) into $x$; see\n'
        "[Wikipedia](https://en.wikipedia.org/wiki/Word_embedding) and\n"
        "[PyTorch](https://pytorch.org/docs).",
    ),
    code(
        "table",
        'table = torch.zeros(3, 2)  # 三行\n{"形状": table.shape, "空": False}',
        'table = torch.zeros(3, 2)  # three rows\n{"shape": table.shape, "empty": False}',
        [result("{'形状': torch.Size([3, 2]), '空': False}")],
        [result("{'shape': torch.Size([3, 2]), 'empty': False}")],
    ),
    code("value", "table[0]", outputs=[result("tensor([0., 0.])")]),
    code(
        "words",
        'words = ["优", "良", "差"]\nprint(f"第 {0} 行：{0.5:.2f}")',
        'words = ["优", "良", "差"]\nprint(f"row {0}: {0.5:.2f}")',
        [printed("第 0 行：0.50\n")],
        [printed("row 0: 0.50\n")],
    ),
    code(
        "beyond",
        "table[3]",
        outputs=[failed("IndexError", "index 3 is out of bounds")],
        zh_meta={"tags": ["raises-exception"]},
    ),
    code(
        "speed",
        "%%time\n_ = table.sum()",
        outputs=[printed("CPU times: 1 ms\n")],
        zh_meta={"tags": ["nbval-ignore-output"]},
    ),
    code(
        "drawn",
        "plt.show()",
        outputs=[PICTURE],
        zh_meta=figure("三行两列", "一张表，每行一个词。"),
        en_meta=figure("Three rows, two columns", "A table: a row for each word."),
    ),
    *(code(f"sum-{n}", f"1 + {n}", outputs=[result(str(1 + n))]) for n in range(7)),
    text(
        "exercise-said",
        '<a id="exercise-sum"></a>\n\n## 练习\n\n和是多少？',
        '<a id="exercise-sum"></a>\n\n## Exercise\n\nWhat is the sum?',
    ),
    code(
        "exercise-try",
        "sum(...)",
        outputs=[failed("TypeError", "not iterable")],
        zh_meta={"tags": ["raises-exception"]},
    ),
    text(
        "exercise-solved",
        "<details>\n<summary>答案</summary>\n\n```python\nsum([1])  # 一\n```\n\n</details>",
        "<details>\n<summary>Solution</summary>\n\n```python\nsum([1])  # one\n```\n\n</details>",
    ),
]


def renumber(cells):
    code_cells = [cell for cell in cells if cell["cell_type"] == "code"]
    for number, cell in enumerate(code_cells, start=1):
        cell["execution_count"] = number


def small_book():
    """``{"zh": {"index": notebook, …}, "en": …, "toc": text}``."""

    def notebook(cells, language):
        cells = [copy.deepcopy(cell[language]) for cell in cells]
        renumber(cells)
        return {
            "cells": cells,
            "metadata": copy.deepcopy(structure.METADATA),
            "nbformat": 4,
            "nbformat_minor": 5,
        }

    pages = {"index": INDEX, "rows": CHAPTER, "columns": CHAPTER}
    book = {
        language: {name: notebook(cells, language) for name, cells in pages.items()}
        for language in ("zh", "en")
    }
    return book | {
        "toc": "root: index\nparts:\n- chapters:\n  - file: rows\n  - file: columns\n"
    }


def problems(folder, book):
    """What all the rules say, in order: ``(rule, problem)``."""
    (folder / "_toc.yml").write_text(book.pop("toc"), encoding="utf-8")
    for language, pages in book.items():
        (folder / "book" / language).mkdir(parents=True)
        for name, notebook in pages.items():
            path = folder / "book" / language / f"{name}.ipynb"
            path.write_text(json.dumps(notebook), encoding="utf-8")
    read = Book(folder)
    arguments = [
        (BOOK_RULES, [(read,)]),
        (PAGE_RULES, [(page,) for page in read]),
        (PAIR_RULES, read.pairs),
    ]
    return [
        (rule, problem)
        for rules, wheres in arguments
        for where in wheres
        for rule in rules
        for problem in rule(*where)
    ]


# --- ways to break it; all work on the chapter "rows", in one language or in both ---


def cells_of(book, languages, name):
    return [
        next(cell for cell in book[language]["rows"]["cells"] if cell["id"] == name)
        for language in languages.split()
    ]


def edit(languages, name, old, new):
    def change(book):
        for cell in cells_of(book, languages, name):
            assert old in cell["source"]
            cell["source"] = cell["source"].replace(old, new, 1)

    return change


def put(languages, name, **values):
    def change(book):
        for cell in cells_of(book, languages, name):
            cell.update(copy.deepcopy(values))

    return change


def shows(languages, name, *outputs):
    return put(languages, name, outputs=list(outputs))


def both(*changes):
    return lambda book: [change(book) for change in changes]


def drop(languages, name):
    def change(book):
        for language in languages.split():
            cells = book[language]["rows"]["cells"]
            cells.remove(*cells_of(book, language, name))
            renumber(cells)

    return change


def say(languages, words):
    """Add a paragraph."""
    return lambda book: [
        cell.update(source=f"{cell['source']}\n\n{words}")
        for cell in cells_of(book, languages, "shape-said")
    ]


def describe(language, **values):
    """Change what is said about the figure; None takes it away."""

    def change(book):
        (cell,) = cells_of(book, language, "drawn")
        described = cell["metadata"]["mystnb"]
        for key, value in values.items():
            part = described["image" if key == "alt" else "figure"]
            part.update({key: value}) if value is not None else part.pop(key)

    return change


def remove(language, name):
    return lambda book: book[language].pop(name)


def notebook(language, **values):
    return lambda book: book[language]["rows"].update(values)


def metadata(language, **values):
    return lambda book: book[language]["rows"]["metadata"].update(values)


def toc(*chapters):
    lines = "".join(f"- file: {name}\n" for name in chapters)
    return lambda book: book.update(toc=f"root: index\nchapters:\n{lines}")


def add_page(name, zh, en):
    def change(book):
        for language, source in (("zh", zh), ("en", en)):
            page = copy.deepcopy(book[language]["index"])
            page["cells"][0]["source"] = source
            book[language][name] = page
        book["toc"] += f"  - file: {name}\n"

    return change


def swap(language, first, second):
    def change(book):
        cells = book[language]["rows"]["cells"]
        a, b = (
            cells.index(*cells_of(book, language, name)) for name in (first, second)
        )
        cells[a], cells[b] = cells[b], cells[a]
        renumber(cells)

    return change


# --- what each rule says about a book that is broken in one place ---

BREAKS = [
    # --- whole ---
    (
        whole.a_table_of_contents,
        lambda book: book.update(toc=""),
        """
     _toc.yml: is missing or lists no page
     book/*/columns.ipynb: is not in _toc.yml, so no reader finds it
     book/*/index.ipynb: is not in _toc.yml, so no reader finds it
     book/*/rows.ipynb: is not in _toc.yml, so no reader finds it
     """,
    ),
    (
        whole.a_table_of_contents,
        toc("rows", "columns", "rows"),
        """
     _toc.yml: lists rows twice
     """,
    ),
    (
        whole.every_page_in_every_language,
        remove("en", "columns"),
        """
     book/en/columns.ipynb: is missing, though _toc.yml lists it
     """,
    ),
    (
        whole.every_page_in_every_language,
        toc("rows"),
        """
     book/*/columns.ipynb: is not in _toc.yml, so no reader finds it
     """,
    ),
    (
        whole.links_lead_somewhere,
        edit("zh en", "title", "index.ipynb", "indx.ipynb"),
        """
     book/*/rows.ipynb, cell 1 (title): links to indx.ipynb, but there is no such file
     """,
    ),
    (
        whole.links_lead_somewhere,
        edit("zh en", "title", "index.ipynb", "columns.ipynb#shapes"),
        """
     book/*/rows.ipynb, cell 1 (title): links to columns.ipynb#shapes, but that page has no <a
         id="shapes"></a>
     """,
    ),
    (
        whole.links_lead_somewhere,
        edit("zh en", "shape-said", "https://pytorch.org/docs", "#here"),
        """
     book/*/rows.ipynb, cell 3 (shape-said): links to #here, but that page has no <a
         id="here"></a>
     """,
    ),
    (
        whole.the_same_setup_everywhere,
        edit("zh en", "setup", "seed(1)", "seed(2)"),
        """
     book/*/rows.ipynb, cell 2 (setup): sets up more than book/*/columns.ipynb does, or less
     """,
    ),
    # --- structure ---
    (
        structure.notebook_format_4_5,
        notebook("zh", nbformat_minor=4),
        """
     book/zh/rows.ipynb: is in notebook format 4.4; save it as 4.5
     """,
    ),
    (
        structure.clean_metadata,
        metadata("zh", language_info={"name": "python", "version": "3.11.2"}),
        """
     book/zh/rows.ipynb: its metadata have language_info: {'name': 'python', 'version': '3.11.2'};
         write {'name': 'python'}
     """,
    ),
    (
        structure.clean_metadata,
        put("zh en", "value", metadata={"collapsed": True}),
        """
     book/*/rows.ipynb, cell 5 (value): remove the cell metadata collapsed
     """,
    ),
    (
        structure.known_tags,
        put("zh en", "value", metadata={"tags": ["raises-exceptions"]}),
        """
     book/*/rows.ipynb, cell 5 (value): a code cell has no tag 'raises-exceptions'
     """,
    ),
    (
        structure.cell_ids,
        put("zh en", "sum-0", id="value"),
        """
     book/*/rows.ipynb, cell 10 (value): has the same id as cell 5
     """,
    ),
    (
        structure.cell_ids,
        put("zh en", "sum-0", id=None),
        """
     book/*/rows.ipynb, cell 10 (None): has no id
     """,
    ),
    (
        structure.no_empty_cell,
        put("zh en", "exercise-said", source="\n"),
        """
     book/*/rows.ipynb, cell 17 (exercise-said): is empty
     book/*/rows.ipynb: has no exercise (a heading with the anchor <a id="exercise-…"></a>)
     """,
    ),
    (
        structure.only_code_and_markdown,
        put("zh en", "title", cell_type="raw"),
        """
     book/*/rows.ipynb, cell 1 (title): is a raw cell; use Markdown or code
     book/*/rows.ipynb: does not begin with a title (# …)
     """,
    ),
    (
        structure.one_title,
        edit("zh en", "title", "# ", ""),
        """
     book/*/rows.ipynb: does not begin with a title (# …)
     """,
    ),
    (
        structure.one_title,
        edit("zh en", "shape-said", "## ", "# "),
        """
     book/*/rows.ipynb, cell 3 (shape-said): has a second title; a page has one
     """,
    ),
    (
        structure.an_anchor_before_every_heading,
        edit("zh en", "shape-said", '<a id="shape"></a>', ""),
        """
     book/*/index.ipynb, cell 1 (title): links to rows.ipynb#shape, but that page has no <a
         id="shape"></a>
     book/zh/rows.ipynb, cell 3 (shape-said): the heading '形状' has no anchor; put <a id="…"></a>
         and an empty line before it
     book/en/rows.ipynb, cell 3 (shape-said): the heading 'Shape' has no anchor; put <a
         id="…"></a> and an empty line before it
     """,
    ),
    (
        structure.anchors_are_names,
        edit("zh en", "exercise-said", "exercise-sum", "exercise-Sum"),
        """
     book/*/rows.ipynb, cell 17 (exercise-said): the anchor 'exercise-Sum' is no lower-case-name
     """,
    ),
    (
        structure.anchors_are_names,
        edit("zh en", "exercise-said", "exercise-sum", "shape"),
        """
     book/*/rows.ipynb, cell 17 (exercise-said): the anchor 'shape' is there twice on this page
     book/*/rows.ipynb: has no exercise (a heading with the anchor <a id="exercise-…"></a>)
     """,
    ),
    (
        structure.nothing_that_only_the_site_understands,
        say("zh en", "```{note}\n```"),
        """
     book/*/rows.ipynb, cell 3 (shape-said): the directive ```{note} shows as text outside the
         site
     """,
    ),
    (
        structure.nothing_that_only_the_site_understands,
        say("zh", ":::{note}"),
        """
     book/zh/rows.ipynb, cell 3 (shape-said): ':::{note}' shows as text outside the site
     """,
    ),
    (
        structure.nothing_that_only_the_site_understands,
        say("zh", "(sec-x)="),
        """
     book/zh/rows.ipynb, cell 3 (shape-said): '(sec-x)=' shows as text outside the site
     """,
    ),
    (
        structure.nothing_that_only_the_site_understands,
        say("zh", "{ref}`sec-x`"),
        """
     book/zh/rows.ipynb, cell 3 (shape-said): the role {ref}`sec-x` shows as text outside the site
     """,
    ),
    (
        structure.nothing_that_only_the_site_understands,
        say("zh en", "[](index.ipynb)"),
        """
     book/*/rows.ipynb, cell 3 (shape-said): the link to index.ipynb has no text outside the site
     """,
    ),
    (
        structure.figures_are_described,
        describe("zh", alt=None),
        """
     book/zh/rows.ipynb, cell 9 (drawn): its figure has no text in mystnb: image: alt
     book/{zh,en}/rows.ipynb, cell 9 (drawn): mystnb in the metadata differs
         zh: {'image': {}, 'figure': {'caption': '…', 'name': 'fig-rows'}}
         en: {'image': {'alt': '…'}, 'figure': {'caption': '…', 'name': 'fig-rows'}}
     """,
    ),
    (
        structure.figures_are_described,
        describe("en", caption=None),
        """
     book/en/rows.ipynb, cell 9 (drawn): its figure has no text in mystnb: figure: caption
     book/{zh,en}/rows.ipynb, cell 9 (drawn): mystnb in the metadata differs
         zh: {'image': {'alt': '…'}, 'figure': {'caption': '…', 'name': 'fig-rows'}}
         en: {'image': {'alt': '…'}, 'figure': {'name': 'fig-rows'}}
     """,
    ),
    (
        structure.figures_are_described,
        describe("en", alt="_images/rows_1.png"),
        """
     book/en/rows.ipynb, cell 9 (drawn): '_images/rows_1.png' in mystnb: image: alt is a file name
     """,
    ),
    (
        structure.figures_are_described,
        describe("zh", alt="Three rows"),
        """
     book/zh/rows.ipynb, cell 9 (drawn): 'Three rows' in mystnb: image: alt is not Chinese
     """,
    ),
    (
        structure.figures_are_described,
        describe("en", alt="A table: a row for each word."),
        """
     book/en/rows.ipynb, cell 9 (drawn): alternative text and caption are the same; a reader would
         hear it twice
     """,
    ),
    (
        structure.figures_are_described,
        both(describe("zh", name="Rows"), describe("en", name="Rows")),
        """
     book/*/rows.ipynb, cell 9 (drawn): 'Rows' in mystnb: figure: name is no lower-case-name
     """,
    ),
    (
        structure.figures_are_described,
        shows("zh en", "drawn"),
        """
     book/*/rows.ipynb, cell 9 (drawn): ends with the expression plt.show(), but no output is
         stored
     book/*/rows.ipynb, cell 9 (drawn): describes a figure, but no image is stored
     """,
    ),
    (
        structure.images_are_described,
        say("zh en", "![](index.ipynb)"),
        """
     book/*/rows.ipynb, cell 3 (shape-said): the image index.ipynb has no alternative text
     """,
    ),
    (
        structure.images_are_described,
        both(say("zh", "![A](index.ipynb)"), say("en", "![A](index.ipynb)")),
        """
     book/zh/rows.ipynb, cell 3 (shape-said): the image index.ipynb has an alternative text that
         is not Chinese
     """,
    ),
    (
        structure.details_are_whole,
        edit("zh", "exercise-solved", "</details>", ""),
        """
     book/zh/rows.ipynb, cell 19 (exercise-solved): opens 1 <details> and closes 0
     """,
    ),
    (
        structure.details_are_whole,
        edit("zh", "exercise-solved", "<summary>答案</summary>", "答案"),
        """
     book/zh/rows.ipynb, cell 19 (exercise-solved): has 1 <details> and 0 <summary>…</summary> on
         one line
     """,
    ),
    (
        structure.exercises_have_solutions,
        drop("zh en", "exercise-solved"),
        """
     book/*/rows.ipynb, cell 17 (exercise-said): the exercise 'exercise-sum' has no solution in
         <details>
     """,
    ),
    (
        structure.chapters_have_exercises,
        edit("zh en", "exercise-said", "exercise-sum", "sum"),
        """
     book/*/rows.ipynb: has no exercise (a heading with the anchor <a id="exercise-…"></a>)
     """,
    ),
    (
        structure.chapters_have_small_cells,
        drop("zh en", "sum-0"),
        """
     book/*/rows.ipynb: has 14 code cells; a chapter has 15 to 38
     """,
    ),
    (
        structure.chapters_have_small_cells,
        both(
            *(
                edit("zh en", name, "", "0\n" * 5)
                for name in ("table", "value", "words")
            ),
            *(edit("zh en", f"sum-{n}", "", "0\n" * 5) for n in range(7)),
        ),
        """
     book/*/rows.ipynb: half of its code cells have 6 lines or more; at most 4 are read at a
         glance
     """,
    ),
    (
        structure.chapters_begin_with_setup,
        put("zh en", "setup", metadata={}),
        """
     book/*/rows.ipynb, cell 2 (setup): is the first code cell, so it is the set-up cell; tag it
         'setup'
     """,
    ),
    (
        structure.chapters_begin_with_setup,
        edit("zh en", "setup", "torch.manual_seed(1)", ""),
        """
     book/*/rows.ipynb, cell 2 (setup): sets up more than book/*/columns.ipynb does, or less
     book/*/rows.ipynb, cell 2 (setup): the set-up cell does not call manual_seed
     """,
    ),
    (
        structure.chapters_begin_with_setup,
        put("zh en", "value", metadata={"tags": ["setup"]}),
        """
     book/*/rows.ipynb, cell 5 (value): is tagged 'setup', but is not the first code cell
     """,
    ),
    (
        structure.use_the_page_s_language,
        edit("en", "setup", '"en"', '"zh"'),
        """
     book/en/rows.ipynb, cell 2 (setup): sets up more than book/en/columns.ipynb does, or less
     book/en/rows.ipynb, cell 2 (setup): sets another language than 'en'
     """,
    ),
    # --- outputs ---
    (
        outputs.executed_in_order,
        put("zh", "value", execution_count=7),
        """
     book/zh/rows.ipynb, cell 5 (value): has the execution count 7, not 3; execute the notebook
     """,
    ),
    (
        outputs.executed_in_order,
        put("zh", "setup", execution_count=None),
        """
     book/zh/rows.ipynb, cell 2 (setup): has the execution count None, not 1; execute the notebook
     """,
    ),
    (
        outputs.it_is_python,
        edit("zh en", "value", "table[0]", "table[0"),
        """
     book/*/rows.ipynb, cell 5 (value): is no Python
     """,
    ),
    (
        outputs.results_are_stored,
        shows("zh en", "value"),
        """
     book/*/rows.ipynb, cell 5 (value): ends with the expression table[0], but no output is stored
     """,
    ),
    (
        outputs.no_semicolon_at_the_end,
        edit("zh", "value", "table[0]", "table[0];"),
        """
     book/zh/rows.ipynb, cell 5 (value): ends with ';'; assign the result to _, or end a figure
         with plt.show()
     """,
    ),
    (
        outputs.errors_are_meant,
        shows("zh en", "value", failed("NameError", "no table")),
        """
     book/*/rows.ipynb, cell 5 (value): failed with NameError: no table
     """,
    ),
    (
        outputs.errors_are_meant,
        shows("zh en", "beyond", printed("1\n")),
        """
     book/*/rows.ipynb, cell 7 (beyond): is tagged 'raises-exception', but no error is stored
     """,
    ),
    (
        outputs.errors_are_meant,
        shows(
            "zh en", "beyond", failed("IndexError", "no 3", "line 1\nIndexError: no 3")
        ),
        """
     book/*/rows.ipynb, cell 7 (beyond): shows more than the error's last line; put %xmode Minimal
         first
     """,
    ),
    (
        outputs.nothing_on_stderr,
        shows("zh en", "value", printed("50%|#####", "stderr")),
        """
     book/*/rows.ipynb, cell 5 (value): wrote to stderr: '50%|#####'
     """,
    ),
    (
        outputs.outputs_are_the_same_everywhere,
        shows("zh en", "value", result("/home/me/x.py")),
        """
     book/*/rows.ipynb, cell 5 (value): its output shows a machine path: '/home/'
     """,
    ),
    (
        outputs.outputs_are_the_same_everywhere,
        shows("zh en", "value", result("2024-05-06 07:08:09")),
        """
     book/*/rows.ipynb, cell 5 (value): its output shows a time stamp: '2024-05-06 07:08'
     """,
    ),
    (
        outputs.outputs_are_the_same_everywhere,
        shows("zh en", "value", result("<Generator at 0x7f3a5c1b>")),
        """
     book/*/rows.ipynb, cell 5 (value): its output shows a memory address: '0x7f3a5c1b'
     """,
    ),
    (
        outputs.outputs_are_the_same_everywhere,
        shows("zh en", "value", printed("UserWarning: old")),
        """
     book/*/rows.ipynb, cell 5 (value): its output shows a warning: 'Warning'
     """,
    ),
    (
        outputs.outputs_are_the_same_everywhere,
        shows("zh en", "value", result("tensor([0.], device='cuda:0')")),
        """
     book/*/rows.ipynb, cell 5 (value): its output shows the name of a device: 'cuda'; tag it
         'nbval-ignore-output'
     """,
    ),
    (
        outputs.outputs_are_the_same_everywhere,
        put("zh en", "speed", metadata={}),
        """
     book/*/rows.ipynb, cell 8 (speed): its output shows a duration: 'CPU times'; tag it
         'nbval-ignore-output'
     """,
    ),
    # --- typography ---
    (
        typography.bold_closes,
        say("zh", "**注意：**后面"),
        """
     book/zh/rows.ipynb, cell 3 (shape-said): ** shows as text in '**注意：**后面'; put punctuation
         outside the bold
     """,
    ),
    (
        typography.space_between_han_and_latin,
        say("zh", "用Linear"),
        """
     book/zh/rows.ipynb, cell 3 (shape-said): put a space between Han and Latin in '用Linear'
     """,
    ),
    (
        typography.space_between_han_and_latin,
        say("zh", "用 `Linear`层"),
        """
     book/zh/rows.ipynb, cell 3 (shape-said): put a space between Han and Latin in '用 `Linear`层'
     """,
    ),
    (
        typography.space_between_han_and_latin,
        say("zh", "第**3** 行"),
        """
     book/zh/rows.ipynb, cell 3 (shape-said): put a space between Han and Latin in '第3 行'
     """,
    ),
    (
        typography.space_between_han_and_latin,
        describe("zh", caption="有3 行。"),
        """
     book/zh/rows.ipynb, cell 9 (drawn): put a space between Han and Latin in '有3 行。'
     """,
    ),
    (
        typography.full_width_punctuation,
        say("zh", "行,列"),
        """
     book/zh/rows.ipynb, cell 3 (shape-said): use full-width punctuation, or a code span or
         formula, in '行,列'
     """,
    ),
    (
        typography.full_width_punctuation,
        say("zh", "`Linear`: 层"),
        """
     book/zh/rows.ipynb, cell 3 (shape-said): use full-width punctuation, or a code span or
         formula, in '`Linear`: 层'
     """,
    ),
    (
        typography.full_width_punctuation,
        say("zh", "嵌入 (embedding）"),
        """
     book/zh/rows.ipynb, cell 3 (shape-said): use full-width punctuation, or a code span or
         formula, in '嵌入 (embedding）'
     """,
    ),
    (
        typography.no_space_beside_full_width,
        say("zh", "层， `Linear`"),
        """
     book/zh/rows.ipynb, cell 3 (shape-said): no space beside full-width punctuation in '层，
         `Linear`'
     """,
    ),
    (
        typography.one_line_a_paragraph,
        say("zh", "一行\n又一行"),
        """
     book/zh/rows.ipynb, cell 3 (shape-said): no line break inside a paragraph: '一行↵又一行'
     """,
    ),
    (
        typography.chinese_quotes,
        say("zh", '叫"层"的'),
        """
     book/zh/rows.ipynb, cell 3 (shape-said): write “ ” for quotes in '叫"层"的'
     book/zh/rows.ipynb, cell 3 (shape-said): write “ ” for quotes in '叫"层"的'
     """,
    ),
    (
        typography.chinese_quotes,
        say("zh", "叫“层的"),
        """
     book/zh/rows.ipynb, cell 3 (shape-said): a quote “ ” does not close in '叫“层的'
     """,
    ),
    (
        typography.chinese_dashes_and_dots,
        say("zh", "等等..."),
        """
     book/zh/rows.ipynb, cell 3 (shape-said): write …… in '等等...'
     """,
    ),
    (
        typography.chinese_dashes_and_dots,
        say("zh", "行—列"),
        """
     book/zh/rows.ipynb, cell 3 (shape-said): write —— in '行—列'
     """,
    ),
    (
        typography.chinese_is_translated,
        say("zh", "This was forgotten by the author."),
        """
     book/zh/rows.ipynb, cell 3 (shape-said): is not translated: 'This was forgotten by the
         author.'
     """,
    ),
    (
        typography.english_is_english,
        say("en", "a 层"),
        """
     book/en/rows.ipynb, cell 3 (shape-said): '层' is Chinese, in 'a 层'
     """,
    ),
    (
        typography.english_is_english,
        say("en", "rows，columns"),
        """
     book/en/rows.ipynb, cell 3 (shape-said): '，' is Chinese, in 'rows，columns'
     """,
    ),
    (
        typography.comments_in_the_page_s_language,
        edit("zh", "table", "三行", "three rows are here"),
        """
     book/zh/rows.ipynb, cell 4 (table): the comment '# three rows are here' is not Chinese
     """,
    ),
    (
        typography.comments_in_the_page_s_language,
        edit("en", "table", "three rows", "三行"),
        """
     book/en/rows.ipynb, cell 4 (table): the comment '# 三行' is Chinese
     """,
    ),
    # --- parity ---
    (
        parity.the_same_cells,
        drop("en", "sum-3"),
        """
     book/en/rows.ipynb: has 14 code cells; a chapter has 15 to 38
     book/zh/rows.ipynb, cell 13 (sum-3): this code cell ('1 + 3') is missing in
         book/en/rows.ipynb
     """,
    ),
    (
        parity.the_same_cells,
        drop("zh", "exercise-said"),
        """
     book/zh/rows.ipynb: has no exercise (a heading with the anchor <a id="exercise-…"></a>)
     book/en/rows.ipynb, cell 17 (exercise-said): this markdown cell ('<a id="exercise-sum"></a>')
         is missing in book/zh/rows.ipynb
     """,
    ),
    (
        parity.in_the_same_order,
        swap("en", "sum-1", "sum-2"),
        """
     book/zh/rows.ipynb and en: cells are in another order: where one has 'sum-1', the other has
         'sum-2'
     """,
    ),
    (
        parity.of_the_same_type,
        put("en", "shape-said", cell_type="raw"),
        """
     book/en/index.ipynb, cell 1 (title): links to rows.ipynb#shape, but that page has no <a
         id="shape"></a>
     book/en/rows.ipynb, cell 3 (shape-said): is a raw cell; use Markdown or code
     book/{zh,en}/rows.ipynb, cell 3 (shape-said): the types differ
         zh: markdown
         en: raw
     """,
    ),
    (
        parity.the_same_headings,
        edit("en", "shape-said", '<a id="shape"></a>', ""),
        """
     book/en/index.ipynb, cell 1 (title): links to rows.ipynb#shape, but that page has no <a
         id="shape"></a>
     book/en/rows.ipynb, cell 3 (shape-said): the heading 'Shape' has no anchor; put <a
         id="…"></a> and an empty line before it
     book/{zh,en}/rows.ipynb, cell 3 (shape-said): the headings differ
         zh: ## shape
         en: ## (no anchor)
     """,
    ),
    (
        parity.the_same_headings,
        edit("en", "shape-said", '<a id="shape"></a>', '<a id="form"></a>'),
        """
     book/en/index.ipynb, cell 1 (title): links to rows.ipynb#shape, but that page has no <a
         id="shape"></a>
     book/{zh,en}/rows.ipynb, cell 3 (shape-said): the headings differ
         zh: ## shape
         en: ## form
     """,
    ),
    (
        parity.the_same_headings,
        edit("en", "shape-said", "## ", "### "),
        """
     book/{zh,en}/rows.ipynb, cell 3 (shape-said): the headings differ
         zh: ## shape
         en: ### shape
     """,
    ),
    (
        parity.the_same_headings,
        edit("en", "exercise-said", '<a id="exercise-sum"></a>\n\n## Exercise\n\n', ""),
        """
     book/en/rows.ipynb: has no exercise (a heading with the anchor <a id="exercise-…"></a>)
     book/{zh,en}/rows.ipynb, cell 17 (exercise-said): the headings differ
         zh: ## exercise-sum
         en: –
     """,
    ),
    (
        parity.the_same_headings,
        say("en", '<a id="here"></a>Here'),
        """
     book/{zh,en}/rows.ipynb, cell 3 (shape-said): the anchors differ
         zh: []
         en: ['here']
     """,
    ),
    (
        parity.the_same_links,
        edit("en", "title", "[start](index.ipynb)", "start"),
        """
     book/{zh,en}/rows.ipynb, cell 1 (title): the links differ
         zh: ['index.ipynb']
         en: –
     """,
    ),
    (
        parity.the_same_links,
        edit("en", "shape-said", "https://pytorch.org/docs", "https://pytorch.org"),
        """
     book/{zh,en}/rows.ipynb, cell 3 (shape-said): the links differ
         zh: ['https://pytorch.org/docs']
         en: ['https://pytorch.org']
     """,
    ),
    (
        parity.the_same_images,
        say("en", "![A row](index.ipynb)"),
        """
     book/{zh,en}/rows.ipynb, cell 3 (shape-said): the images differ
         zh: 0
         en: 1
     """,
    ),
    (
        parity.the_same_details,
        say("en", "<details>\n<summary>More</summary>\n\n</details>"),
        """
     book/{zh,en}/rows.ipynb, cell 3 (shape-said): the number of <details> differs
         zh: 0
         en: 1
     """,
    ),
    (
        parity.the_same_metadata,
        put("en", "value", metadata={"tags": ["hide-input"]}),
        """
     book/{zh,en}/rows.ipynb, cell 5 (value): the tags differ
         zh: []
         en: ['hide-input']
     """,
    ),
    (
        parity.the_same_metadata,
        describe("en", name="fig-lines"),
        """
     book/{zh,en}/rows.ipynb, cell 9 (drawn): mystnb in the metadata differs
         zh: {'image': {'alt': '…'}, 'figure': {'caption': '…', 'name': 'fig-rows'}}
         en: {'image': {'alt': '…'}, 'figure': {'caption': '…', 'name': 'fig-lines'}}
     """,
    ),
    (
        parity.the_same_metadata,
        describe("en", align="left"),
        """
     book/{zh,en}/rows.ipynb, cell 9 (drawn): mystnb in the metadata differs
         zh: {'image': {'alt': '…'}, 'figure': {'caption': '…', 'name': 'fig-rows'}}
         en: {'image': {'alt': '…'}, 'figure': {'caption': '…', 'name': 'fig-rows', 'align':
         'left'}}
     """,
    ),
    (
        parity.the_same_code,
        edit("en", "table", "torch.zeros(3, 2)", "torch.zeros(3, 4)"),
        """
     book/{zh,en}/rows.ipynb, cell 4 (table): the code differs
         zh: table = torch.zeros(3, 2)
         en: table = torch.zeros(3, 4)
     """,
    ),
    (
        parity.the_same_code,
        edit("en", "words", ":.2f", ":.3f"),
        """
     book/{zh,en}/rows.ipynb, cell 6 (words): the code differs
         zh: print(f'{0}{0.5:.2f}')
         en: print(f'{0}{0.5:.3f}')
     """,
    ),
    (
        parity.the_same_code,
        edit("en", "words", "优", "excellent"),
        """
     book/{zh,en}/rows.ipynb, cell 6 (words): the code differs
         zh: words = ['优', '良', '差']
         en: words = ['…', '良', '差']
     """,
    ),
    (
        parity.the_same_code,
        edit("en", "words", "{0}", "{1}"),
        """
     book/{zh,en}/rows.ipynb, cell 6 (words): the code differs
         zh: print(f'{0}{0.5:.2f}')
         en: print(f'{1}{0.5:.2f}')
     """,
    ),
    (
        parity.the_same_code,
        edit("en", "value", "table[0]", "assert True\ntable[0]"),
        """
     book/{zh,en}/rows.ipynb, cell 5 (value): the code differs
         zh: table[0]
         en: assert True
     """,
    ),
    (
        parity.the_same_code,
        edit("en", "setup", "%xmode Minimal", "%xmode Plain"),
        """
     book/en/rows.ipynb, cell 2 (setup): sets up more than book/en/columns.ipynb does, or less
     book/{zh,en}/rows.ipynb, cell 2 (setup): the code differs
         zh: get_ipython().run_line_magic('xmode', 'Minimal')
         en: get_ipython().run_line_magic('xmode', 'Plain')
     """,
    ),
    (
        parity.the_same_code,
        edit("en", "speed", "table", "tables"),
        """
     book/{zh,en}/rows.ipynb, cell 8 (speed): the code differs
         zh: get_ipython().run_cell_magic('time', '', '_ = table.sum()')
         en: get_ipython().run_cell_magic('time', '', '_ = tables.sum()')
     """,
    ),
    (
        parity.the_same_code_in_text,
        edit("en", "exercise-solved", "sum([1])", "sum([2])"),
        """
     book/{zh,en}/rows.ipynb, cell 19 (exercise-solved): the code in a code block differs
         zh: sum([1])
         en: sum([2])
     """,
    ),
    (
        parity.the_same_code_in_text,
        edit("en", "exercise-solved", "```python", "```"),
        """
     book/{zh,en}/rows.ipynb, cell 19 (exercise-solved): the code blocks differ
         zh: ['python']
         en: ['']
     """,
    ),
    (
        parity.the_same_outputs,
        shows("en", "value", result("tensor([0., 1.])")),
        """
     book/{zh,en}/rows.ipynb, cell 5 (value): the outputs differ
         zh: tensor([0., 0.])
         en: tensor([0., 1.])
     """,
    ),
    (
        parity.the_same_outputs,
        shows("en", "value", result("[0., 0.]")),
        """
     book/{zh,en}/rows.ipynb, cell 5 (value): the outputs differ
         zh: tensor([0., 0.])
         en: [0., 0.]
     """,
    ),
    (
        parity.the_same_outputs,
        shows("en", "table", result("{'shape': torch.Size([3, 4]), 'empty': False}")),
        """
     book/{zh,en}/rows.ipynb, cell 4 (table): the outputs differ
         zh: 2 in "{'形状': torch.Size([3, 2]), '空': False}"
         en: 4 in "{'shape': torch.Size([3, 4]), 'empty': False}"
     """,
    ),
    (
        parity.the_same_outputs,
        shows("en", "table", result("{'shape': torch.Size([3, 2]), 'empty': True}")),
        """
     book/{zh,en}/rows.ipynb, cell 4 (table): the outputs differ
         zh: False in "{'形状': torch.Size([3, 2]), '空': False}"
         en: True in "{'shape': torch.Size([3, 2]), 'empty': True}"
     """,
    ),
    (
        parity.the_same_outputs,
        shows("en", "words", printed("row 0: 0.51\n")),
        """
     book/{zh,en}/rows.ipynb, cell 6 (words): the outputs differ
         zh: 0.50 in '第 0 行：0.50'
         en: 0.51 in 'row 0: 0.51'
     """,
    ),
    (
        parity.the_same_outputs,
        shows("en", "words"),
        """
     book/en/rows.ipynb, cell 6 (words): ends with the expression print(f'row {0}: {0.5:.2f}'),
         but no output is stored
     book/{zh,en}/rows.ipynb, cell 6 (words): the outputs differ in kind
         zh: stream stdout
         en: –
     """,
    ),
    (
        parity.the_same_outputs,
        shows("en", "words", result("row 0: 0.50")),
        """
     book/{zh,en}/rows.ipynb, cell 6 (words): the outputs differ in kind
         zh: stream stdout
         en: execute_result text/plain
     """,
    ),
    (
        parity.the_same_outputs,
        shows("en", "words", printed("row 0: 0.50\n"), result("1")),
        """
     book/{zh,en}/rows.ipynb, cell 6 (words): the outputs differ in kind
         zh: –
         en: execute_result text/plain
     """,
    ),
    (
        parity.the_same_outputs,
        both(
            shows("zh", "value", widget("行", 2)),
            shows("en", "value", widget("row", 3)),
        ),
        """
     book/{zh,en}/rows.ipynb, cell 5 (value): the outputs differ
         zh: 2 in '行 1 ["行",1,2]'
         en: 3 in 'row 1 ["row",1,3]'
     """,
    ),
    (
        parity.the_same_outputs,
        shows("en", "beyond", failed("ValueError", "index 3 is out of bounds")),
        """
     book/{zh,en}/rows.ipynb, cell 7 (beyond): the outputs differ in kind
         zh: error IndexError
         en: error ValueError
     """,
    ),
    (
        parity.the_same_outputs,
        shows("en", "beyond", failed("IndexError", "index 4 is out of bounds")),
        """
     book/{zh,en}/rows.ipynb, cell 7 (beyond): the outputs differ
         zh: index 3 is out of bounds
         en: index 4 is out of bounds
     """,
    ),
    (
        parity.the_same_outputs,
        shows("en", "drawn", {**PICTURE, "data": {"image/svg+xml": "<svg/>"}}),
        """
     book/{zh,en}/rows.ipynb, cell 9 (drawn): the outputs differ in kind
         zh: display_data image/png, text/plain
         en: display_data image/svg+xml
     """,
    ),
]

# --- what looks like a mistake and is none ---

ALLOWED = [
    # Chinese
    say("zh", "**注意**：后面"),
    say("zh", "幂写作 `a**b`，用 `a, b` 和 `f(x): ...` 也行"),
    say("zh", "第 1.1 节（PyTorch 2.6）：`x`、`y` 与 $x$，见 .ipynb 文件"),
    say("zh", "一行  \n又一行"),
    say("zh", "“优”与“差”——相反……"),
    say("zh", "- 一\n- 二\n\n1. 三\n2. 四"),
    say("zh", "> 注意\n>\n> 后面"),
    say("zh", "PyTorch: Embedding"),
    say("zh", "| 词 | `id` |\n|---|---|\n| 优 | 0 |"),
    edit("zh", "table", "三行", "(3, 2)"),
    # English
    say("en", "the word `层`, and 优 means excellent"),
    both(
        say("en", "the section Linear层的作用"),
        put("en", "shape-said", metadata={"tags": ["bilingual"]}),
    ),
    add_page("glossary", "# 词汇", "# Words\n\nvocabulary 词表"),
    # code and outputs
    edit("en", "table", "# three rows", ""),
    edit("zh", "words", "第 {0} 行：{0.5:.2f}", "{0} 行，{0.5:.2f}"),
    edit("zh en", "value", "table[0]", "optimizer.step()\n# done"),
    both(
        edit("zh en", "value", "table[0]", "optimizer.step()"), shows("zh en", "value")
    ),
    both(edit("zh en", "value", "table[0]", "words = None"), shows("zh en", "value")),
    shows("en", "words", printed("row 0"), printed(": 0.50\n")),
    shows(
        "en",
        "drawn",
        {
            **PICTURE,
            "data": {
                "image/png": "iVBORw0KGgoA",
                "text/plain": "<Figure size 650x480 with 1 Axes>",
            },
        },
    ),
    shows("en", "speed", printed("CPU times: 2 ms\n")),
    both(shows("zh", "value", widget("行", 2)), shows("en", "value", widget("row", 2))),
    both(
        put("zh en", "value", metadata={"tags": ["nbval-ignore-output"]}),
        shows("zh", "value", result("device(type='cpu')")),
        shows("en", "value", result("device(type='cuda')")),
    ),
    both(
        shows("zh", "value", failed("ValueError", "不行：3")),
        shows("en", "value", failed("ValueError", "no: 3")),
        put("zh en", "value", metadata={"tags": ["raises-exception"]}),
    ),
    both(
        edit("zh en", "value", "table[0]", "def"),
        put("zh en", "value", metadata={"tags": ["raises-exception"]}),
        shows("zh en", "value", failed("SyntaxError", "invalid syntax")),
    ),
]


def test_the_small_book_is_clean(tmp_path):
    assert problems(tmp_path, small_book()) == []


@pytest.mark.parametrize("change", ALLOWED)
def test_what_is_right_is_no_mistake(tmp_path, change):
    book = small_book()
    change(book)
    assert problems(tmp_path, book) == []


@pytest.mark.parametrize(
    "rule, change, expected",
    BREAKS,
    ids=[f"{rule.__name__}-{n}" for n, (rule, *_) in enumerate(BREAKS)],
)
def test_a_rule_sees_its_mistake(tmp_path, rule, change, expected):
    book = small_book()
    change(book)
    seen = problems(tmp_path, book)
    assert sorted(one_line(problem) for _, problem in seen) == sorted(
        spelled_out(expected)
    )
    assert rule in [rule for rule, _ in seen]


def spelled_out(expected):
    """The problems in a text, one for each language where it says ``book/*/``."""
    for problem in re.split(r"\n {5}(?=book/|_toc)", expected)[1:]:
        for language in ["zh", "en"] if "book/*/" in problem else [""]:
            yield one_line(problem).replace("book/*/", f"book/{language}/")


def one_line(problem):
    return " ".join(problem.split())


@pytest.mark.parametrize(
    "rule, change",
    [
        *(
            (typography.full_width_punctuation, say("zh", f"行{mark}列"))
            for mark in ",.:;?!()"
        ),
        *(
            (typography.full_width_punctuation, say("zh", f"`x`{mark} 列"))
            for mark in ",.:;?!)"
        ),
        *(
            (typography.no_space_beside_full_width, say("zh", f"行{mark} 列"))
            for mark in "，。、：；？！"
        ),
        *(
            (typography.no_space_beside_full_width, say("zh", words))
            for words in ("行 （列）", "（行） 列", "“行” 列", "行 “列”", "《行》 列")
        ),
        *(
            (typography.chinese_quotes, say("zh", words))
            for words in ("'行'", "「行」", "行“列")
        ),
        *(
            (typography.chinese_dashes_and_dots, say("zh", words))
            for words in ("行…列", "行--列", "行 - 列", "行 ... 列")
        ),
        *(
            (typography.space_between_han_and_latin, say("zh", words))
            for words in (
                "用L",
                "L层",
                "第1",
                "1行",
                "用`x`",
                "`x`层",
                "用$x$",
                "$x$层",
                "用[L](index.ipynb)",
            )
        ),
        *(
            (typography.english_is_english, say("en", f"a{mark}b"))
            for mark in "，。、：；？！（）《》"
        ),
        *(
            (
                outputs.outputs_are_the_same_everywhere,
                shows("zh", "value", result(shown)),
            )
            for shown in (
                "/root/x",
                "/Users/me",
                "/tmp/x",
                r"C:\x",
                "lib/site-packages/x",
                "07:08:09",
                "2024-05-06T07:08",
                "FutureWarning",
                "cpu",
                "cuda:0",
                "mps",
                "xpu",
                "device(type='meta')",
                "3 ms per loop",
            )
        ),
        *(
            (parity.the_same_outputs, shows("en", "table", result(shown)))
            for shown in (
                "{'shape': torch.Size([3, 2]), 'empty': None}",
                "{'shape': [3, 2], 'empty': False}",
                "{'shape': torch.Size([3, 2]), 'empty': False, 1}",
                "{'shape': torch.Size([-3, 2]), False}",
                "{'shape': torch.Size([3., 2]), 'empty': False}",
                "{'shape': torch.Size(3, 2), False}",
            )
        ),
        (
            parity.the_same_outputs,
            shows(
                "en",
                "drawn",
                {
                    **PICTURE,
                    "data": PICTURE["data"]
                    | {"text/plain": "<Figure size 640x480 with 2 Axes>"},
                },
            ),
        ),
    ],
)
def test_a_rule_sees_every_kind(tmp_path, rule, change):
    book = small_book()
    change(book)
    assert rule in [rule for rule, _ in problems(tmp_path, book)]


def test_no_rule_is_unproved():
    rules = {rule.__name__ for rule in (*BOOK_RULES, *PAGE_RULES, *PAIR_RULES)}
    assert rules == {rule.__name__ for rule, *_ in BREAKS}
