"""Mutate files of vectors and read each: the result must be right or an error.

``python -m tools.weekly.fuzz_vectors [--files 100000] [--seed 0]``. A failure is a call that
raises anything but ValueError, takes more than two CPU seconds or more of Python's memory than
SPARE plus ten times the file, or reports no problem although a plain reader finds different words
or numbers. Its file is kept, and the exit code is 1.
"""

import argparse
import gzip
import io
import random
import re
import sys
import tempfile
import time
import tracemalloc
import warnings
from pathlib import Path

import numpy as np
from safetensors.numpy import load as load_safetensors

from embedlinear import WordVectors
from tests.vectors.tables import WORDS, binary, load, reference, table, text

SPARE = 3 << 20  # bytes: for messages, buffers of open files, the windows of zlib
PIECES = [b" ", b"\n", b"\r\n", b"\t", b",", b":", b"\0", b"nan", b"inf", b"1e999", b"-", b"\xff",
          b"\xe4\xbd", b"999999999999", b"-1", b"0", b"{", b"[", b'"', b"\xef\xbb\xbf", b"20 12\n",
          b"1000000000000 3\n", b"F16", b"<f8", b"|O", b"PK\x03\x04", b"\x1f\x8b", b"\x80\x04"]  # fmt: skip


def originals(folder):
    """A file of each format: bytes."""
    headed = b"20 12\n" + text()
    files = [text(), headed, b"20 12\n" + text(end=" \n"), binary(), binary(end=b"\n")]
    files += [
        b"\xef\xbb\xbf" + text(end="\r\n"),
        *map(gzip.compress, (headed, files[3])),
    ]
    WordVectors(WORDS, table()).save(folder / "v.safetensors")
    np.save(folder / "v.npy", table())
    (folder / "v.words.txt").write_text("\n".join(WORDS), encoding="utf-8")
    names = "v.safetensors", "v.npy"
    return files + [(folder / name).read_bytes() for name in names]


def mutated(data, others, dice):
    """``data`` after one to four random changes."""
    data = bytearray(data)
    for _ in range(dice.choice([1, 1, 1, 2, 4])):
        place = dice.randint(0, len(data))
        if dice.random() < 0.4:
            place = min(place, dice.randint(0, 200))  # headers break in more ways
        end = min(place + dice.choice([1, 1, 2, 8, 40]), len(data))
        other, piece = dice.choice(others), dice.choice(PIECES)
        begin = dice.randrange(len(other))
        old, new = data[place:end], other[begin : begin + 40]
        changes = [dice.randbytes(len(old)), b"", old * dice.choice([2, 30])]
        changes += [piece, piece + old, new]
        data[place:end] = dice.choice(changes)
        if dice.random() < 0.1:
            del data[place:]
    return bytes(data)


def plainly(data, d, is_binary):
    """The words and the matrix of ``data``, according to plain readers; words None if separate."""
    if data.startswith(b"\x1f\x8b"):
        data = gzip.decompress(data)
    if data.startswith(b"\x93NUMPY"):
        return None, np.load(io.BytesIO(data))
    if data[8:9] == b"{":
        arrays = load_safetensors(data)
        words, matrix = arrays.get("words"), next(iter(arrays.values()))
        words = None if words is None else bytes(words).decode().split("\n")
        return words, arrays.get("matrix", matrix)
    if not is_binary:
        return reference(data, d)
    header, _, rest = data.partition(b"\n")
    words, rows = [], []
    for _ in range(int(re.search(rb"\d+", header)[0])):
        word, _, rest = rest.partition(b" ")
        words.append(word.lstrip(b"\n").decode())
        rows.append(np.frombuffer(rest[: 4 * d], "<f4"))
        rest = rest[4 * d :]
    return words, np.array(rows).reshape(len(words), d)


def check(path, data):
    """Read ``path`` and compare; whether it was read."""
    try:
        vectors = load(path)
    except ValueError as error:
        assert path.name in str(error), f"the message does not name the file: {error}"
        return False
    if not vectors.problems:
        d, is_binary = vectors.matrix.shape[1], "binary" in vectors.format
        words, matrix = plainly(data, d, is_binary)
        assert words in (None, vectors.words), "other words"
        assert matrix.tobytes() == vectors.matrix.numpy().tobytes(), "other numbers"
    return True


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--files", type=int, default=100_000, help="how many to try")
    parser.add_argument("--seed", type=int, default=0, help="each makes other files")
    options = parser.parse_args(arguments)
    dice, read, failures = random.Random(options.seed), 0, 0
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        files = originals(Path(folder))
        path = Path(folder, "v.npy")  # next to a list of words
        tracemalloc.start()
        for number in range(options.files):
            path.write_bytes(data := mutated(dice.choice(files), files, dice))
            tracemalloc.reset_peak()
            before, start = tracemalloc.get_traced_memory()[0], time.process_time()
            try:
                read += check(path, data)
                taken = tracemalloc.get_traced_memory()[1] - before
                assert taken < 10 * len(data) + SPARE, f"{taken:,} bytes of memory"
                assert time.process_time() - start < 2, "it took too long"
            except Exception as error:
                failures += 1
                kept = Path(tempfile.gettempdir(), f"fuzz-{options.seed}-{number}")
                kept.write_bytes(data)
                print(f"file {number}: {error!r} (kept as {kept})", flush=True)
        tracemalloc.stop()
    print(f"{options.files:,} files: {read:,} read, {failures:,} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
