"""The colophon's tables: with what the outputs were made, and on which devices the book was proved.

`make execute` writes the record of the first, tools/device_proof.py those of the others, one a
device. The tables are drawn when the site is built, because no date may stand in a notebook.
"""

import hashlib
import json
from pathlib import Path

from docutils import nodes
from sphinx.errors import ExtensionError

DATA = Path(__file__).resolve().parents[1] / "data"
RECORD = DATA / "verified.json"
PROOF = "python tools/device_proof.py --device cuda"
WORDS = {
    "zh": {
        "date": "运行日期",
        "system": "系统",
        "device": "设备",
        "notebooks": "笔记本",
        "cells": "运行过的代码格",
        "changed": "那以后改过的页面",
        "none": "没有",
        "minutes": "用时（分钟）",
        "commit": "提交",
        "command": "命令",
        "tests": "测试",
        "failures": "没通过的",
        "counts": "通过 {passed}，失败 {failed}，跳过 {skipped}",
        "result": "结论",
        "passed": "全书通过",
        "part": "只运行了书的一部分",
        "failed": "有失败",
        "stale": "已过时：有些页面后来改过，或者没有运行完",
        "driver": "驱动",
        "unproved": "要重新运行的",
        "no GPU": "还没有在 GPU 上运行过的记录。在有 GPU 的机器上，用这条命令运行全书并留下记录：",
    },
    "en": {
        "date": "date of the run",
        "system": "system",
        "device": "device",
        "notebooks": "notebooks",
        "cells": "code cells run",
        "changed": "pages changed since",
        "none": "none",
        "minutes": "minutes",
        "commit": "commit",
        "command": "command",
        "tests": "tests",
        "failures": "did not pass",
        "counts": "{passed} passed, {failed} failed, {skipped} skipped",
        "result": "result",
        "passed": "the whole book passed",
        "part": "only a part of the book was run",
        "failed": "something failed",
        "stale": "out of date: pages were changed since, or did not run to their end",
        "driver": "driver",
        "unproved": "to be run again",
        "no GPU": "No run on a GPU has been recorded yet. On a machine that has one, this command runs the whole book and leaves a record: ",
    },
}


def fingerprint(path: Path) -> str:
    """Of a notebook's code and what it printed; not of its prose, its pictures and its timings."""
    cells = [
        c
        for c in json.loads(path.read_text(encoding="utf-8"))["cells"]
        if c["cell_type"] == "code"
    ]
    said = hashlib.sha256()
    for cell in cells:
        texts = [*cell["source"], "\0"]
        for output in (
            []
            if "nbval-ignore-output" in cell["metadata"].get("tags", [])
            else cell["outputs"]
        ):
            data = output.get("data", {})
            shown = (
                []
                if any(kind.startswith("image/") for kind in data)
                else data.get("text/plain", [])
            )
            texts += [*output.get("text", []), output.get("evalue", ""), *shown]
        said.update("".join(texts).encode() + b"\0")
    return said.hexdigest()[:16]


def facts(source: Path, language: str) -> list[tuple[str, str]]:
    """What the table says, of the language's notebooks in `source`."""
    record, words = json.loads(RECORD.read_text(encoding="utf-8")), WORDS[language]
    pages = {
        Path(name).stem: mark
        for name, mark in record["notebooks"].items()
        if name.startswith(f"{language}/")
    }
    changed = [
        path.stem
        for path in sorted(source.glob("*.ipynb"))
        if pages.get(path.stem) != fingerprint(path)
    ]
    rows = [(words[key], str(record[key])) for key in ("date", "system", "device")]
    rows += list(record["versions"].items())
    rows += [
        (words["notebooks"], str(len(record["notebooks"]))),
        (words["cells"], str(record["cells"])),
    ]
    return [*rows, (words["changed"], ", ".join(changed) or words["none"])]


def proof(record: dict, source: Path, language: str) -> list[tuple[str, str]]:
    """What one device's table says, of the book's notebooks, in all languages, as they are now.

    Totals are added up here, and nothing in the record says "passed" by itself: a page counts only if
    its code is the one that ran, and each of its cells passed.
    """
    words, book = WORDS[language], record["notebooks"]
    counts = {
        kind: sum(page[kind] for page in book.values())
        for kind in ("passed", "failed", "skipped")
    }
    failed = counts["failed"] + record["tests"]["failed"] + len(record["failures"])
    unproved = []
    for path in sorted(source.parent.glob("*/*.ipynb")):
        page = book.get(f"{path.parent.name}/{path.name}")
        ran = (
            page
            and page["fingerprint"] == fingerprint(path)
            and page["passed"] + page["failed"] == page["cells"]
        )
        unproved += [] if ran else [f"{path.parent.name}/{path.stem}"]
    verdict = (
        "failed"
        if failed
        else "part"
        if record["parts"]
        else "stale"
        if unproved
        else "passed"
    )
    rows = [(words["device"], record["name"]), (words["result"], words[verdict])]
    rows += [
        (words.get(key, key), record[key])
        for key in ("driver", "CUDA", "ROCm")
        if record.get(key)
    ]
    rows += [
        (words[key], str(record[key]))
        for key in ("date", "system", "minutes", "commit")
    ]
    rows += list(record["versions"].items())
    rows += [
        (words["notebooks"], str(len(book))),
        (words["cells"], words["counts"].format(**counts)),
    ]
    rows += [
        (words["tests"], words["counts"].format(**record["tests"])),
        (words["command"], record["command"]),
    ]
    rows += (
        [(words["failures"], ", ".join(record["failures"]))]
        if record["failures"]
        else []
    )
    return [*rows, (words["unproved"], ", ".join(unproved) or words["none"])]


def devices(source: Path, language: str) -> list[nodes.Node]:
    """A table for each record in book/data; without a GPU among them, plain words.

    Raises ExtensionError, by the file's name, for what is no record of tools/device_proof.py.
    """
    shown, kinds = [], {"cpu"}
    for path in sorted(DATA.glob("device-*.json")):
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
            shown.append(table(proof(record, source, language)))
            kinds.add(record["device"])
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise ExtensionError(
                f"{path.name} is no record of tools/device_proof.py: {error!r}"
            ) from error
    if kinds == {"cpu"}:
        said = nodes.paragraph("", WORDS[language]["no GPU"])
        said += nodes.literal(text=PROOF)
        shown.insert(0, said)
    return shown


def table(rows: list[tuple[str, str]]) -> nodes.table:
    body = nodes.tbody()
    for name, value in rows:
        cells = [nodes.entry("", nodes.paragraph(text=text)) for text in (name, value)]
        body += nodes.row("", *cells)
    group = nodes.tgroup(
        "", nodes.colspec(colwidth=40, stub=1), nodes.colspec(colwidth=60), body, cols=2
    )
    return nodes.table("", group, classes=["colophon"])


def add_tables(app, doctree):
    if app.env.docname != "colophon":
        return
    source, language = Path(app.srcdir), app.config.book_language
    for section in doctree.findall(nodes.section):
        if "verified" in section["ids"] and RECORD.exists():
            section += table(facts(source, language))
        if "devices" in section["ids"]:
            section += devices(source, language)


def read_again(app, env, added, changed, removed):
    """A record may come or go, and any page may change: whenever pages are read, this one is."""
    return {"colophon"} & env.found_docs


def setup(app):
    app.connect("doctree-read", add_tables)
    app.connect("env-get-outdated", read_again)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
