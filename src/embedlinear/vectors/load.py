"""``load_vectors``: load a file of word vectors in one line."""

import os
import sys
from collections.abc import Iterable, Mapping
from contextlib import nullcontext

from embedlinear.language import say
from embedlinear.vectors import arrays, binary, files, layout, text
from embedlinear.vectors import words as lists
from embedlinear.vectors.collect import Rows
from embedlinear.vectors.table import WordVectors
from embedlinear.vectors.words import plural, refusal

Words = Iterable[str] | Mapping[str, int]  # in order, or with their rows
FORMATS = {  # values of ``format``: the reader, and whether there is a header line
    "text": ("text", None),
    "word2vec": ("text", True),
    "fasttext": ("text", True),
    "glove": ("text", False),
    "binary": ("binary", None),
    "word2vec-binary": ("binary", None),
    "npy": ("npy", None),
    "safetensors": ("safetensors", None),
}


def load_vectors(
    path: str | os.PathLike,
    *,
    words: Words | str | os.PathLike | None = None,
    format: str | None = None,
    header: bool | str | None = None,
    sep: str | None = None,
    columns: tuple[int | None, ...] | None = None,
    tensor: str | None = None,
    limit: int | None = None,
    vocab: Words | None = None,
    encoding: str | None = None,
    errors: str = "strict",
    not_finite: str = "raise",
    normalize: bool = False,
    progress: bool = True,
) -> WordVectors:
    """Read word vectors from a file: word2vec, GloVe, fastText, .npy or .safetensors.

    Args:
        path: the file, perhaps compressed as .gz, .bz2, .xz, .zip or .tar (``table.zip/member``
            names a member); ``~`` is the home directory.
        words: for a matrix or a text without words: a list, a file with one word per line, or a
            mapping from word to id 0..n-1; by default ``table.words.txt`` next to ``table.npy``.
        format: one of FORMATS; None detects it from the content.
        header: for a text: True, False, or None to detect it; for a text or a binary file:
            "ignore" skips a header whose sizes are wrong.
        sep: the separator of the fields of a text: one character, or several, any run of which
            separates; None expects single spaces, and rejects other separators.
        columns: (word, first number) or (word, first number, end) of a text with other fields,
            counted from 0; None for the word if there is none.
        tensor: the name of the matrix, if a .safetensors or its index has several.
        limit: read only the first ``limit`` rows; the rest of the file is not checked.
        vocab: keep only these words: a list, or a mapping as for ``words``.
        encoding: of text and word lists; None means UTF-8, or the text's byte order mark.
        errors: for words that cannot be decoded: "strict", "replace" or "ignore".
        not_finite: for rows with NaN or infinity: "raise", or "skip", which reports them.
        normalize: divide each row by its length, unless that is 0.
        progress: show a progress bar on stderr, if tqdm is installed.

    Returns WordVectors with ``matrix`` float32 (n, d); ``problems`` lists anything odd.

    Raises FileNotFoundError for a missing file; ValueError, with the file and, if there is one,
    the line or row, for a file that is visibly damaged or not a table of vectors; TypeError for
    ``vocab`` or ``words`` that are not words or have no order. A row is left out only if
    ``limit``, ``vocab`` or ``not_finite`` says so, or if its word is repeated (with a warning).
    """
    check_arguments(format, header, sep, columns, limit, errors, not_finite)
    vocab = None if vocab is None else frozenset(lists.in_order(vocab, "vocab"))
    words = None if words is None else lists.given(words, encoding, errors)
    source, problems = files.Source(path), []
    if source.path.name.endswith(".index.json"):
        source = arrays.shard(source, tensor)
    with source.open() as stream:
        kind, by_format = FORMATS.get(format) or (
            recognise(source, stream, encoding),
            None,
        )
        header = by_format if header is None else header
        if kind in ("npy", "safetensors"):
            found, matrix = arrays.read(source, kind, tensor, words, encoding, errors)
            rows = arrays.rows(source.name, found, matrix, limit, problems)
            words, unit = None, "row"
        elif kind == "binary":
            rows = binary.read(
                stream, source.name, limit, header == "ignore", bool(format)
            )
            kind, unit = say("binary"), "record"
        else:
            start = text.opened(stream, source.name, encoding, errors)
            wordless = words is not None
            how = layout.layout(source.name, *start, header, sep, columns, wordless)
            rows = text.read(stream, source.name, how, limit, problems)
            kind = say("with-header" if how.skip else "without-header")
            unit = "line"
            encoding = None  # the reader yields UTF-8
            if how.columns and how.columns[0] is None:
                rows, words = with_words(rows, words or [], source.name, limit), None
        if words is not None:
            problems.append(say("words-not-used"))
        kept = Rows(source.name, unit, vocab, encoding or "utf-8", errors, not_finite)
        with progress_bar(source, progress) as bar:
            for first, found, numbers in rows:
                kept.add(first, found, numbers)
                if bar is not None:
                    bar.update(stream.done() - bar.n)
    if source.packed:
        kind = say("packed-in", kind=kind, packed=source.packed)
    return kept.vectors(problems, kind, normalize)


def check_arguments(format, header, sep, columns, limit, errors, not_finite):
    """Reject invalid arguments before the file is opened."""
    for name, value, values in [
        ("format", format, [None, *FORMATS]),
        ("header", header, [None, True, False, "ignore"]),
        ("errors", errors, ["strict", "replace", "ignore"]),
        ("not_finite", not_finite, ["raise", "skip"]),
    ]:
        if value not in values:
            raise refusal("allowed", name=name, value=value, values=values)
    if limit is not None and (
        isinstance(limit, bool) or not hasattr(limit, "__index__")
    ):
        raise TypeError(say("limit-type", limit=limit))
    if limit is not None and limit < 0:
        raise refusal("limit", limit=limit)
    if sep is not None and (not isinstance(sep, str) or not sep or "\n" in sep):
        raise refusal("sep", sep=sep)
    if columns is not None:
        whole = all(isinstance(number, int) for number in columns[1:])
        if len(columns) not in (2, 3) or not whole:
            raise refusal("columns", columns=columns)


def recognise(source, stream, encoding):
    """The format of the file: "text", "binary" (word2vec's), "npy" or "safetensors".

    Raises ValueError for a known file of another kind.
    """
    start = stream.peek(1 << 16)
    if not start:
        raise refusal("empty", name=source.name)
    if start.startswith(b"\x93NUMPY"):
        return "npy"
    if start[8:9] == b"{" and int.from_bytes(start[:8], "little") <= 100_000_000:
        return "safetensors"
    if binary.is_binary(start):
        return "binary"
    fields = start.removeprefix(text.BOM).partition(b"\n")[0].split()
    # A table may begin with the words "PAR1" or "{", but none begins inside a character.
    if b"\x80" <= start[:1] < b"\xc0" or not layout.numbers_at_end(fields[1:]):
        if not encoding and not start.startswith(tuple(text.MARKS)):
            if what := files.known(start):
                raise refusal("known", name=source.name, **what)
    return "text"


def with_words(rows, words, name, limit):
    """``rows``, which have no words, with the given ``words``."""
    count = 0
    for first, _, numbers in rows:
        found = words[count : count + len(numbers)]
        count += len(numbers)
        if len(found) == len(numbers):
            yield first, found, numbers
    if count > len(words) or (limit is None and count < len(words)):
        about = {"rows": plural(count, "row"), "words": plural(len(words), "word")}
        raise refusal("wordless-count", name=name, **about)


def progress_bar(source, progress):
    """A tqdm bar on stderr over the bytes of the file, or None."""
    try:
        from tqdm import tqdm
    except ImportError:
        return nullcontext()
    options = {"unit": "B", "unit_scale": True, "file": sys.stderr}
    name = source.path.name
    return tqdm(total=source.size, desc=name, disable=not progress, **options)
