"""Mutate files of vectors and read each: it must be read, or refused with ValueError.

``python tools/fuzz_vectors.py [--files 100000] [--seed 0]``. A reading that raises anything else,
takes longer than two seconds, or takes memory beyond ten times the file (and SPARE for what a file
of any size needs) is a failure: its file is kept, and the exit code is 1. Nine files of ten have
some hundred bytes, the tenth some hundred thousand, for which SPARE is next to nothing.
"""

import argparse
import gzip
import io
import random
import sys
import tempfile
import time
import tracemalloc
import warnings
import zipfile
from pathlib import Path

import numpy as np

from embedlinear import WordVectors, load_vectors
from embedlinear.vectors import arrays

SPARE = 80 << 10  # bytes: the window and the tables of zlib, the buffers of open files
LARGE = 4000  # rows
WORDS = ["the", "的", "10", "nan", '"', "\u00a0", ". . .", "été", "x y", "w"]
PIECES = [b" ", b"\n", b"\r\n", b"\t", b"\0", b"nan", b"inf", b"1e999", b"-", b"\xff", b"\xe4\xbd",
          b"999999999999", b"-1", b"0", b"{", b"}", b"[", b'"', b"\xef\xbb\xbf", b"1000000000000 3\n",
          b"F8_E4M3", b"<f8", b"|O", b"True", b"PK\x03\x04", b"\x1f\x8b", b"\x80\x04"]  # fmt: skip


def originals(folder, words, d):
    """A file of each format with these words and ``d`` numbers each: bytes, by name."""
    matrix = np.random.default_rng(0).normal(size=(len(words), d)).astype(np.float32)
    rows = "".join(
        f"{w} {' '.join(map(str, row))}\n" for w, row in zip(words, matrix)
    ).encode()
    header = b"%d %d\n" % matrix.shape
    pairs = [
        (w.replace(" ", "_").encode() + b" ", row.tobytes())
        for w, row in zip(words, matrix)
    ]
    files = {
        "glove": rows,
        "word2vec": header + rows,
        "fasttext": header + rows.replace(b"\n", b" \n"),
        "windows": b"\xef\xbb\xbf" + rows.replace(b"\n", b"\r\n"),
        "binary": header + b"".join(w + v for w, v in pairs),
        "c-tool": header + b"".join(w + v + b"\n" for w, v in pairs),
    }
    files["gzip"] = gzip.compress(files["word2vec"])
    files["gzip-binary"] = gzip.compress(files["binary"])
    for name, method in ("zip", zipfile.ZIP_DEFLATED), ("stored", zipfile.ZIP_STORED):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", method) as archive:
            archive.writestr("v.txt", files["glove"])
        files[name] = packed.getvalue()
    vectors = WordVectors(words, matrix)
    for name in "v.safetensors", "v.npy":
        vectors.save(folder / name)
        files[name] = (folder / name).read_bytes()
    np.save(folder / "f.npy", np.asfortranarray(matrix.astype(np.float64)))
    files["columns"] = (folder / "f.npy").read_bytes()
    with open(folder / "2.npy", "wb") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NumPy: other readers may not know version 2
        np.lib.format.write_array(file, matrix, version=(2, 0))
    files["version-2"] = (folder / "2.npy").read_bytes()
    return files


def mutated(data, others, dice):
    """``data`` after one to four random changes."""
    data = bytearray(data)
    for _ in range(dice.randint(1, 4)):
        place = dice.randint(0, len(data))
        if dice.random() < 0.4:
            place = min(place, dice.randint(0, 200))  # headers break in more ways
        length = min(dice.choice([1, 1, 2, 8, 40]), len(data) - place)
        kind = dice.randrange(8)
        if kind == 0 and length:
            data[place] ^= 1 << dice.randrange(8)
        elif kind == 1:
            data[place : place + length] = dice.randbytes(length)
        elif kind == 2:
            del data[place : place + length]
        elif kind == 3:
            data[place:place] = data[place : place + length] * dice.choice([1, 2, 30])
        elif kind == 4:
            data[place:place] = dice.choice(PIECES)
        elif kind == 5:
            data[place : place + length] = dice.choice(PIECES)
        elif kind == 6:
            del data[place:]
        else:
            other = dice.choice(others)
            begin = dice.randrange(len(other))
            data[place : place + length] = other[
                begin : begin + dice.choice([4, 40, 400])
            ]
    return bytes(data)


def reading(path, words, dice):
    """Read ``path`` in one of the ways there are; True if it could be read."""
    options = {
        "limit": dice.choice([None, None, None, 0, 3, 10**12]),
        "vocab": dice.choice([None, None, None, words[:3]]),
        "errors": dice.choice(["strict", "replace", "ignore"]),
        "format": dice.choice(
            [None] * 9 + ["text", "glove", "binary", "npy", "safetensors"]
        ),
        "words": dice.choice([None, None, words]),
    }
    try:
        if dice.random() < 0.1:
            vectors = WordVectors.open(path, words=options["words"])
            vectors.matrix.sum()
        else:
            vectors = load_vectors(path, progress=False, **options)
    except ValueError as error:
        assert str(path.parent) in str(error), (
            f"the message does not name the file: {error}"
        )
        return False
    assert len(vectors.words) == len(vectors.matrix) and vectors.matrix.is_contiguous()
    return True


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--files", type=int, default=100_000, help="how many to try")
    parser.add_argument(
        "--seed", type=int, default=0, help="each seed makes other files"
    )
    options = parser.parse_args(arguments)
    warnings.simplefilter("ignore")
    dice, read, failures, worst = random.Random(options.seed), 0, 0, (0.0, 0.0)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        many = WORDS + [f"word{number}" for number in range(LARGE - len(WORDS))]
        small = originals(folder, WORDS, 3)
        sizes = [(folder / "small.npy", WORDS, small)] * 9
        sizes += [(folder / "large.npy", many, originals(folder, many, 10))]
        for path, words, files in sizes[-2:]:
            arrays.beside(path).write_text("\n".join(words), encoding="utf-8")
            for (
                data
            ) in files.values():  # what is imported at first use takes memory too
                path.write_bytes(data)
                reading(path, words, random.Random(0))
        tracemalloc.start()
        for number in range(options.files):
            path, words, files = dice.choice(sizes)
            data = mutated(files[dice.choice(list(files))], list(small.values()), dice)
            path.write_bytes(data)
            tracemalloc.reset_peak()
            before, start = tracemalloc.get_traced_memory()[0], time.perf_counter()
            trouble = ""
            try:
                read += reading(path, words, dice)
            except Exception as error:
                trouble = f"{type(error).__name__}: {error}"
            seconds = time.perf_counter() - start
            taken = tracemalloc.get_traced_memory()[1] - before
            worst = (
                max(worst[0], seconds),
                max(worst[1], (taken - SPARE) / max(len(data), 1)),
            )
            if taken > 10 * len(data) + SPARE:
                trouble = (
                    trouble or f"{taken:,} bytes taken for a file of {len(data):,}"
                )
            if seconds > 2:
                trouble = trouble or f"{seconds:.1f} s"
            if trouble:
                failures += 1
                kept = Path(tempfile.gettempdir()) / f"fuzz-{options.seed}-{number}"
                kept.write_bytes(data)
                print(f"file {number}: {trouble} (kept as {kept})", flush=True)
            if sys.stderr.isatty() and number % 500 == 0:
                print(f"\r{number:,} files", end="", file=sys.stderr, flush=True)
        tracemalloc.stop()
    print(
        f"{options.files:,} files: {read:,} read, {options.files - read - failures:,} refused, "
        f"{failures:,} failures; at most {worst[0]:.2f} s and {worst[1]:.1f} times the file"
    )
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
