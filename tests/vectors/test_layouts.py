"""Texts in a different layout are read correctly or rejected, never read as nonsense.

Each kind is from a real report; the error names what was found, and its cure works.
"""

import io
import re

import numpy as np
import pytest

from tests.vectors.tables import WORDS, same, table, text

PLAIN = WORDS[1:2] + WORDS[8:10] + WORDS[11:18] + ["in"]  # without separators
MATRIX = table(len(PLAIN), seed=3)


def rows(form):
    """Each row as ``form`` writes it, from its place, its word and its numbers."""
    pairs = enumerate(zip(PLAIN, MATRIX.tolist()))
    lines = (form(i, word, list(map(str, row))) for i, (word, row) in pairs)
    return "".join(line + "\n" for line in lines)


def separated(after, between):
    return rows(lambda i, word, numbers: word + after + between.join(numbers))


SEPARATED = {
    "a tab after the word": separated("\t", " "),
    "tabs": separated("\t", "\t"),
    "a comma after the word": separated(",", " "),
    "commas": separated(",", ","),
    "commas and spaces": separated(", ", ", "),
    "a colon after the word": separated(": ", " "),
    "a colon and no space": separated(":", " "),
    "semicolons": separated(";", ";"),
    "bars": separated(" | ", " "),
    "two spaces": separated("  ", "  "),
    "columns lined up": rows(lambda i, w, n: w.ljust(9) + "".join(f"{x:>24}" for x in n)),
    "no-break spaces": separated("\u00a0", "\u00a0"),
    "full-width commas": separated("，", " "),
    "brackets": rows(lambda i, w, n: f"{w} [{', '.join(n)}]"),
    "quotation marks": rows(lambda i, w, n: f'"{w}" {" ".join(n)}'),
    "single quotes and commas": rows(lambda i, w, n: f"'{w}',{','.join(n)}"),
    "a header, then tabs": "11\t12\n" + separated("\t", "\t"),
    "a header, then a tab": "11 12\n" + separated("\t", " "),
    "a header, then commas": "11,12\n" + separated(",", ","),
}  # fmt: skip


@pytest.mark.parametrize("kind", SEPARATED)
def test_other_separators(read, refused, kind):
    message = refused(r"v, line \d: .*pass sep=", SEPARATED[kind])
    (sep,) = re.findall(r"pass sep=('[^']*'|\"[^\"]*\")", message)
    same(read(SEPARATED[kind], sep=eval(sep)), PLAIN, MATRIX)


COLUMNS = {
    "an index before the word": lambda i, w, n: f"{i} {w} {' '.join(n)}",
    "a count behind the word": lambda i, w, n: f"{w} {9000 - i} {' '.join(n)}",
    "a tag behind the word": lambda i, w, n: f"{w} {'NV'[i % 2]} {' '.join(n)}",
    "a label at the end": lambda i, w, n: f"{w} {' '.join(n)} {i % 3}",
    "an index and a tag": lambda i, w, n: f"{i} {w} X {' '.join(n)}",
}


@pytest.mark.parametrize("header", ["", "11 12\n"])
@pytest.mark.parametrize("kind", COLUMNS)
def test_other_columns(read, refused, kind, header):
    data = header + rows(COLUMNS[kind])
    message = refused(r"v, line \d: .*columns=\(", data)
    (columns,) = re.findall(r"columns=(\([-0-9, ]*\))", message)
    named = eval(columns) if kind != "an index and a tag" else (1, 3)
    same(read(data, columns=named), PLAIN, MATRIX)
    refused("expected a word and 1 number", data, columns=(0, 99))


@pytest.mark.parametrize("header", [b"", b"11 12\n"])
@pytest.mark.parametrize("form", ["%d", "%.9g"])
def test_rows_without_words(read, refused, tmp_path, header, form):
    file = io.BytesIO()
    np.savetxt(file, MATRIX, fmt=form)
    data = header + file.getvalue()
    matrix = np.loadtxt(io.BytesIO(file.getvalue()), dtype="f4")
    refused("no words.*Pass words=", data)
    (tmp_path / "words.txt").write_text("\n".join(PLAIN) + "\n", encoding="utf-8")
    for words in PLAIN, tmp_path / "words.txt", dict(zip(PLAIN, range(11))):
        vectors = read(data, words=words)
        same(vectors, PLAIN, matrix)
        assert vectors.problems == []
    same(read(data, words=PLAIN, limit=4), PLAIN[:4], matrix[:4])
    refused(r"\(11, 12\).* 10 words.*limit=10", data, words=PLAIN[:-1])
    same(read(data, words=PLAIN[:-1], limit=10), PLAIN[:10], matrix[:10])


def test_what_cannot_be_told_can_be_said(read, refused):
    two = rows(lambda i, w, n: f"New York{i} {' '.join(n)}")
    refused(r"columns=\(0, 2\); or pass sep=' '", two)  # a tag, or words of two fields?
    assert read(two, sep=" ").words[0] == "New York0"
    ids = read(
        rows(lambda i, w, n: f"{i} {' '.join(n)}")
    )  # ids for words, as of node2vec
    assert ids.words == list(map(str, range(11)))
    assert read("a 1 2 3\nb 4 5 6\n").matrix.tolist() == [[1, 2, 3], [4, 5, 6]]
    assert read("1 2 3\n4 5 6\n", columns=(0, 1)).words == ["1", "4"]
    numbers = "10 3\n11 4\n12 5\n13 6\n"  # words that are numbers, one number each
    refused("no words", numbers)
    assert read(numbers, sep=" ").words == ["10", "11", "12", "13"]


def test_a_heading_and_decimal_commas(read, refused):
    plain = text(PLAIN, MATRIX[:, :3])
    refused("line 1: .*header='ignore'", b"word x y z\n" + plain, header=False)
    same(read(b"word x y z\n" + plain, header="ignore"), PLAIN, MATRIX[:, :3])
    table = text(PLAIN, MATRIX[:, :3], ",", ",")
    for heading in b"word,x,y,z\n", b",0,1,2\n", b"word,1,2,3\n":  # as pandas writes it
        refused("header='ignore'", heading + table, sep=",")
        same(read(heading + table, sep=",", header="ignore"), PLAIN, MATRIX[:, :3])
    refused("decimal commas", "a 0,5 0,25\nb 0,75 0,5\n")


@pytest.mark.parametrize("small", [0, 1 << 19])  # by polars, and by rows
@pytest.mark.parametrize("words", [[",", '"', "New York", "a,b"], ["a", "b", "c", "d"]])
def test_words_of_a_csv_keep_what_separates(read, monkeypatch, words, small):
    monkeypatch.setattr("embedlinear.vectors.text.SMALL", small)
    quoted = [f'"{word.replace(chr(34), chr(34) * 2)}"' for word in words]
    same(read(text(quoted, table(4), ",", ","), sep=","), words, table(4))
    same(read(text(words, table(4), "\t", "\t"), sep="\t"), words, table(4))
