"""The figures of both READMEs are those of the committed measurements."""

import json

import pytest

from tests.conftest import ROOT
from tools.build import pages
from tools.weekly.audit import CATEGORIES

RECORD = ROOT / "book" / "data" / "bench-vectors.json"
AUDIT = ROOT / "book" / "data" / "audit.json"
FILES = {"en": "README.md", "zh": "README.zh-CN.md"}
ROWS = {  # case: what it is and what it is beside, in each language
    "vectors, text": (("the whole text", "gensim"), ("整个文本", "gensim")),
    "vectors, text, limit=10000": (
        ("its first 10,000 rows", "gensim"), ("只读前 10,000 行", "gensim")),
    "vectors, text, vocab of a twentieth": (
        ("20,000 chosen words of it", "the whole text"), ("只取其中 20,000 个词", "读整个文本")),
    "vectors, binary": (("word2vec's binary format", "gensim"), ("word2vec 二进制格式", "gensim")),
    "vectors, reopened, beside its bytes": (
        ("a saved table, reopened", "its bare bytes"), ("重新打开存好的表", "只读字节")),
    "vectors, reopened and indexed": (
        ("the same, with the index of words", "its bare bytes"), ("同上，并建好词的索引", "只读字节")),
}  # fmt: skip
HEAD = {
    "en": "| | beside | `load_vectors` | of the time |\n|---|--:|--:|--:|",
    "zh": "| | 对照 | `load_vectors` | 用时之比 |\n|---|--:|--:|--:|",
}


def reading_table(record, language):
    """The Markdown table that a README shows of ``record``."""
    cases, second = (
        {c["name"]: c for c in record["results"]},
        {"en": "s", "zh": "秒"}[language],
    )
    lines = [HEAD[language]]
    for name, texts in ROWS.items():
        what, beside = texts[language == "zh"]
        theirs, ours = (side["seconds"] for side in cases[name]["sides"].values())
        figures = f"{beside} {theirs:.2g} {second} | {ours:.2g} {second} | {ours / theirs:.2g}"
        lines.append(f"| {what} | {figures} |")
    return "\n".join(lines)


AUDIT_HEAD = {
    "en": "| page | requests | KB | sticks out | axe | Lighthouse | moved |\n|---|--:|--:|--:|--:|--:|--:|",
    "zh": "| 页 | 请求 | KB | 超出屏幕 | axe | Lighthouse | 位移 |\n|---|--:|--:|--:|--:|--:|--:|",
}


def audit_table(record, language):
    """A row for each page: the figures of the Chinese one and of the English one, or one if they are equal."""
    lines = [AUDIT_HEAD[language]]
    for page in pages():
        both = [record["pages"][f"{tongue}/{page}"] for tongue in ("zh", "en")]
        cells = [
            [f"{row['requests']}", f"{row['kilobytes']:.0f}", f"{row['beyond']}", f"{row['axe']}",
             "/".join(str(row[name]) for name in CATEGORIES), f"{row['shift']:.3f}"]
            for row in both
        ]  # fmt: skip
        figures = (a if a == b else f"{a}, {b}" for a, b in zip(*cells))
        lines.append(f"| `{page}` | " + " | ".join(figures) + " |")
    return "\n".join(lines)


@pytest.mark.parametrize("language", FILES)
@pytest.mark.parametrize(
    "file, table, said",
    [
        (RECORD, reading_table, ("model", "date", "torch", "command")),
        (AUDIT, audit_table, ("model", "date", "chromium", "lighthouse", "command")),
    ],
)
def test_the_tables_are_those_of_the_records(file, table, said, language):
    record = json.loads(file.read_text(encoding="utf-8"))
    text = (ROOT / FILES[language]).read_text(encoding="utf-8")
    wanted = table(record, language)
    assert wanted in text, f"put this into {FILES[language]}:\n{wanted}"
    assert all(str(record["about"][key]) in text for key in said)


def test_every_page_was_audited_and_keeps_the_promises():
    rows = json.loads(AUDIT.read_text(encoding="utf-8"))["pages"]
    assert set(rows) == {
        f"{language}/{page}" for language in ("zh", "en") for page in pages()
    }
    for page, row in rows.items():
        assert row["requests"] <= 25 and row["kilobytes"] < 200, page
        assert row["axe"] == row["beyond"] == 0 and row["shift"] < 0.01, page
        assert row["performance"] >= 98 and all(
            row[name] == 100 for name in CATEGORIES[1:]
        ), page
