"""The figures of both READMEs are those of the committed measurement."""

import json

import pytest
from conftest import ROOT

RECORD = ROOT / "book" / "data" / "bench-vectors.json"
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


def table(record, language):
    """The Markdown table that a README shows of ``record``."""
    cases, second = {c["name"]: c for c in record["results"]}, {"en": "s", "zh": "秒"}[language]
    lines = [HEAD[language]]
    for name, texts in ROWS.items():
        what, beside = texts[language == "zh"]
        theirs, ours = (side["seconds"] for side in cases[name]["sides"].values())
        figures = f"{beside} {theirs:.2g} {second} | {ours:.2g} {second} | {ours / theirs:.2g}"
        lines.append(f"| {what} | {figures} |")
    return "\n".join(lines)


@pytest.mark.parametrize("language", FILES)
def test_the_table_of_reading_is_that_of_the_record(language):
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    text = (ROOT / FILES[language]).read_text(encoding="utf-8")
    assert table(record, language) in text
    about = record["about"]
    assert all(str(about[key]) in text for key in ("model", "date", "torch"))
    assert record["about"]["command"] in text
