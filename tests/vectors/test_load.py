"""Word vectors are read exactly as gensim reads them, or refused in words that help."""

import gzip
import pickle
import struct
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from gensim.models import KeyedVectors
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

from embedlinear import WordVectors, load_vectors
from embedlinear.vectors import decimals, text

WORDS = [
    "the",
    "的",
    "10",
    "nan",
    '"',
    "\u00a0",
    "\u3000x",
    "a\u0085b",
    "-0.5",
    "été",
    "'s",
    "1e5",
]


def load(path, **options):
    return load_vectors(path, progress=False, **options)


def table(n=len(WORDS), d=7, seed=0):
    matrix = np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)
    matrix[0, :4] = (
        0,
        -0.0,
        1e-6,
        -12345.678,
    )  # what is written with a sign, an exponent, at length
    return matrix


def lines(words, matrix, end="\n", form=str):
    rows = (
        f"{word} {' '.join(form(x) for x in row)}" for word, row in zip(words, matrix)
    )
    return (end.join(rows) + end).encode()


def same(vectors, words, matrix):
    """Equal bit for bit: also the sign of zero."""
    assert vectors.words == list(words)
    assert vectors.matrix.dtype == torch.float32 and vectors.matrix.is_contiguous()
    assert np.array_equal(vectors.matrix.numpy().view("u4"), matrix.view("u4"))


def same_as_gensim(path, binary=False, no_header=False, **options):
    theirs = KeyedVectors.load_word2vec_format(
        str(path), binary=binary, no_header=no_header
    )
    vectors = load(path, **options)
    same(vectors, theirs.index_to_key, theirs.vectors)
    return vectors


# ----------------------------------------------------------------------------- five real origins


def c_tool(words, matrix, end=b"\n"):
    """What word2vec.c writes with -binary 1: fprintf("%s "), fwrite, fprintf("\\n")."""
    rows = (w.encode() + b" " + row.tobytes() + end for w, row in zip(words, matrix))
    return b"%d %d\n" % matrix.shape + b"".join(rows)


@pytest.mark.parametrize("binary", [False, True])
def test_gensims_own_files(tmp_path, binary):
    vectors, path = KeyedVectors(7), tmp_path / "vectors"
    vectors.add_vectors(WORDS, table())
    vectors.save_word2vec_format(str(path), binary=binary)
    assert same_as_gensim(path, binary).format == (
        "word2vec binary" if binary else "text with a header"
    )


@pytest.mark.parametrize("end", [b"\n", b""], ids=["the C tool", "without line ends"])
def test_word2vec_binary(tmp_path, end):
    path = tmp_path / "vectors.bin"
    path.write_bytes(c_tool(WORDS, table(), end))
    same(same_as_gensim(path, binary=True), WORDS, table())


def test_word2vec_text_of_the_c_tool(tmp_path):
    path = tmp_path / "vectors.txt"  # fprintf("%s "), then fprintf("%lf ") d times
    body = lines(WORDS, table(), end=" \n", form=lambda x: f"{x:.6f}")
    path.write_bytes(b"12 7\n" + body)
    same_as_gensim(path)


def test_fasttext(tmp_path):
    path = (
        tmp_path / "wiki.vec"
    )  # a header, numbers to five significant digits, a final space
    path.write_bytes(
        b"12 7\n" + lines(WORDS, table(), end=" \n", form=lambda x: f"{x:.5g}")
    )
    same_as_gensim(path)
    same_as_gensim(path, format="fasttext")


def test_glove(tmp_path):
    path = tmp_path / "glove.txt"
    path.write_bytes(lines(WORDS, table(), form=lambda x: f"{x:.5g}"))
    assert same_as_gensim(path, no_header=True).format == "text without a header"


def test_safetensors(tmp_path):
    path, words = tmp_path / "vectors.safetensors", tmp_path / "words.txt"
    words.write_text("\n".join(WORDS) + "\n", encoding="utf-8")
    for dtype in (np.float32, np.float64, np.float16):
        matrix = table()[:, 4:].astype(dtype)
        save_file({"weight": matrix, "ids": np.arange(3)}, path)
        same(load(path, words=words), WORDS, matrix.astype(np.float32))


def test_safetensors_in_bfloat16(tmp_path):
    from safetensors.torch import save_file

    matrix = torch.from_numpy(table()).bfloat16()
    save_file({"weight": matrix}, tmp_path / "half.safetensors")
    vectors = load(tmp_path / "half.safetensors", words=WORDS)
    assert torch.equal(vectors.matrix, matrix.float())


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


# ------------------------------------------------------------------------------------ numbers


def parsed(fields):
    text = decimals.padded(b" ", b" ".join(fields), b"\n")
    table = decimals.PAD + np.cumsum([0] + [len(field) + 1 for field in fields])
    value, bad = decimals.parse(np.frombuffer(text, np.uint8), table[None])
    return value[0], bad and bad[1]


def as_python(field):
    with np.errstate(over="ignore"):
        value = (
            np.float32(field.decode()) if decimals.NUMBER(field) else np.float32("nan")
        )
    return value if np.isfinite(value) else None


written = st.one_of(
    st.floats(width=32, allow_nan=False, allow_infinity=False).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.builds("{:.{}f}".format, st.floats(-1e6, 1e6), st.integers(0, 17)),
    st.integers(-(10**18), 10**18).map(str),
    st.text("0123456789.-+e_", max_size=18),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(written, min_size=1, max_size=300))
def test_every_number_is_python_s(texts):
    fields = [one.encode() for one in texts]
    value, bad = parsed(fields)
    expected = [as_python(field) for field in fields]
    assert bad == (expected.index(None) if None in expected else None)
    for got, wanted in zip(value, expected):
        assert wanted is None or got.tobytes() == wanted.tobytes()


def test_many_numbers_of_every_shape_at_once():
    generator = np.random.default_rng(0)
    fields = []
    for places in range(16):
        for whole in (1, 10, 1000, 10**6):
            numbers = generator.normal(size=40) * whole
            fields += [f"{x:.{places}f}".encode() for x in numbers]
    fields += [
        b".5",
        b"5.",
        b"-0.0",
        b"0",
        b"1.000000059604644776",
        b"999999999999999.9",
    ] * 20
    value, bad = parsed(fields)
    expected = np.array([as_python(field) for field in fields])
    assert bad is None and np.array_equal(value.view("u4"), expected.view("u4"))


def test_every_number_of_millionths_is_divided_as_well_in_float32():
    millionths = np.arange(10_000_000)
    divided = millionths.astype(np.float32) / decimals.MILLION
    assert np.array_equal(divided, (millionths / 1e6).astype(np.float32))


def test_numbers_of_one_digit_and_up_to_six_decimals():
    generator = np.random.default_rng(1)
    fields = [
        f"{x / 1e6:.{p}f}"
        for p in range(1, 7)
        for x in generator.integers(0, 10**7, 5000)
    ]
    fields = [field.encode() for field in fields + [f"-{field}" for field in fields]]
    value, bad = parsed(fields)
    assert bad is None
    assert (
        value.tobytes()
        == np.array(list(map(float, fields))).astype(np.float32).tobytes()
    )


@pytest.mark.parametrize(
    "field", [b"1.2.3", b"..", b"1-2", b"12,5", b"12345.6789:", b"-1234567.x"]
)
def test_among_many_numbers_too(field):
    fields = [b"12.25"] * 200 + [field] + [b"-1234.5"] * 200
    value, bad = parsed(fields)
    assert bad == 200 and set(value[:200]) == {12.25} and set(value[201:]) == {-1234.5}


@pytest.mark.parametrize(
    "field", ["nan", "inf", "-inf", "1e39", "1_0", "١", "0x1", "1,5", "", "-", "."]
)
def test_what_is_no_finite_number_is_refused(tmp_path, field):
    path = tmp_path / "v.txt"
    path.write_text(f"a 0.1 0.2\nb 0.3 0.4\nc {field} 0.5\n", encoding="utf-8")
    with pytest.raises(
        ValueError, match=r"v\.txt, line 3: number 1 of 2 of the word 'c'"
    ):
        load(path)


# --------------------------------------------------------------------------------------- words


ODD = [" ", "", ". . .", "at name@domain.com", "New York", "\u00a0", "\u3000", "a\u2009b", "\x85",
       "1 2", "3.5", "nan", "'", '"', "\ufeffx", "\t", "\u2028", "windows 10", "python 3.1"]  # fmt: skip


@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize("end", ["\n", "\r\n", " \n"])
def test_odd_words(tmp_path, header, end):
    path, words = tmp_path / "odd.txt", ["the", *ODD]
    matrix = table(len(words))[:, 4:]
    body = lines(words, matrix, end, form=lambda x: f"{x:.4f}")
    path.write_bytes(b"20 3\n" * header + body)
    expected = np.array([[np.float32(f"{x:.4f}") for x in row] for row in matrix])
    same(load(path), words, expected)
    same(load(path, vocab=words[3:6]), words[3:6], expected[3:6])
    same(load(path, limit=4), words[:4], expected[:4])


def test_blocks_meet_anywhere(tmp_path, monkeypatch):
    path, words = tmp_path / "v.txt", [f"w{i} {'x' * (i % 5)}" for i in range(300)]
    matrix = table(300)
    path.write_bytes(lines(words, matrix)[:-1])  # the last line has no end
    for size in (1, 7, 64, 1000):
        monkeypatch.setattr(text, "BLOCK", size)
        same(load(path), words, matrix)
        same(load(path, limit=123), words[:123], matrix[:123])


def test_the_first_of_repeats_stays_and_a_warning_names_it(tmp_path):
    path = tmp_path / "v.txt"
    path.write_text("5 2\na 1 2\nb 3 4\na 5 6\nc 7 8\nb 1 1\n", encoding="utf-8")
    with pytest.warns(
        UserWarning, match=r"'a' \(line 4 repeats line 2\), 'b' \(line 6"
    ):
        theirs = KeyedVectors.load_word2vec_format(str(path))
        vectors = load(path)
    same(vectors, theirs.index_to_key[:3], theirs.vectors[:3])
    assert vectors.words == ["a", "b", "c"] and "'a'" in vectors.problems[0]
    with pytest.warns(
        UserWarning, match=r"1 row was dropped, because its word came before: 'a'"
    ):
        load(path, limit=4)


@pytest.mark.parametrize("binary", [False, True])
def test_bytes_that_are_no_utf8(tmp_path, binary):
    path, matrix = tmp_path / "v", table(2)
    words = [b"\xe4\xbd", b"ok"]
    if binary:
        rows = [w + b" " + row.tobytes() for w, row in zip(words, matrix)]
    else:
        rows = [w + b" " + lines([""], [row])[1:] for w, row in zip(words, matrix)]
    path.write_bytes(b"2 7\n" + b"".join(rows))
    with pytest.raises(
        ValueError, match=r"(line 2|byte 4).*is no UTF-8.*errors='replace'"
    ):
        load(path)
    for errors in ("replace", "ignore"):
        theirs = KeyedVectors.load_word2vec_format(
            str(path), binary=binary, unicode_errors=errors
        )
        vectors = load(path, errors=errors)
        same(vectors, theirs.index_to_key, theirs.vectors)
        assert vectors.problems[0].startswith("1 word held bytes that are no UTF-8")


def test_a_byte_order_mark_is_no_part_of_the_first_word(tmp_path):
    path = tmp_path / "v.txt"
    for start in ("", "2 2\n"):
        path.write_text(f"\ufeff{start}a 1 2\nb 3 4\n", encoding="utf-8")
        assert load(path).words == ["a", "b"]


# ----------------------------------------------------------------------------------- malformed


BROKEN = {
    "empty": (b"", "the file is empty"),
    "too few": (b"a 1 2 3\nb 1 2 3\nc 1 2\n", "line 3: expected a word and 3 numbers"),
    "too many": (
        b"a 0.1 0.2\nb 0.1 0.2 0.3\nc 0.1 0.2\n",
        "line 2: .* too many numbers",
    ),
    "too many whole ones": (b"a 1 2\nb 1 2 3\nc 1 2\n", "line 2: .* too many numbers"),
    "of two rows one cut": (b"a 1 2\nb 3\n", "line 2: expected a word and 2 numbers"),
    "rows run together": (
        b"a 0.1 0.2\nb 0.1 0.2c 0.3 0.4\nd 0.1 0.2\n",
        "line 2: .* run together",
    ),
    "cut off": (
        b"3 2\nalpha 1 2\nbeta 1 2\n",
        r"promises 3 rows, but there are only 2.*limit=2",
    ),
    "too long": (
        b"1 2\na 1 2\nb 1 2\n",
        r"promises 1 rows, but there are 2.*header='ignore'",
    ),
    "a header far off": (
        b"1000000000000 2\na 1 2\n",
        "line 1: the header promises 1,000,000",
    ),
    "a header too wide": (
        b"1 5\na 1.25 2.125\n",
        "line 2: expected a word and 5 numbers",
    ),
    "absurdly wide": (b"1 1000000000000\na 1 2\n", "line 1"),
    "no columns": (b"1 0\na\n", "vectors of 0 numbers"),
    "an empty line": (b"a 1 2\n\nb 1 2\n", "line 2: the line is empty"),
    "tabs": (
        b"a\t1\t2\nb\t3\t4\n",
        "line 1: .*holds a tab; replace tabs by single spaces",
    ),
    "tabs below a header": (
        b"1 2\na\t1\t2\n",
        "line 2: .*holds a tab; replace tabs by single",
    ),
    "a line of one number": (b"a 1\nb\n", "line 2: expected a word and 1 number, but"),
    "html": (b"<!DOCTYPE html>\n<html><body>404</body></html>", "an HTML page"),
    "prose": (
        b"Dear reader,\nthis is no table.\n",
        "line 1: expected a word and its numbers",
    ),
    "a pickle": (pickle.dumps([1, 2]), "never read"),
    "a pickle that ends in numbers": (pickle.dumps("a 0.9\nb 0.8\n"), "is a pickle"),
    "an old pickle": (pickle.dumps({"a": 1}, protocol=0), "line 1"),
    "utf-16": ("a 1 2\n".encode("utf-16"), "UTF-16"),
    "fastText's .bin": (
        struct.pack("<ii", 793712314, 12) + bytes(64),
        "give its .vec file",
    ),
    "noise": (bytes(range(256)), "no format that is known"),
    "damaged gzip": (gzip.compress(b"a 1 2\n" * 9)[:-9], "gzip archive is damaged"),
    "damaged zip": (b"PK\x03\x04" + bytes(40), "zip archive is damaged"),
    "binary, cut off": (c_tool(WORDS, table())[:-30], "expected 12 records"),
    "binary, too long": (c_tool(WORDS, table()) + b"x", "expected the end of the file"),
    "binary, promises": (b"1000000000000 7" + c_tool(WORDS, table())[4:], "room for"),
    "binary, nan": (
        b"1 2\na " + np.array([1, np.nan], "<f4").tobytes(),
        "byte 10: number 2 of 2",
    ),
    "safetensors, cut off": (
        struct.pack("<Q", 900) + b"{}",
        "byte 0: the header promises 900",
    ),
    "safetensors, no JSON": (
        struct.pack("<Q", 4) + b"{x}}",
        "header of the safetensors is damaged",
    ),
    "utf-32": ("a 1 2\n".encode("utf-32"), "UTF-32"),
    "utf-16 without a mark": ("a 1 2\n".encode("utf-16-le"), "no format that is known"),
    "double spaces": (
        b"a  0.1  0.2\nb  0.3  0.4\n",
        "line 1: .* two spaces .* side by side, in",
    ),
    "double spaces below a header": (
        b"1 2\na 0.1  0.2\n",
        "line 2: .* two spaces stand side",
    ),
    "two spaces for a number": (
        b"a 1 2\nb  4\nc 5 6\n",
        "line 2: .*Two spaces stand side",
    ),
    "old Mac line ends": (b"a 0.1 0.2\rb 0.3 0.4\r", "line 1: .*run together"),
    "a table with commas": (
        b"a,0.1,0.2\nb,0.3,0.4\n",
        "line 1: expected a word and its numbers",
    ),
    "a pointer of Git LFS": (
        b"version https://git-lfs.github.com/spec/v1\nsize 9\n",
        "line 1",
    ),
    "gzip and more": (gzip.compress(b"a 1 2\n") + b"more", "gzip archive is damaged"),
    "gzip, changed": (
        gzip.compress(b"a 1 2\n" * 9)[:-8] + bytes(8),
        "gzip archive is damaged",
    ),
    "much of nothing": (gzip.compress(b"0 " * (1 << 24)), "no line end within"),
    ".npy, header only": (
        b"\x93NUMPY\x01\x00\x04\x00{x}\n",
        "header of the .npy is damaged",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_refused(tmp_path, name):
    data, message = BROKEN[name]
    path = tmp_path / "broken"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"broken.*" + message):
        load(path, words=WORDS)


@pytest.mark.parametrize("limit", [None, 3, 10**12])
@pytest.mark.parametrize("name", ["text", "binary", ".npy", "safetensors"])
def test_a_promise_takes_no_memory(tmp_path, name, limit):
    data = {
        "text": b"1000000000000 50\n" + b"a" + b" 0.5" * 50 + b"\n",
        "binary": b"10 3999999\n" + c_tool(WORDS, table())[5:],  # records of 16 MB
        ".npy": b"\x93NUMPY\x02\x00\xff\xff\xff\xff" + b"{" * 60,  # a header of 4 GB
        "safetensors": struct.pack("<Q", 99_000_000) + b"{}",
    }[name]
    path = tmp_path / "v"
    path.write_bytes(data)
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=r"promises|damaged"):
            load(path, limit=limit, words=["a"])
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("dtype, shape", [
    ("i8", (12, 7)), ("c8", (12, 7)), ("f4", ()), ("f4", (12,)), ("f4", (12, 7, 1)),
    (np.longdouble, (12, 7)), ([("a", "f4")], (12,)), ("U3", (12, 7)),
])  # fmt: skip
def test_arrays_that_are_no_matrix_of_floats(tmp_path, dtype, shape):
    np.save(tmp_path / "v.npy", np.zeros(shape, dtype))
    with pytest.raises(
        ValueError, match=r"v\.npy: expected a matrix \(n, d\) of floats"
    ):
        load(tmp_path / "v.npy", words=WORDS)


def test_arrays_that_say_one_thing_and_hold_another(tmp_path):
    vectors = WordVectors(WORDS, table())
    for name in "v.npy", "v.safetensors":
        path = tmp_path / name
        vectors.save(path)
        path.write_bytes(path.read_bytes() + b"more")
        for read in (load, WordVectors.open):
            with pytest.raises(
                ValueError, match=r"byte \d+: expected the end of the file"
            ):
                read(path)
    np.save(tmp_path / "v.npy", np.zeros((12, 0), np.float32))
    with pytest.raises(ValueError, match="vectors of 0 numbers"):
        load(tmp_path / "v.npy")
    save_file({"a": table(), "b": table()}, tmp_path / "two.safetensors")
    with pytest.raises(ValueError, match=r"expected one matrix .* found \['a', 'b'\]"):
        load(tmp_path / "two.safetensors", words=WORDS)


def test_a_last_line_without_an_end_is_reported(tmp_path):
    path = tmp_path / "v.txt"
    path.write_bytes(
        b"a 0.123 0.456\nb 0.123 0."
    )  # read, for it may be whole: but said
    vectors = load(path)
    assert vectors.matrix[1].tolist() == [np.float32(0.123), 0]
    assert "no line end" in vectors.problems[0]
    assert load(path, limit=1).problems == []
    path.write_bytes(b"a 0.123 0.456\nb 0.123 0.\n")
    assert load(path).problems == []


@pytest.mark.parametrize("limit", [None, 1])
@pytest.mark.parametrize("row", ["优 0.9 0.8", "优  0.9 0.8", "优 -1e-05 12.5"])
def test_a_text_is_not_read_as_binary(tmp_path, row, limit):
    path = tmp_path / "v.txt"
    path.write_text(f"3 2\n{row}\n良 0.6 0.1\n差 -0.8 0.3\n", encoding="utf-8")
    with pytest.raises(
        ValueError, match=r"v\.txt, line 2: .* 2 numbers in binary, .*'word2vec'"
    ):
        load(path, format="binary", limit=limit)


def test_binary_that_looks_like_text_can_be_forced(tmp_path):
    matrix = np.array([[0.7], [0.9]], np.float32)
    path = tmp_path / "v.bin"
    path.write_bytes(c_tool(["a", "b"], matrix))
    assert path.read_bytes() == b"2 1\na 333?\nb fff?\n"
    same(load(path, format="binary"), ["a", "b"], matrix)
    path.write_bytes(b"0 2\n")
    assert load(path, format="binary").words == []


def test_words_that_are_not_needed_are_reported(tmp_path):
    (tmp_path / "v.txt").write_bytes(b"a 1 2\nb 3 4\n")
    vectors = load(tmp_path / "v.txt", words=["c", "d"])
    assert vectors.words == ["a", "b"] and "not used" in vectors.problems[0]


def test_what_is_no_file(tmp_path):
    with pytest.raises(ValueError, match="directory"):
        load(tmp_path)
    with pytest.raises(FileNotFoundError, match="no such file of vectors"):
        load(tmp_path / "nothing.txt")
    for address in "http://example.org/v.txt", "https://example.org/v.zip":
        with pytest.raises(FileNotFoundError, match="download the file first.*example"):
            load(address)


def test_a_tilde_is_the_home_directory(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    WordVectors(WORDS, table()).save("~/v.npy")
    for path in "~/v.npy", Path("~/v.npy"):
        same(load(path, words="~/v.words.txt"), WORDS, table())
        same(WordVectors.open(path), WORDS, table())


def test_nothing_is_unpickled(tmp_path):
    class Bomb:
        def __reduce__(self):
            return (pytest.exit, ("unpickled",))

    np.save(tmp_path / "o.npy", np.array([[Bomb()]], object), allow_pickle=True)
    torch.save(torch.zeros(2, 2), tmp_path / "v.pt")
    np.savez(tmp_path / "v.npz", a=table(), b=table())
    for name, message in (
        ("o.npy", "Python objects"),
        ("v.pt", "torch.save"),
        ("v.npz", "npz"),
    ):
        with pytest.raises(ValueError, match=message):
            load(tmp_path / name, words=["a"])


def test_a_truncated_array_is_refused(tmp_path):
    vectors = WordVectors(WORDS, table())
    for name in ("v.npy", "v.safetensors"):
        path = tmp_path / name
        vectors.save(path)
        path.write_bytes(path.read_bytes()[: -200 if name == "v.npy" else -1])
        for read in (load, WordVectors.open):
            with pytest.raises(ValueError, match="cut off or damaged"):
                read(path)


def test_words_must_match_the_rows(tmp_path):
    np.save(tmp_path / "v.npy", table())
    with pytest.raises(ValueError, match="no words with it"):
        load(tmp_path / "v.npy")
    with pytest.raises(ValueError, match="there are 2 words"):
        load(tmp_path / "v.npy", words=["a", "b"])


def test_a_lying_header_can_be_read(tmp_path):
    path = tmp_path / "v.vec"
    path.write_bytes(b"4 2\na 1 2\nb 3 4\nc 5 6\n")
    assert (
        load(path, limit=3).words
        == load(path, header="ignore").words
        == ["a", "b", "c"]
    )
    assert load(path, limit=1).words == ["a"]
    path.write_bytes(
        b"10 3\n11 4\n12 5\n13 6\n"
    )  # words that are numbers, one number each
    assert load(path).words == ["10", "11", "12", "13"]


# ------------------------------------------------------------------------------------ archives


@pytest.mark.parametrize("binary", [False, True])
def test_packed_files(tmp_path, binary):
    matrix = table()
    data = c_tool(WORDS, matrix) if binary else lines(WORDS, matrix)
    (tmp_path / "v.gz").write_bytes(
        gzip.compress(data[:100]) + gzip.compress(data[100:])
    )
    with zipfile.ZipFile(tmp_path / "v.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("v.txt", data)
    for name in ("v.gz", "v.zip", "v.zip/v.txt"):
        same(load(tmp_path / name), WORDS, matrix)
    with zipfile.ZipFile(tmp_path / "v.zip", "a") as archive:
        archive.writestr("other.txt", "x 1 2\n")
    with pytest.raises(ValueError, match=r"2 members.*v\.zip/v\.txt"):
        load(tmp_path / "v.zip")
    assert load(tmp_path / "v.zip/other.txt").words == ["x"]


# ---------------------------------------------------------------------------- saving, reopening


@pytest.mark.parametrize("name", ["v.safetensors", "v.npy"])
def test_saved_and_reopened(tmp_path, name):
    words, path = [*WORDS, " ", ""], tmp_path / name
    vectors = WordVectors(words, table(14))
    vectors.save(path)
    vectors.save(path)
    for again in (WordVectors.open(path), load(path)):
        same(again, words, table(14))
    WordVectors.open(path).matrix.zero_()  # in this process only
    same(load(path), words, table(14))
    assert not [p for p in tmp_path.iterdir() if ".part" in p.name]
    if name == "v.safetensors":
        assert np.array_equal(load_file(path)["matrix"], table(14))


def test_a_word_list_that_is_no_utf8_says_where(tmp_path):
    path = tmp_path / "v.safetensors"
    words = [f"word{number}" for number in range(5000)]
    WordVectors(words, table(5000)).save(path)
    data = path.read_bytes()
    place = data.index(b"word4321")
    path.write_bytes(data[:place] + b"\xff" + data[place + 1 :])
    for read in load, WordVectors.open:
        with pytest.raises(ValueError, match=f"byte {place}: the words are no UTF-8"):
            read(path)
    assert load(path, errors="replace").words[4321] == "\ufffdord4321"


def test_a_word_list_in_another_encoding(tmp_path):
    np.save(tmp_path / "v.npy", table(3))
    (tmp_path / "v.words.txt").write_text("优\n良\n差\n", encoding="gbk")
    with pytest.raises(
        ValueError, match="line 1: .*Convert the file.*errors='replace'"
    ):
        load(tmp_path / "v.npy")
    for words in [None] * 3, b"abc":
        with pytest.raises(
            TypeError, match="words must be a file or a collection of words"
        ):
            load(tmp_path / "v.npy", words=words)


def test_a_failed_save_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "v.safetensors"
    WordVectors(WORDS, table()).save(path)
    before = path.read_bytes()

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(OSError, match="disk full"):
        WordVectors(WORDS, table(seed=1)).save(path)
    assert path.read_bytes() == before and len(list(tmp_path.iterdir())) == 1


def test_what_cannot_be_saved_or_mapped(tmp_path):
    with pytest.raises(ValueError, match="ends in"):
        WordVectors(WORDS, table()).save(tmp_path / "v.txt")
    with pytest.raises(ValueError, match="line end"):
        WordVectors(["a\nb"], table(1)).save(tmp_path / "v.npy")
    np.save(tmp_path / "v.npy", np.asfortranarray(table()))
    with pytest.raises(ValueError, match="column order"):
        WordVectors.open(tmp_path / "v.npy", words=WORDS)


# ------------------------------------------------------------------------------------ arguments


def test_progress_goes_to_stderr(tmp_path, capsys):
    path = tmp_path / "v.txt"
    path.write_bytes(lines(WORDS, table()))
    load_vectors(path)
    out, err = capsys.readouterr()
    assert not out and "v.txt" in err and "100%" in err
    load(path)
    assert capsys.readouterr() == ("", "")


def test_normalize(tmp_path):
    path = tmp_path / "v.txt"
    path.write_bytes(b"a 3 4\nb 0 0\n")
    assert torch.equal(
        load(path, normalize=True).matrix, torch.tensor([[0.6, 0.8], [0, 0]])
    )


@pytest.mark.parametrize(
    "options, error",
    [({"format": "gensim"}, ValueError), ({"errors": "latin-1"}, ValueError),
     ({"limit": -1}, ValueError), ({"limit": 1.5}, TypeError), ({"vocab": "the"}, TypeError),
     ({"vocab": [1, 2]}, TypeError), ({"vocab": 5}, TypeError), ({"header": "maybe"}, ValueError)],
)  # fmt: skip
def test_arguments_that_mean_nothing(tmp_path, options, error):
    with pytest.raises(error, match=next(iter(options))):
        load(tmp_path / "v.txt", **options)
