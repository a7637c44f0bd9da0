"""Each rule sees its mistake: a small clean book is broken in one place at a time.

A break is a replacement in the text of a file: in which files, what, by what, and a
part of what the rule must say then. The book is in small.toml, the breaks in breaks.toml.
"""

import json
import tomllib
from pathlib import Path

import pytest

from tests.notebooks.rules import BOOK_RULES, PAGE_RULES, PAIR_RULES, Book, problems
from tools.book import METADATA

HERE = Path(__file__).parent
BREAKS = tomllib.loads((HERE / "breaks.toml").read_text("utf-8"))
SMALL = tomllib.loads((HERE / "small.toml").read_text("utf-8"))
ANCHOR = '<a id="shape"></a>'
SUM = {"cell_type": "code", "execution_count": 0, "metadata": {}}
SHOWN = {"output_type": "execute_result", "metadata": {}, "execution_count": 1}


def said(value, language):
    """A part of small.toml in one language."""
    if isinstance(value, list):
        return [said(part, language) for part in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"zh", "en"}:
        return said(value[language], language)
    return {name: said(part, language) for name, part in value.items()}


def a_sum(n):
    shown = [SHOWN | {"data": {"text/plain": str(1 + n)}}]
    return SUM | {"id": f"sum-{n}", "outputs": shown, "source": f"1 + {n}"}


def small_book():
    """``{path: text}`` of a start page and two chapters that say the same."""
    files = {"_toc.yml": "root: index\nchapters:\n- file: rows\n- file: columns\n"}
    files["_config.yml"] = "languages: {zh: {}, en: {}}\n"
    *cells, exercise, solution = SMALL["cells"]
    chapter = [*cells, *map(a_sum, range(15)), exercise, solution]
    pages = {"index": SMALL["index"], "rows": chapter, "columns": chapter}
    for language in ("zh", "en"):
        for name, cells in pages.items():
            chosen = said(cells, language)
            for n, cell in enumerate((c for c in chosen if "outputs" in c), start=1):
                cell["execution_count"] = n
            notebook = {"cells": chosen, "metadata": METADATA}
            notebook |= {"nbformat": 4, "nbformat_minor": 5}
            text = json.dumps(notebook, ensure_ascii=False)
            files[f"book/{language}/{name}.ipynb"] = text
    return files


def small(folder, changes=()):
    """The small book, with changes: ``(in which files, what, by what)``."""
    files = small_book()
    for where, *what, new in changes:
        if not what:
            what, new = [ANCHOR], f"{new}\n\n{ANCHOR}"
        for path in [f"book/{w}/rows.ipynb" for w in where.split()] or ["_toc.yml"]:
            for old, by in zip(*map(listed, (what[0], new))):
                if where and old[0] not in '"[':  # it is in a string of the JSON
                    old, by = (
                        json.dumps(s, ensure_ascii=False)[1:-1] for s in (old, by)
                    )
                assert old in files[path], (path, old)
                files[path] = files[path].replace(old, by)
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return Book(folder)


def listed(one_or_many):
    return one_or_many if isinstance(one_or_many, list) else [one_or_many]


RULES = {rule.__name__: rule for rule in (*BOOK_RULES, *PAGE_RULES, *PAIR_RULES)}


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_sees_its_mistakes(tmp_path, rule):
    assert BREAKS[rule], "break the small book so that this rule fails"
    for number, (*change, message) in enumerate(BREAKS[rule]):
        book = small(tmp_path / str(number), [change])
        about = [(book,)] if RULES[rule] in BOOK_RULES else [(page,) for page in book]
        about = book.pairs if RULES[rule] in PAIR_RULES else about
        lines = [line for arguments in about for line in RULES[rule](*arguments)]
        assert message in "\n".join(lines), (change, lines)


def test_what_is_right_passes(tmp_path):
    assert problems(small(tmp_path / "clean")) == []
    assert problems(small(tmp_path / "allowed", BREAKS["allowed"])) == []
