"""Files are read exactly, or rejected with a helpful message, whatever they contain."""

import bz2
import csv
import gzip
import io
import lzma
import random
import struct
import tarfile
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from embedlinear import WordVectors, load_vectors
from embedlinear.vectors import files
from embedlinear.vectors import text as parser
from tests.vectors.tables import WORDS, binary, load, same, table, text
from tools.weekly import fuzz_vectors

PLAIN = text()
# ---------------------------------------------------------------------- words and numbers


@pytest.mark.parametrize("header", [b"", b"20 12\n"])
@pytest.mark.parametrize("end", ["\n", "\r\n", " \n"])
@pytest.mark.parametrize("block", [64, 1000, 1 << 20])
def test_odd_words(read, monkeypatch, header, end, block):
    """Words with spaces, of a single space, like numbers; and blocks that end anywhere."""
    monkeypatch.setattr(files, "CHUNK", block)
    monkeypatch.setattr(parser, "SMALL", 0)
    words = [" ", "", ". . .", "at name@domain.com", "New York", "a\u2009b", "\x85"]
    words += ["1 2", "3.5", "'", "\t", "\u2028", "windows 10", "python 3.1", *WORDS[:6]]
    data = header + text(words, end=end)
    same(read(data), words)
    same(read(data, vocab=words[3:6]), words[3:6], table()[3:6])
    same(read(data, limit=4), words[:4], table()[:4])


@pytest.mark.parametrize("small", [0, 1 << 19])  # by polars, and by rows
def test_numbers_are_rounded_as_python_and_so_gensim_rounds(read, monkeypatch, small):
    monkeypatch.setattr(parser, "SMALL", small)
    dice = random.Random(0)
    fields = ["1.000000059604644776", ".5", "5.", "+1", "-0.0", "1e-50", "007", "-3E38"]
    fields += [f"{dice.uniform(-2, 2):.{n}f}e{n * 3 - 36}" for n in range(1, 25)]
    fields += [f"{dice.gauss(0, 1):.{n % 20}f}" for n in range(968)]
    rows = zip(*[iter(fields)] * 4)
    matrix = np.array(fields, float).astype(np.float32).reshape(-1, 4)
    found = read("".join(f"w{n} {' '.join(row)}\n" for n, row in enumerate(rows)))
    same(found, [f"w{n}" for n in range(250)], matrix)


@pytest.mark.parametrize("field", ["1e39", "1_0", "١", "0x1", "1,5", "", "-", "."])
def test_what_is_not_a_number_is_refused(refused, field):
    refused("v, line 3: .*word '?c", f"a 0.1 0.2\nb 0.3 0.4\nc {field} 0.5\n")


@pytest.mark.parametrize("kind", ["text", "binary", "npy"])
@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
def test_rows_that_are_not_finite(read, refused, monkeypatch, kind, odd):
    monkeypatch.setattr(files, "CHUNK", 1000)
    matrix, file = table(), io.BytesIO()
    matrix[12, 3] = odd
    np.save(file, matrix)
    given = {"words": WORDS} if kind == "npy" else {}
    where = {"text": "line 13", "binary": "record 13", "npy": "row 13"}[kind]
    data = {"text": text, "binary": binary}.get(kind, lambda **_: file.getvalue())
    data = data(matrix=matrix)
    refused(f"v, {where}: .*优.*not_finite='skip'", data, **given)
    vectors = read(data, not_finite="skip", **given)
    same(vectors, WORDS[:12] + WORDS[13:], np.delete(matrix, 12, 0))
    assert vectors.problems == [f"1 row left out, not finite: '优' ({where})"]
    assert read(data, limit=12, **given).words == WORDS[:12]


def test_the_first_of_repeats_stays_and_a_warning_names_it(read):
    with pytest.warns(UserWarning, match=r"2 rows.*'a' \(line 4\), 'b' \(line 6\)"):
        vectors = read("5 2\na 1 2\nb 3 4\na 5 6\nc 7 8\nb 1 1\n")
    same(vectors, ["a", "b", "c"], np.array([[1, 2], [3, 4], [7, 8]], np.float32))
    assert vectors.index == {"a": 0, "b": 1, "c": 2} and "'a'" in vectors.problems[0]


@pytest.mark.parametrize("write", [text, binary])
def test_bytes_that_are_not_utf8(read, refused, path, write):
    data = write(["XX", "ok"], table(2)).replace(b"XX", b"\xe4\xbd")
    data = b"2 12\n" + data if write is text else data
    refused("(line 2|record 1): .*not UTF-8.*'replace'", data)
    KeyedVectors = pytest.importorskip("gensim.models").KeyedVectors
    for errors in "replace", "ignore":
        how = {"binary": write is binary, "unicode_errors": errors}
        theirs = KeyedVectors.load_word2vec_format(str(path), **how)
        vectors = load(path, errors=errors)
        same(vectors, theirs.index_to_key, theirs.vectors)
        assert "1 word contained bytes that are not UTF-8" in vectors.problems[0]


@pytest.mark.parametrize("encoding", ["gbk", "gb18030", "big5", "latin-1"])
def test_encodings(read, refused, encoding):
    words = ["é", "b"] if encoding == "latin-1" else ["一", "中"]
    for header in "", "2 12\n":
        data = (header + text(words).decode()).encode(encoding)
        same(read(data, encoding=encoding), words)
        for wrong in None, "ascii":
            refused(r"line \d: .* is not .*Pass encoding=", data, encoding=wrong)
        marked = b"\xef\xbb\xbf" + header.encode() + text(["a", "b"])
        assert read(marked).words == ["a", "b"]
    data = text(words).decode().encode("utf-16")
    refused("UTF-16 text.*iconv -f utf-16", data)
    refused("'utf-16'.* iconv -f utf-16", data, encoding="utf-16")


# ---------------------------------------------------------------------------- word2vec's binary


@pytest.mark.parametrize("before, end", [(b"", b""), (b"", b"\n"), (b"\n", b"")])
def test_binary(read, before, end):
    data = binary(before=before, end=end)
    same(read(data))
    same(read(data, limit=3, vocab=["的", "{"]), ["的"], table()[1:2])


@pytest.mark.parametrize("promised, least", [(12, 12), (25, 20)])
def test_a_header_that_lies(read, refused, promised, least):
    for data in binary(promised=promised), b"%d 12\n" % promised + PLAIN:
        refused(f"limit={least} .*header='ignore'", data)
        same(read(data, limit=least), WORDS[:least], table()[:least])
        same(read(data, header="ignore"))
    for header in None, "ignore":
        refused("record 20: .*limit=19", binary()[:-1], header=header)
    refused("record 21: .*limit=20", binary() + b"more")


def test_text_and_binary_are_not_taken_for_each_other(read, refused):
    data = "3 2\n优 0.9 0.8\n良 0.6 0.1\n差 -0.8 0.3\n"
    refused("2 numbers in binary, .*format='text'", data, format="binary")
    matrix = np.array([[0.7], [0.9]], np.float32)  # the bytes of "333?" and "fff?"
    data = binary(["a", "b"], matrix, end=b"\n")
    same(read(data, format="binary"), ["a", "b"], matrix)


# ---------------------------------------------------------------- what is damaged or not a table

with Path(__file__).with_name("refused.tsv").open(encoding="utf-8") as file:
    rows = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
    REFUSED = [
        (p, d.encode().decode("unicode_escape").encode("latin-1")) for p, d in rows
    ]
REFUSED += [
    ("gzip archive is damaged", gzip.compress(PLAIN)[:-9]),
    ("gzip archive is damaged", gzip.compress(PLAIN) + b"more"),
    ("xz archive is damaged", lzma.compress(PLAIN)[:-9]),
    ("bzip2 archive is damaged", bz2.compress(PLAIN)[:-9]),
    ("no line end within", gzip.compress(b"0 " * (1 << 24))),
    ("unpack the outer one", bz2.compress(gzip.compress(PLAIN))),
    ("record 20: expected a word, a space and 12 numbers", binary()[:-30]),
]


@pytest.mark.parametrize("message, data", REFUSED, ids=[m for m, _ in REFUSED])
def test_what_is_not_a_table_is_refused(refused, message, data):
    refused("(?s)v.*" + message, data, words=WORDS)


def npy(array):
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


FAR = npy(np.zeros((12, 50), "f4")).replace(b"(12, 50)", b"(9999999999, 50)")[:128]
PROMISES = {
    "text": b"1000000000000 50\n" + b"a" + b" 0.5" * 50 + b"\n",
    "binary": b"10 3999999\n" + binary()[6:],  # records of 16 MB
    ".npy": b"\x93NUMPY\x02\x00\xff\xff\xff\xff" + b"{" * 60,  # a header of 4 GB
    "npy": FAR,
    "safetensors": struct.pack("<Q", 99_000_000) + b"{}",
    "tar": b"././@PaxHeader".ljust(124, b"\0") + b"77777777777\0".ljust(32, b"\0")
    + b"x".ljust(101, b"\0") + b"ustar\00000".ljust(255, b"\0"),
}  # fmt: skip


@pytest.mark.parametrize("limit", [None, 3, 10**12])
@pytest.mark.parametrize("name", PROMISES)
def test_a_promise_takes_no_memory(refused, name, limit):
    tracemalloc.start()
    try:
        how = {"limit": limit, "words": ["a"]}
        refused("promises|damaged|expected", PROMISES[name], **how)
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
    finally:
        tracemalloc.stop()


def test_a_last_line_without_an_end_is_reported(read):
    vectors = read("a 0.123 0.456\nb 0.123 0.")  # it may be whole
    assert vectors.matrix[1].tolist() == [np.float32(0.123), 0]
    assert "no line end" in vectors.problems[0]
    assert not read("a 0.123 0.456\nb 0.123 0.", limit=1).problems
    problems = read("a 0.123 0.456\n\n\n").problems
    assert problems == ["empty lines at the end, from line 2 on"]


def test_what_is_not_a_file(tmp_path):
    with pytest.raises(ValueError, match="directory"):
        load(tmp_path)
    with pytest.raises(FileNotFoundError, match="no such file"):
        load(tmp_path / "nothing.txt")
    with pytest.raises(FileNotFoundError, match="download the file first.*example"):
        load("https://example.org/v.txt")


@pytest.mark.parametrize(
    "option",
    [{"format": "gensim"}, {"encoding": "utf-16"}, {"errors": "latin-1"}, {"limit": -1}, {"limit": 1.5},
     {"vocab": "the"}, {"vocab": [1, 2]}, {"vocab": {"a"}}, {"vocab": {"a": 7}}, {"sep": ""},
     {"words": {"a"}}, {"words": {"a": 0, "b": 2}}, {"words": [None]}, {"header": "maybe"},
     {"columns": (1,)}, {"not_finite": "drop"}],
    ids=str,
)  # fmt: skip
def test_arguments_that_mean_nothing(path, option):
    with pytest.raises((TypeError, ValueError), match=next(iter(option))):
        load(path, **option)


# ------------------------------------------------------------------------- archives and arrays


def packed(kind, **files):
    """The ``files`` (bytes by name) in an archive."""
    out = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in files.items():
                archive.writestr(name, data)
    else:
        with tarfile.open(fileobj=out, mode=f"w:{kind.partition('.')[2]}") as archive:
            for name, data in files.items():
                info = tarfile.TarInfo(f"./{name}")
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


@pytest.mark.parametrize("data", [PLAIN, binary()], ids=["text", "binary"])
@pytest.mark.parametrize("pack", [gzip, bz2, lzma])
def test_compressed_files(read, path, pack, data):
    same(read(pack.compress(data)))
    same(load(path, limit=5), WORDS[:5], table()[:5])
    with pytest.raises(FileNotFoundError, match="not an archive"):
        load(path / "v")


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "tar.bz2", "tar.xz"])
def test_archives(read, refused, path, kind):
    same(read(packed(kind, v=PLAIN)))
    same(load(path / "v"))
    several = packed(kind, v=PLAIN, other=b"x 1 2\n")
    refused(r"2 members; .*'v', 'other'.*v/v'", several)
    assert load(path / "other").words == ["x"]


def test_npz_and_torch_save(tmp_path):
    np.savez(tmp_path / "v.npz", a=table(), b=table(seed=1))
    with pytest.raises(ValueError, match=r"2 members.*v\.npz/a\.npy"):
        load(tmp_path / "v.npz")
    with pytest.raises(ValueError, match="unpack it first"):
        load(tmp_path / "v.npz" / "a.npy", words=WORDS)
    torch.save(torch.zeros(2, 2), tmp_path / "v.pt")
    with pytest.raises(ValueError, match="torch.save"):
        load(tmp_path / "v.pt")


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", ["<f4", ">f4", "<f8", "<f2"])
def test_npy(read, refused, path, order, dtype):
    matrix = np.array(table()[:, 4:], dtype, order=order)
    data, exact = npy(matrix), matrix.astype("<f4")
    path.with_suffix(".words.txt").write_text("\n".join(WORDS), encoding="utf-8")
    vectors = read(data)
    same(vectors, WORDS, exact)
    assert ("columns" in str(vectors.problems)) == (order == "F")
    assert read(data, limit=5, vocab=["10", "'s"]).words == ["10"]
    ids = dict(sorted(zip(WORDS, range(20)), key=lambda pair: pair[1] % 7))
    same(read(data, words=ids), WORDS, exact)  # in any order, as of a tokenizer
    few = WORDS[:15]  # a padded vocabulary
    refused(r"15 words.*limit=15", data, words=few)
    same(read(data, words=few, limit=15), few, exact[:15])


def test_arrays_that_are_not_vectors(refused, path):
    for array in np.zeros((12, 7), int), np.zeros(12, "f4"), np.zeros((2, 2), "c8"):
        refused(r"v: expected a matrix \(n, d\) of floats", npy(array), words=WORDS)
    pickled = npy(np.array([["pickled"]], object))
    refused("never read", pickled, words=["a"])
    refused("after the array", npy(table()) + b"more", words=WORDS)
    refused(r"the matrix has no words, and no v\.words\.txt was found", npy(table()))
    path.with_suffix(".words.txt").write_text("优\n良\n差\n", encoding="gbk")
    refused("line 1: .*not UTF-8.*encoding=", npy(table()))
    assert load(path, encoding="gbk", limit=3).words == ["优", "良", "差"]


@pytest.mark.parametrize(
    "dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16]
)
def test_safetensors_of_a_whole_model(path, dtype):
    one, two = torch.from_numpy(table()).to(dtype), torch.zeros(20, 4, dtype=dtype)
    save_file({"embed.weight": one, "head.weight": two, "bias": two[0].clone()}, path)
    choice = r"embed\.weight \(20, 12\), head.*tensor='embed\.weight'"
    for name in None, "bias", "none":
        with pytest.raises(ValueError, match=f"floats ?'?{name or ''}.*{choice}"):
            load(path, words=WORDS, tensor=name)
    vectors = load(path, words=WORDS, tensor="embed.weight")
    same(vectors, WORDS, one.float())
    assert ("float32 now" in str(vectors.problems)) == (dtype != torch.float32)


def test_progress_goes_to_stderr_and_home_is_found(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "v.txt").write_bytes(PLAIN)
    vectors = load(Path("~/v.txt"))
    assert capsys.readouterr() == ("", "")
    load_vectors("~/v.txt")
    out, err = capsys.readouterr()
    assert not out and "v.txt" in err and "100%" in err
    vectors.save("~/v.safetensors")
    same(WordVectors.open("~/v.safetensors"))


@pytest.mark.parametrize("files", [200, pytest.param(30_000, marks=pytest.mark.weekly)])
def test_mutated_files_are_read_rightly_or_refused(files, capsys):
    assert fuzz_vectors.main(["--files", str(files)]) == 0, capsys.readouterr().out
