"""``load_vectors``: load a file of word vectors in one line."""

import itertools
import os
import warnings
from collections.abc import Iterable, Mapping

import torch

from embedlinear.checks import is_int
from embedlinear.language import say
from embedlinear.vectors import arrays, binary, files, layout, text
from embedlinear.vectors import words as lists
from embedlinear.vectors.collect import Rows
from embedlinear.vectors.files import Source
from embedlinear.vectors.table import WordVectors
from embedlinear.vectors.words import refusal

Words = Iterable[str] | Mapping[str, int]  # in order, or with their rows


def load_vectors(
    path: str | os.PathLike,
    *,
    words: Words | str | os.PathLike | None = None,
    format: str | None = None,
    header: bool | str | None = None,
    sep: str | None = None,
    columns: tuple[int, ...] | None = None,
    tensor: str | None = None,
    limit: int | None = None,
    vocab: Words | None = None,
    encoding: str | None = None,
    errors: str = "strict",
    not_finite: str = "raise",
    progress: bool = True,
) -> WordVectors:
    """Read word vectors from a file: word2vec, GloVe, fastText, .npy or .safetensors.

    Args:
        path: the file; a text or a binary file may be compressed as .gz, .bz2, .xz, .zip or .tar
            (``table.zip/member`` names a member); ``~`` is the home directory.
        words: for a matrix or a text without words: a list, a file with one word per line, or a
            mapping from word to id 0..n-1; by default ``table.words.txt`` next to ``table.npy``.
        format: "text" or "binary" (word2vec's); None detects it, and the others, from the
            content.
        header: for a text: True, False, or None to detect it; for a text or a binary file:
            "ignore" skips a header whose sizes are wrong.
        sep: the separator of the fields of a text: one character, or several, any run of which
            separates; None expects single spaces, and rejects other separators.
        columns: (word, first number) or (word, first number, end) of a text with other fields,
            counted from 0.
        tensor: the name of the matrix, if a .safetensors has several.
        limit: read only the first ``limit`` rows; the rest of the file is not checked.
        vocab: keep only these words: a list, or a mapping as for ``words``.
        encoding: of words in the file and in lists, such as "gbk"; None means UTF-8.
        errors: for words that cannot be decoded: "strict", "replace" or "ignore".
        not_finite: for rows with NaN or infinity: "raise", or "skip", which reports them.
        progress: show a progress bar on stderr, if tqdm is installed.

    Returns WordVectors with ``matrix`` float32 (n, d); ``problems`` lists anything odd.

    Raises FileNotFoundError for a missing file; ValueError, with the file and, if there is one,
    the line or row, for a file that is visibly damaged or not a table of vectors; TypeError for
    ``vocab`` or ``words`` that are not words or have no order. A row is left out only if
    ``limit``, ``vocab`` or ``not_finite`` says so, or if its word is repeated (with a warning).
    """
    check_arguments(format, header, sep, columns, limit, encoding, errors, not_finite)
    vocab = None if vocab is None else frozenset(lists.in_order(vocab, "vocab"))
    words = None if words is None else lists.given(words, encoding, errors)
    source, problems = Source(path), []
    with source.open(progress) as chunks:
        start = next(chunks)
        about = itertools.chain([start], chunks), source.name
        kind = format or recognise(source.name, start, encoding)
        if kind == "text":
            found = text.read(*about, header, sep, columns, words, limit, problems)
        elif kind == "binary":
            found = binary.read(*about, header == "ignore", bool(format))
        else:
            array = arrays.read(source, start, tensor, words, encoding, errors, limit)
            found = arrays.table(kind, *array, problems)
        if words is not None and found.words is None:
            problems.append(say("words-not-used"))
        skip = not_finite == "skip"
        rows = Rows(source.name, found, vocab, encoding or "utf-8", errors, skip)
        rows.take(limit)
    kind, packed = found.format, source.packed
    kind = say("packed-in", kind=kind, packed=packed) if packed else kind
    problems += rows.report()
    if rows.left_out["were-repeated"]:
        warnings.warn(f"{source.name}: {problems[-1]}", stacklevel=2)
    rows.matrix.resize((len(rows.index), found.d), refcheck=False)
    matrix = torch.from_numpy(rows.matrix)
    vectors = WordVectors(list(rows.index), matrix, problems=problems, format=kind)
    vectors.index = rows.index
    return vectors


def check_arguments(format, header, sep, columns, limit, encoding, errors, not_finite):
    """Reject invalid arguments before the file is opened."""
    for name, value, values in [
        ("format", format, [None, "text", "binary"]),
        ("header", header, [None, True, False, "ignore"]),
        ("errors", errors, ["strict", "replace", "ignore"]),
        ("not_finite", not_finite, ["raise", "skip"]),
    ]:
        if value not in values:
            raise refusal("allowed", name=name, value=value, values=values)
    if limit is not None and not (is_int(limit) and limit >= 0):
        raise refusal("limit", limit=limit)
    if sep is not None and (not isinstance(sep, str) or not sep or "\n" in sep):
        raise refusal("sep", sep=sep)
    if encoding and not "a".encode(encoding).endswith(b"a"):
        raise refusal("encoding", encoding=encoding)
    if columns is not None:
        if len(columns) not in (2, 3) or not all(map(is_int, columns)):
            raise refusal("columns", columns=columns)


def recognise(name, start, encoding):
    """What the file is by its first bytes: "text", "binary" (word2vec's), "npy" or "safetensors".

    Raises ValueError for a known file of another kind.
    """
    if not start:
        raise refusal("empty", name=name)
    if binary.is_binary(start):
        return "binary"
    if array := arrays.kind(start):
        return array
    fields = start.removeprefix(text.BOM).partition(b"\n")[0].split()
    # A table may begin with the words "PAR1" or "{", but none begins inside a character.
    if b"\x80" <= start[:1] < b"\xc0" or not layout.numbers_at_end(fields[1:]):
        if not encoding and (what := files.known(start)):
            raise refusal("known", name=name, **what)
    return "text"
