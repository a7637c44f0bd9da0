"""Files are read exactly, or rejected with a helpful message, whatever they contain."""

import bz2
import gzip
import io
import lzma
import pickle
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
def test_odd_words(tmp_path, monkeypatch, header, end, block):
    """Words with spaces, of a single space, like numbers; and blocks that end anywhere."""
    monkeypatch.setattr(files, "CHUNK", block)
    monkeypatch.setattr(parser, "SMALL", 0)
    words = [
        " ",
        "",
        ". . .",
        "at name@domain.com",
        "New York",
        "a\u2009b",
        "\x85",
        "1 2",
    ]
    words += ["3.5", "'", "\t", "\u2028", "windows 10", "python 3.1", *WORDS[:6]]
    path = tmp_path / "odd.txt"
    path.write_bytes(header + text(words, end=end))
    same(load(path), words)
    same(load(path, vocab=words[3:6]), words[3:6], table()[3:6])
    same(load(path, limit=4), words[:4], table()[:4])


@pytest.mark.parametrize("small", [0, 1 << 19])  # by polars, and by rows
def test_numbers_are_rounded_as_python_and_so_gensim_rounds(
    tmp_path, monkeypatch, small
):
    monkeypatch.setattr(parser, "SMALL", small)
    dice, path = random.Random(0), tmp_path / "v.txt"
    fields = ["1.000000059604644776", ".5", "5.", "+1", "-0.0", "1e-50", "007", "-3E38"]
    fields += [f"{dice.uniform(-2, 2):.{n}f}e{n * 3 - 36}" for n in range(1, 25)]
    fields += [f"{dice.gauss(0, 1):.{n % 20}f}" for n in range(968)]
    rows = zip(*[iter(fields)] * 4)
    path.write_text("".join(f"w{n} {' '.join(row)}\n" for n, row in enumerate(rows)))
    matrix = np.array(fields, float).astype(np.float32).reshape(-1, 4)
    same(load(path), [f"w{n}" for n in range(250)], matrix)


@pytest.mark.parametrize("field", ["1e39", "1_0", "١", "0x1", "1,5", "", "-", "."])
def test_what_is_not_a_number_is_refused(tmp_path, field):
    path = tmp_path / "v.txt"
    path.write_text(f"a 0.1 0.2\nb 0.3 0.4\nc {field} 0.5\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"v\.txt, line 3: .*word '?c"):
        load(path)


@pytest.mark.parametrize("kind", ["text", "binary", "npy"])
@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
def test_rows_that_are_not_finite(tmp_path, monkeypatch, kind, odd):
    monkeypatch.setattr(files, "CHUNK", 1000)
    path, matrix = tmp_path / f"v.{kind}", table()
    matrix[12, 3] = odd
    np.save(tmp_path / "v.npy", matrix)
    if kind != "npy":
        path.write_bytes(
            text(matrix=matrix) if kind == "text" else binary(matrix=matrix)
        )
    given = {"words": WORDS} if kind == "npy" else {}
    where = {"text": "line 13", "binary": "record 13", "npy": "row 13"}[kind]
    with pytest.raises(ValueError, match=f"v.{kind}, {where}: .*优.*not_finite='skip'"):
        load(path, **given)
    vectors = load(path, not_finite="skip", **given)
    same(vectors, WORDS[:12] + WORDS[13:], np.delete(matrix, 12, 0))
    assert vectors.problems == [f"1 row left out, not finite: '优' ({where})"]


def test_the_first_of_repeats_stays_and_a_warning_names_it(tmp_path):
    path = tmp_path / "v.txt"
    path.write_text("5 2\na 1 2\nb 3 4\na 5 6\nc 7 8\nb 1 1\n", encoding="utf-8")
    with pytest.warns(UserWarning, match=r"2 rows.*'a' \(line 4\), 'b' \(line 6\)"):
        vectors = load(path)
    same(vectors, ["a", "b", "c"], np.array([[1, 2], [3, 4], [7, 8]], np.float32))
    assert vectors.index == {"a": 0, "b": 1, "c": 2} and "'a'" in vectors.problems[0]


@pytest.mark.parametrize("binary_", [False, True])
def test_bytes_that_are_not_utf8(tmp_path, binary_):
    path, write = tmp_path / "v", binary if binary_ else text
    data = write(["XX", "ok"], table(2)).replace(b"XX", b"\xe4\xbd")
    path.write_bytes(data if binary_ else b"2 12\n" + data)
    with pytest.raises(ValueError, match=r"(line 2|record 1): .*not UTF-8.*'replace'"):
        load(path)
    KeyedVectors = pytest.importorskip("gensim.models").KeyedVectors
    for errors in "replace", "ignore":
        how = {"binary": binary_, "unicode_errors": errors}
        theirs = KeyedVectors.load_word2vec_format(str(path), **how)
        vectors = load(path, errors=errors)
        same(vectors, theirs.index_to_key, theirs.vectors)
        assert vectors.problems[0].startswith(
            "1 word contained bytes that are not UTF-8"
        )


@pytest.mark.parametrize("encoding", ["gbk", "gb18030", "big5", "latin-1"])
def test_encodings(tmp_path, encoding):
    path = tmp_path / "v.txt"
    words = ["é", "b"] if encoding == "latin-1" else ["一", "中"]
    for header in "", "2 12\n":
        path.write_bytes((header + text(words).decode()).encode(encoding))
        same(load(path, encoding=encoding), words)
        for wrong in None, "ascii":
            with pytest.raises(
                ValueError, match=r"line \d: .* is not .*Pass encoding="
            ):
                load(path, encoding=wrong)
        path.write_bytes(b"\xef\xbb\xbf" + header.encode() + text(["a", "b"]))
        assert load(path).words == ["a", "b"]
    path.write_bytes(text(words).decode().encode("utf-16"))
    with pytest.raises(ValueError, match="UTF-16 text.*iconv -f utf-16"):
        load(path)
    with pytest.raises(ValueError, match="'utf-16'.* iconv -f utf-16"):
        load(path, encoding="utf-16")


# ---------------------------------------------------------------------------- word2vec's binary


@pytest.mark.parametrize("before, end", [(b"", b""), (b"", b"\n"), (b"\n", b"")])
def test_binary(tmp_path, before, end):
    path = tmp_path / "v.bin"
    path.write_bytes(binary(before=before, end=end))
    same(load(path))
    same(load(path, limit=3, vocab=["的", "{"]), ["的"], table()[1:2])


def test_a_header_that_lies(tmp_path):
    path = tmp_path / "v.bin"
    for promised, least in (12, 12), (25, 20):
        path.write_bytes(binary(promised=promised))
        with pytest.raises(ValueError, match=f"limit={least} .*header='ignore'"):
            load(path)
        same(load(path, limit=least), WORDS[:least], table()[:least])
        same(load(path, header="ignore"))
        path.write_bytes(b"%d 12\n" % promised + PLAIN)
        with pytest.raises(ValueError, match=f"limit={least} .*header='ignore'"):
            load(path)
        same(load(path, limit=least), WORDS[:least], table()[:least])
        same(load(path, header="ignore"))
    path.write_bytes(binary()[:-1])
    for header in None, "ignore":
        with pytest.raises(ValueError, match="record 20: .*limit=19"):
            load(path, header=header)


def test_text_and_binary_are_not_taken_for_each_other(tmp_path):
    path = tmp_path / "v.txt"
    path.write_text("3 2\n优 0.9 0.8\n良 0.6 0.1\n差 -0.8 0.3\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"2 numbers in binary, .*format='text'"):
        load(path, format="binary")
    matrix = np.array([[0.7], [0.9]], np.float32)  # the bytes of "333?" and "fff?"
    path.write_bytes(binary(["a", "b"], matrix, end=b"\n"))
    same(load(path, format="binary"), ["a", "b"], matrix)


# ---------------------------------------------------------------- what is damaged or not a table


BROKEN = {
    "empty": (b"", "the file is empty"),
    "too few": (b"a 1 2 3\nb 1 2 3\nc 1 2\n", "line 3: expected a word and 3 numbers"),
    "too many": (b"a 0.1 0.2\nb 0.1 0.2 0.3\nc 0.1 0.2\n", "line 2: .*too many"),
    "run together": (
        b"a 0.1 0.2\nb 0.1 0.2c 0.3 0.4\nd 0.1 0.2\n",
        "line 2: .*run toget",
    ),
    "a far header": (b"1000000000000 2\na 1 2\n", "promises 1,000,000,000,000 rows"),
    "a wide header": (b"1 5\na 1.25 2.125\n", "line 2: expected a word and 5 numbers"),
    "absurdly wide": (b"1 1000000000000\na 1 2\n", "line 1"),
    "no columns": (b"1 0\na\n", "vectors of 0 numbers"),
    "an empty line": (b"a 1 2\n\nb 1 2\n", "line 2: the line is empty"),
    "prose": (b"Dear reader,\nthis is not one.\n", "line 1: expected a word and its"),
    "damaged gzip": (gzip.compress(PLAIN)[:-9], "gzip archive is damaged"),
    "gzip and more": (gzip.compress(PLAIN) + b"more", "gzip archive is damaged"),
    "damaged xz": (lzma.compress(PLAIN)[:-9], "xz archive is damaged"),
    "damaged bzip2": (bz2.compress(PLAIN)[:-9], "bzip2 archive is damaged"),
    "damaged zip": (b"PK\x03\x04" + bytes(40), "zip archive is damaged"),
    "much of nothing": (gzip.compress(b"0 " * (1 << 24)), "no line end within"),
    "npy, header only": (
        b"\x93NUMPY\x01\x00\x04\x00{x}\n",
        "npy is cut off or damaged",
    ),
    "safetensors": (
        struct.pack("<Q", 4) + b"{x}}",
        "safetensors is cut off or damaged",
    ),
    "binary cut": (
        binary()[:-30],
        "record 20: expected a word, a space and 12 numbers",
    ),
}
KNOWN = {
    "html": (b"<!DOCTYPE html>\n<html><body>404</body></html>", "an HTML page"),
    "pickle": (pickle.dumps("a 0.9\nb 0.8\n"), "never read.*save_word2vec_format"),
    "fastText's .bin": (
        struct.pack("<ii", 793712314, 12) + bytes(64),
        "load_facebook_vec",
    ),
    "magnitude": (b"SQLite format 3\0" + bytes(84), "pymagnitude"),
    "GGUF": (b"GGUF\3\0\0\0" + bytes(84), "GGUFReader"),
    "Git LFS": (
        b"version https://git-lfs.github.com/spec/v1\nsize 9\n",
        "git lfs pull",
    ),
    "JSON": (b'{"the": [0.1, 0.2],\n "of": [0.3, 0.4]}', "json.load"),
    "more JSON": (b'[\n ["the", [0.1, 0.2]]]', "json.load"),
    "HDF5": (b"\x89HDF\r\n\x1a\n" + bytes(84), "h5py"),
    "Parquet": (b"PAR1\x15\x04" + bytes(84), "polars"),
    "sparse": (b"the 1:0.5 7:0.25\nof 2:0.5 9:1.5 11:2\n", "sparse"),
    "gzip in bzip2": (bz2.compress(gzip.compress(PLAIN)), "unpack the outer one"),
    "zstd": (b"(\xb5/\xfd" + bytes(84), "zstd -d"),
    "noise": (bytes(range(256)), "unknown format"),
    "utf-16 without a mark": ("a 1 2\n".encode("utf-16-le"), "iconv"),
    "a sharded model": (b'{"metadata": {}, "weight_map": {"x": "y"}}', "tensor="),
}


@pytest.mark.parametrize("name", [*BROKEN, *KNOWN])
def test_what_is_not_a_table_is_refused(tmp_path, name):
    data, message = (BROKEN | KNOWN)[name]
    path = tmp_path / "broken"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"(?s)broken.*" + message):
        load(path, words=WORDS)


@pytest.mark.parametrize("limit", [None, 3, 10**12])
@pytest.mark.parametrize(
    "name", ["text", "binary", ".npy", "npy", "safetensors", "tar"]
)
def test_a_promise_takes_no_memory(tmp_path, name, limit):
    data = {
        "text": b"1000000000000 50\n" + b"a" + b" 0.5" * 50 + b"\n",
        "binary": b"10 3999999\n" + binary()[6:],  # records of 16 MB
        ".npy": b"\x93NUMPY\x02\x00\xff\xff\xff\xff" + b"{" * 60,  # a header of 4 GB
        "npy": npy_header((10**10, 50)),
        "safetensors": struct.pack("<Q", 99_000_000) + b"{}",
        "tar": b"././@PaxHeader".ljust(124, b"\0") + b"77777777777\0".ljust(32, b"\0")
        + b"x".ljust(101, b"\0") + b"ustar\00000".ljust(255, b"\0"),
    }[name]  # fmt: skip
    path = tmp_path / "v"
    path.write_bytes(data)
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=r"promises|damaged|expected"):
            load(path, limit=limit, words=["a"])
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
    finally:
        tracemalloc.stop()


def npy_header(shape):
    file = io.BytesIO()
    about = {"descr": "<f4", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, about)
    return file.getvalue()


def test_a_last_line_without_an_end_is_reported(tmp_path):
    path = tmp_path / "v.txt"
    path.write_bytes(b"a 0.123 0.456\nb 0.123 0.")  # it may be whole
    vectors = load(path)
    assert vectors.matrix[1].tolist() == [np.float32(0.123), 0]
    assert "no line end" in vectors.problems[0] and not load(path, limit=1).problems
    path.write_bytes(b"a 0.123 0.456\n\n\n")
    assert load(path).problems == ["empty lines at the end, from line 2 on"]


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
def test_arguments_that_mean_nothing(tmp_path, option):
    with pytest.raises((TypeError, ValueError), match=next(iter(option))):
        load(tmp_path / "v.txt", **option)


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
@pytest.mark.parametrize(
    "kind", ["gz", "bz2", "xz", "zip", "tar", "tar.gz", "tar.bz2", "tar.xz"]
)
def test_packed_files(tmp_path, kind, data):
    pack = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}.get(kind)
    path = tmp_path / "v.dat"  # the name does not matter
    path.write_bytes(pack(data) if pack else packed(kind, v=data))
    same(load(path))
    same(load(path, limit=5), WORDS[:5], table()[:5])
    if pack:
        with pytest.raises(FileNotFoundError, match="not an archive"):
            load(path / "v")
        return
    same(load(path / "v"))
    path.write_bytes(packed(kind, v=data, other=b"x 1 2\n"))
    with pytest.raises(ValueError, match=r"2 members; .*'v', 'other'.*v\.dat/v'"):
        load(path)
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
def test_npy(tmp_path, order, dtype):
    matrix = np.array(table()[:, 4:], dtype, order=order)
    np.save(tmp_path / "v.npy", matrix)
    (tmp_path / "v.words.txt").write_text("\n".join(WORDS), encoding="utf-8")
    vectors = load(tmp_path / "v.npy")
    same(vectors, WORDS, matrix.astype("<f4"))
    assert ("columns" in str(vectors.problems)) == (order == "F")
    assert load(tmp_path / "v.npy", limit=5, vocab=["10", "'s"]).words == ["10"]
    order = sorted(
        range(20), key=lambda i: i % 7
    )  # as a tokenizer's get_vocab() gives it
    mapping = {WORDS[i]: i for i in order}
    same(load(tmp_path / "v.npy", words=mapping), WORDS, matrix.astype("<f4"))
    few = dict(list({w: i for i, w in enumerate(WORDS)}.items())[:15])
    with pytest.raises(ValueError, match=r"15 words.*limit=15"):  # a padded vocabulary
        load(tmp_path / "v.npy", words=few)
    same(
        load(tmp_path / "v.npy", words=few, limit=15),
        WORDS[:15],
        matrix[:15].astype("f4"),
    )


def test_arrays_that_are_not_vectors(tmp_path):
    for array in np.zeros((12, 7), int), np.zeros(12, "f4"), np.zeros((2, 2), "c8"):
        np.save(tmp_path / "v.npy", array)
        with pytest.raises(
            ValueError, match=r"v\.npy: expected a matrix \(n, d\) of floats"
        ):
            load(tmp_path / "v.npy", words=WORDS)
    np.save(tmp_path / "v.npy", np.array([["pickled"]], object), allow_pickle=True)
    with pytest.raises(ValueError, match="never read"):
        load(tmp_path / "v.npy", words=["a"])
    np.save(tmp_path / "v.npy", table())
    with pytest.raises(
        ValueError, match=r"the matrix has no words, and there is no v\.words\.txt"
    ):
        load(tmp_path / "v.npy")
    (tmp_path / "v.words.txt").write_text("优\n良\n差\n", encoding="gbk")
    with pytest.raises(ValueError, match="line 1: .*not UTF-8.*encoding="):
        load(tmp_path / "v.npy")
    assert load(tmp_path / "v.npy", encoding="gbk", limit=3).words == ["优", "良", "差"]


@pytest.mark.parametrize(
    "dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16]
)
def test_safetensors_of_a_whole_model(tmp_path, dtype):
    one, two = torch.from_numpy(table()).to(dtype), torch.zeros(20, 4, dtype=dtype)
    path = tmp_path / "model.safetensors"
    save_file({"embed.weight": one, "head.weight": two, "bias": two[0].clone()}, path)
    with pytest.raises(
        ValueError, match=r"embed\.weight \(20, 12\), head.*tensor='embed"
    ):
        load(path, words=WORDS)
    for name in "bias", "none":
        with pytest.raises(
            ValueError, match=rf"floats '{name}'.*tensor='embed\.weight'"
        ):
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
