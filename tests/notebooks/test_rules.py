"""Each rule sees its mistake: a small clean book is broken in one place at a time.

A break is a replacement in the text of a file: in which files, what, by what, and a
part of what the rule must say then. The pages "rows" hold a chapter in few cells.
"""

import json
import tomllib
from pathlib import Path

import pytest

from tests.notebooks.rules import BOOK_RULES, PAGE_RULES, PAIR_RULES, Book, problems
from tests.notebooks.rules.structure import METADATA


def text(name, zh, en):
    cells = [{"cell_type": "markdown", "id": name, "metadata": {}} for _ in "12"]
    return [cell | {"source": source} for cell, source in zip(cells, (zh, en))]


def code(name, zh, en=None, out=(), en_out=None, **metadata):
    en_metadata = metadata.pop("in_en", metadata)
    return [
        {
            "cell_type": "code",
            "execution_count": 0,
            "id": name,
            "metadata": described,
            "outputs": [out] if isinstance(out, dict) else list(out),
            "source": source,
        }
        for source, out, described in (
            (zh, out, metadata),
            (en or zh, en_out or out, en_metadata),
        )
    ]


def result(data):
    shown = {"data": {"text/plain": data} if isinstance(data, str) else data}
    return {
        "output_type": "execute_result",
        "metadata": {},
        "execution_count": 1,
    } | shown


def printed(text, name="stdout"):
    return {"output_type": "stream", "name": name, "text": text}


def failed(name, value):
    trace = {"traceback": [f"{name}: {value}"]}
    return {"output_type": "error", "ename": name, "evalue": value} | trace


def figure(alt):
    return {"mystnb": {"image": {"alt": alt}, "figure": {"name": "fig-rows"}}}


BREAKS = tomllib.loads(Path(__file__).with_name("breaks.toml").read_text("utf-8"))
ANCHOR = '<a id="shape"></a>'
SETUP = '%xmode Minimal\nimport torch\ntorch.manual_seed(1)\nuse_language("{}")\n'
SETUP += "device = select_device()"
PICTURE = {
    "image/png": "iVBORw0KGgo=",
    "text/plain": "<Figure size 640x480 with 1 Axes>",
}
LINK = '<a id="claim"></a>[{}](rows.ipynb#shape)'
HTML = '<p>{} 1</p><script type="application/json">["{}", {}]</script>'
SOLUTION = (
    "<details>\n<summary>{}</summary>\n\n```python\nsum([1])  # {}\n```\n\n</details>"
)

CHAPTER = [
    text(
        "title",
        "# 行\n\n见[首页](index.ipynb#top)。",
        "# Rows\n\nSee [it](index.ipynb#top).",
    ),
    code(
        "setup",
        SETUP.format("zh"),
        SETUP.format("en"),
        printed("Mode\n"),
        tags=["setup"],
    ),
    text(
        "said",
        '<a id="shape"></a>\n\n## 形状\n\n`Embedding` 层把 3 个词（**优**、良、差）变成 $x$。见'
        "[维基](https://zh.wikipedia.org/wiki/词嵌入)。",
        '<a id="shape"></a>\n\n## Shape\n\n`Embedding` turns (优, 良, 差) into $x$.\n'
        "[Wikipedia](https://en.wikipedia.org/wiki/Word_embedding).",
    ),
    code(
        "table",
        'table = torch.zeros(3, 2)  # 三行\n{"形状": table.shape, "空": False}',
        'table = torch.zeros(3, 2)  # in rows\n{"shape": table.shape, "empty": False}',
        result("{'形状': torch.Size([3, 2]), '空': False}"),
        result("{'shape': torch.Size([3, 2]), 'empty': False}"),
    ),
    code("value", "table[0]", out=result("tensor([0., 0.])")),
    code(
        "words",
        'words = ["优", "良", "差"]\nprint(f"第 {0} 行：{0.5:.2f}")',
        'words = ["优", "良", "差"]\nprint(f"row {0}: {0.5:.2f}")',
        printed("第 0 行：0.50\n"),
        [printed("row 0"), printed(": 0.50\n")],
    ),
    code(
        "beyond",
        "table[3]",
        out=failed("IndexError", "3 out"),
        tags=["raises-exception"],
    ),
    code(
        "speed",
        "%%time\n_ = 1",
        out=printed("CPU times: 1 ms"),
        tags=["nbval-ignore-output"],
    ),
    code(
        "drawn",
        "plt.show()",
        out=result(PICTURE),
        in_en=figure("Three rows, two columns"),
        **figure("三行两列"),
    ),
    text(
        "caption",
        "**图** 一张表，每行一个词。",
        "**Figure** A table: a row for each word.",
    ),
    code(
        "linked",
        "rows()",
        out=result({"text/markdown": LINK.format("三行"), "text/plain": "rows"}),
        en_out=result({"text/markdown": LINK.format("rows"), "text/plain": "rows"}),
    ),
    code(
        "widget",
        "widget()",
        out=result({"text/html": HTML.format("行", "行", 2), "text/plain": "w"}),
        en_out=result({"text/html": HTML.format("row", "row", 2), "text/plain": "w"}),
    ),
    code("step", "optimizer.step()"),
    *(code(f"sum-{n}", f"1 + {n}", out=result(str(1 + n))) for n in range(15)),
    text(
        "exercise",
        '<a id="exercise-1"></a>\n\n## 练习',
        '<a id="exercise-1"></a>\n\n## Exercise',
    ),
    text("solution", SOLUTION.format("答案", "一"), SOLUTION.format("Solution", "one")),
]
INDEX = [
    text(
        "title",
        '# 书\n\n<a id="top"></a>[行](rows.ipynb)',
        '# Book\n\n<a id="top"></a>[1](rows.ipynb)',
    )
]


def small_book():
    """``{path: text}`` of a start page and two chapters that say the same."""
    files = {"_toc.yml": "root: index\nchapters:\n- file: rows\n- file: columns\n"}
    files["_config.yml"] = "languages: {zh: {}, en: {}}\n"
    pages = {"index": INDEX, "rows": CHAPTER, "columns": CHAPTER}
    for k, language in enumerate(("zh", "en")):
        for name, cells in pages.items():
            chosen = json.loads(json.dumps([both[k] for both in cells]))
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
