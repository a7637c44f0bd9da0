"""Mutate files of vectors and read each: rightly, or not at all.

``python tools/weekly/fuzz_vectors.py [--files 100000] [--seed 0]``. A failure is a reading that
raises anything but ValueError, takes longer than two seconds, takes memory (of Python's) beyond
ten times the file and SPARE, or notes no problem where a plain reader finds other words or other
numbers. Files of failures are kept, and the exit code is 1.
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
from safetensors.numpy import load as load_safetensors

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from embedlinear import WordVectors, load_vectors  # noqa: E402
from tests.vectors.tables import WORDS, binary, reference, table, text  # noqa: E402

SPARE = (
    3 << 20
)  # bytes: for the messages, the buffers of open files, the windows of zlib
PIECES = [b" ", b"\n", b"\r\n", b"\t", b",", b":", b"\0", b"nan", b"inf", b"1e999", b"-", b"\xff",
          b"\xe4\xbd", b"999999999999", b"-1", b"0", b"{", b"[", b'"', b"\xef\xbb\xbf", b"20 12\n",
          b"1000000000000 3\n", b"F16", b"<f8", b"|O", b"PK\x03\x04", b"\x1f\x8b", b"\x80\x04"]  # fmt: skip


def originals(folder):
    """A file of each format: bytes, by name."""
    header, plain = b"20 12\n", text()
    files = {
        "glove": plain,
        "word2vec": header + plain,
        "fasttext": header + text(end=" \n"),
        "windows": b"\xef\xbb\xbf" + text(end="\r\n"),
        "binary": binary(),
        "c-tool": binary(end=b"\n"),
        "gzip": gzip.compress(header + plain),
        "gzip-binary": gzip.compress(binary()),
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("v.txt", plain)
    files["zip"] = packed.getvalue()
    for name in "v.safetensors", "v.npy":
        WordVectors(WORDS, table()).save(folder / name)
        files[name] = (folder / name).read_bytes()
    return files


def mutated(data, others, dice):
    """``data`` after one to four random changes."""
    data = bytearray(data)
    for _ in range(dice.choice([1, 1, 1, 2, 4])):
        place = dice.randint(0, len(data))
        if dice.random() < 0.4:
            place = min(place, dice.randint(0, 200))  # headers break in more ways
        end = min(place + dice.choice([1, 1, 2, 8, 40]), len(data))
        other = dice.choice(others)
        begin = dice.randrange(len(other))
        data[place:end] = dice.choice(
            [dice.randbytes(end - place), b"", data[place:end] * dice.choice([2, 30])]
            + [dice.choice(PIECES), dice.choice(PIECES) + data[place:end]]
            + [other[begin : begin + dice.choice([4, 40, 400])]]
        )
        if dice.random() < 0.1:
            del data[place:]
    return bytes(data)


def plainly(data, d, binary):
    """The words and the matrix of ``data``, as plain readers find them; words None if outside."""
    if data.startswith(b"\x1f\x8b"):
        data = gzip.decompress(data)
    if data.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            data = archive.read(archive.namelist()[0])
    if data.startswith(b"\x93NUMPY"):
        return None, np.load(io.BytesIO(data))
    if data[8:9] == b"{":
        arrays = load_safetensors(data)
        words = (
            bytes(arrays["words"]).decode().split("\n") if "words" in arrays else None
        )
        return words, arrays.get("matrix", next(iter(arrays.values())))
    header, _, rest = data.partition(b"\n")
    if binary:
        words, rows = [], []
        for _ in range(int(header.split()[0])):
            word, _, rest = rest.partition(b" ")
            words.append(word.lstrip(b"\n").decode())
            rows.append(np.frombuffer(rest[: 4 * d], "<f4"))
            rest = rest[4 * d :]
        return words, np.array(rows).reshape(len(words), d)
    return reference(data, d)


def check(path, data):
    """Read ``path`` and compare; True if it was read."""
    try:
        vectors = load_vectors(path, progress=False)
    except ValueError as error:
        assert path.name in str(error), f"the message does not name the file: {error}"
        return False
    if not vectors.problems:
        words, matrix = plainly(
            data, vectors.matrix.shape[1], "binary" in vectors.format
        )
        assert words in (None, vectors.words), "other words"
        assert matrix.tobytes() == vectors.matrix.numpy().tobytes(), "other numbers"
    return True


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--files", type=int, default=100_000, help="how many to try")
    parser.add_argument("--seed", type=int, default=0, help="each makes other files")
    options = parser.parse_args(arguments)
    warnings.simplefilter("ignore")
    dice, read, failures = random.Random(options.seed), 0, 0
    with tempfile.TemporaryDirectory() as folder:
        files = list(originals(Path(folder)).values())
        path = Path(folder) / "v.npy"  # with the word list of the one saved beside it
        tracemalloc.start()
        for number in range(options.files):
            data = mutated(dice.choice(files), files, dice)
            path.write_bytes(data)
            tracemalloc.reset_peak()
            before, start, trouble = (
                tracemalloc.get_traced_memory()[0],
                time.perf_counter(),
                "",
            )
            try:
                read += check(path, data)
            except Exception as error:
                trouble = f"{type(error).__name__}: {error}"
            taken = tracemalloc.get_traced_memory()[1] - before
            if taken > 10 * len(data) + SPARE:
                trouble = trouble or f"{taken:,} bytes for a file of {len(data):,}"
            if time.perf_counter() - start > 2:
                trouble = trouble or f"{time.perf_counter() - start:.1f} s"
            if trouble:
                failures += 1
                kept = Path(tempfile.gettempdir()) / f"fuzz-{options.seed}-{number}"
                kept.write_bytes(data)
                print(f"file {number}: {trouble} (kept as {kept})", flush=True)
    print(f"{options.files:,} files: {read:,} read, {failures:,} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
