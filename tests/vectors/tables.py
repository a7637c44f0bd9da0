"""Small tables for the tests, files of them, and a plain reader to compare with."""

import re

import numpy as np
import torch

from embedlinear import load_vectors

WORDS = ["the", "的", "10", "nan", '"', "\u00a0", "\u3000x", "a\u0085b", "-0.5", "été"]
WORDS += ["'s", "1e5", "优", "良", "差", "of", "and", "to", "{", "\ufeffx"]


def load(path, **options):
    return load_vectors(path, progress=False, **options)


def table(n=20, d=12, seed=0):
    matrix = np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)
    matrix[0, :4] = 0, -0.0, 1e-6, -12345.678  # a sign, an exponent, many digits
    return matrix


def text(words=WORDS, matrix=None, sep=" ", after=" ", end="\n"):
    """Rows of a word, ``after`` it the numbers, ``sep`` between them, and ``end``."""
    matrix = table(len(words)) if matrix is None else matrix
    rows = (sep.join(map(str, row)) for row in matrix.tolist())
    return "".join(
        f"{word}{after}{row}{end}" for word, row in zip(words, rows)
    ).encode()


def binary(words=WORDS, matrix=None, promised=None, before=b"", end=b""):
    """word2vec's: with ``end=b"\\n"`` as its C tool writes, without as gensim does."""
    matrix = table(len(words)) if matrix is None else matrix
    rows = (
        before + w.encode() + b" " + r.tobytes() + end for w, r in zip(words, matrix)
    )
    return b"%d %d\n" % (promised or len(words), matrix.shape[1]) + b"".join(rows)


def same(vectors, words=WORDS, matrix=None):
    """Equal bit for bit: also the sign of zero."""
    matrix = table(len(words)) if matrix is None else np.asarray(matrix)
    assert vectors.words == list(words)
    assert vectors.matrix.dtype == torch.float32 and vectors.matrix.is_contiguous()
    assert np.array_equal(vectors.matrix.numpy().view("u4"), matrix.view("u4"))


def reference(data, d):
    """The words and numbers of a text (bytes), as a dozen lines of plain Python read them."""
    lines = data.decode("utf-8-sig").removesuffix("\n").split("\n")
    if re.fullmatch(r"\s*\d+\s+\d+\s*", lines[0]):
        del lines[0]
    words, rows = [], []
    for line in lines:
        word, *numbers = line.rstrip(" \r").rsplit(" ", d)
        words.append(word)
        rows.append([float(number) for number in numbers])
    return words, np.array(rows).reshape(len(words), d).astype(np.float32)
