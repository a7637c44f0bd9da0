"""Texts in a different layout are read correctly or rejected, never read as nonsense.

Each kind is from a real report; the error names what was found, and its cure works.
"""

import re

import numpy as np
import pytest

from tests.vectors.tables import WORDS, load, same, table, text

PLAIN = WORDS[1:2] + WORDS[8:10] + WORDS[11:18] + ["in"]  # without separators
MATRIX = table(len(PLAIN), seed=3)


def rows(form):
    """Each row as ``form`` writes it, from its place, its word and its numbers."""
    pairs = zip(PLAIN, MATRIX.tolist())
    lines = (
        form(i, word, [str(x) for x in row]) for i, (word, row) in enumerate(pairs)
    )
    return "".join(line + "\n" for line in lines).encode()


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
    "columns lined up": rows(
        lambda i, w, n: w.ljust(9) + "".join(x.rjust(24) for x in n)
    ),
    "no-break spaces": separated("\u00a0", "\u00a0"),
    "full-width commas": separated("，", " "),
    "brackets": rows(lambda i, w, n: f"{w} [{', '.join(n)}]"),
    "quotation marks": rows(lambda i, w, n: f'"{w}" {" ".join(n)}'),
    "single quotes and commas": rows(lambda i, w, n: f"'{w}',{','.join(n)}"),
    "a header, then tabs": b"11\t12\n" + separated("\t", "\t"),
    "a header, then a tab": b"11 12\n" + separated("\t", " "),
    "a header, then commas": b"11,12\n" + separated(",", ","),
}


@pytest.mark.parametrize("kind", SEPARATED)
def test_other_separators(tmp_path, kind):
    path = tmp_path / "v.txt"
    path.write_bytes(SEPARATED[kind])
    with pytest.raises(ValueError, match=r"v\.txt, line \d: .*pass sep=") as refused:
        load(path)
    (sep,) = re.findall(r"pass sep=('[^']*'|\"[^\"]*\")", str(refused.value))
    same(load(path, sep=eval(sep)), PLAIN, MATRIX)


COLUMNS = {
    "an index before the word": lambda i, w, n: f"{i} {w} {' '.join(n)}",
    "a count behind the word": lambda i, w, n: f"{w} {9000 - i} {' '.join(n)}",
    "a tag behind the word": lambda i, w, n: f"{w} {'NV'[i % 2]} {' '.join(n)}",
    "a label at the end": lambda i, w, n: f"{w} {' '.join(n)} {i % 3}",
    "an index and a tag": lambda i, w, n: f"{i} {w} X {' '.join(n)}",
}


@pytest.mark.parametrize("header", ["", "11 12\n"])
@pytest.mark.parametrize("kind", COLUMNS)
def test_other_columns(tmp_path, kind, header):
    path = tmp_path / "v.txt"
    path.write_bytes(header.encode() + rows(COLUMNS[kind]))
    with pytest.raises(ValueError, match=r"v\.txt, line \d: .*columns=\(") as refused:
        load(path)
    (columns,) = re.findall(r"columns=(\([-0-9, ]*\))", str(refused.value))
    named = eval(columns) if kind != "an index and a tag" else (1, 3)
    same(load(path, columns=named), PLAIN, MATRIX)


@pytest.mark.parametrize("header", [b"", b"11 12\n"])
@pytest.mark.parametrize("form", ["%d", "%.9g"])
def test_rows_without_words(tmp_path, header, form):
    path = tmp_path / "v.txt"
    with open(path, "wb") as file:
        file.write(header)
        np.savetxt(file, MATRIX, fmt=form)
    matrix = np.loadtxt(path, dtype="f4", skiprows=int(bool(header)))
    with pytest.raises(ValueError, match="no words.*Pass words="):
        load(path)
    (tmp_path / "words.txt").write_text("\n".join(PLAIN) + "\n", encoding="utf-8")
    for words in PLAIN, tmp_path / "words.txt", dict(zip(PLAIN, range(11))):
        vectors = load(path, words=words)
        same(vectors, PLAIN, matrix)
        assert vectors.problems == []
    same(load(path, words=PLAIN, limit=4), PLAIN[:4], matrix[:4])
    with pytest.raises(ValueError, match=r"\(11, 12\).* 10 words"):
        load(path, words=PLAIN[:-1])


def test_what_cannot_be_told_can_be_said(tmp_path):
    path = tmp_path / "v.txt"
    path.write_bytes(rows(lambda i, w, n: f"New York{i} {' '.join(n)}"))
    with pytest.raises(ValueError, match=r"columns=\(0, 2\); or pass sep=' '"):
        load(path)  # a tag, or words of two fields?
    assert load(path, sep=" ").words[0] == "New York0"
    path.write_bytes(rows(lambda i, w, n: f"{i} {' '.join(n)}"))
    assert load(path).words == [
        str(i) for i in range(11)
    ]  # ids for words, as of node2vec
    path.write_bytes(b"a 1 2 3\nb 4 5 6\n")
    assert load(path).matrix.tolist() == [[1, 2, 3], [4, 5, 6]]
    path.write_bytes(b"1 2 3\n4 5 6\n")
    assert load(path, columns=(0, 1)).words == ["1", "4"]
    path.write_bytes(
        b"10 3\n11 4\n12 5\n13 6\n"
    )  # words that are numbers, one number each
    with pytest.raises(ValueError, match="no words"):
        load(path)
    assert load(path, sep=" ").words == ["10", "11", "12", "13"]


def test_a_heading_and_decimal_commas(tmp_path):
    path = tmp_path / "v.csv"
    path.write_bytes(b"word,x,y\n" + text(PLAIN, MATRIX[:, :2], ",", ","))
    same(load(path, sep=",", header="ignore"), PLAIN, MATRIX[:, :2])
    path.write_bytes(b"word x y\n" + text(PLAIN, MATRIX[:, :2]))
    with pytest.raises(ValueError, match="line 1: .*header='ignore'"):
        load(path, header=False)
    same(load(path, header="ignore"), PLAIN, MATRIX[:, :2])
    for heading in b",0,1,2\n", b"word,1,2,3\n":  # as pandas writes it
        path.write_bytes(heading + text(PLAIN, MATRIX[:, :3], ",", ","))
        with pytest.raises(ValueError, match="header='ignore'"):
            load(path, sep=",")
        same(load(path, sep=",", header="ignore"), PLAIN, MATRIX[:, :3])
    path.write_bytes(b"a 0,5 0,25\nb 0,75 0,5\n")
    with pytest.raises(ValueError, match="decimal commas"):
        load(path)


@pytest.mark.parametrize("small", [0, 1 << 19])  # by polars, and by rows
@pytest.mark.parametrize("words", [[",", '"', "New York", "a,b"], ["a", "b", "c", "d"]])
def test_words_of_a_csv_keep_what_separates(tmp_path, monkeypatch, words, small):
    monkeypatch.setattr("embedlinear.vectors.text.SMALL", small)
    path = tmp_path / "v.csv"
    quoted = [f'"{word.replace(chr(34), chr(34) * 2)}"' for word in words]
    path.write_bytes(text(quoted, table(4), ",", ","))
    same(load(path, sep=","), words, table(4))
    path.write_bytes(text(words, table(4), "\t", "\t"))
    same(load(path, sep="\t"), words, table(4))
