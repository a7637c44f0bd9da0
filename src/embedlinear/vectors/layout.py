"""How the rows of a text are written, found from its first lines: ``layout``, ``parts`` of a row.

Expected are a word and d numbers, separated by single spaces; the last d fields are the numbers,
so a word may contain spaces, be a space, or look like a number. If nearly all rows are written in
a different way, reading would give nonsense, so the error names the option that reads the file.
"""

import re
from collections import Counter
from typing import NamedTuple

from embedlinear.language import say
from embedlinear.vectors.words import refusal

LONGEST = 1 << 24  # bytes; a line without an end would fill the memory
NUMBER = rb"[+-]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|[nN][aA][nN]|[iI][nN][fF])"
SEPARATORS = "\t,;|:=\"'\u00a0\u3000，：[]()"
ANY = "|".join(map(re.escape, SEPARATORS)).encode()
is_number = re.compile(NUMBER).fullmatch
is_whole = re.compile(rb"[+-]?\d+").fullmatch
# A word that ends in a separator, or holds one and a number: "the," or "the\\t0.25"
is_odd = re.compile(rb"(?s).+(?:%s| )(?:%s)?" % (ANY, NUMBER)).fullmatch
SIZES = re.compile(rb"[ \t]*(\d{1,18})[ \t,;]+(\d{1,18})[ \t,;\r]*").fullmatch


class Layout(NamedTuple):
    """How rows are written: ``d`` numbers each, separated by ``sep``; ``promised`` rows, by a
    header of ``skip`` bytes, or None; ``columns`` of the word and of the numbers, if there are
    other columns; ``trusted``: sep=" " was given, so that a word may end in numbers."""

    d: int | None
    promised: int | None
    skip: int
    sep: str
    columns: tuple | None
    trusted: bool


def pattern(sep):
    """The separator as a pattern: one character, or any run of several."""
    one = b"|".join(re.escape(c.encode()) for c in sep)
    return one if len(sep) == 1 else b"(?:%s)+" % one


def split(row, sep):
    """The fields of ``row`` (bytes), without trailing separators."""
    return re.split(pattern(sep), row.rstrip(sep.encode() + b"\r"))


def shown(data, most=60):
    """The beginning of ``data`` (bytes), for a message."""
    text = data[:most].decode("utf-8", "backslashreplace")
    return repr(text) + " ..." * (len(data) > most)


def numbers_at_end(fields):
    numbers = [bool(is_number(field)) for field in reversed(fields)]
    return (numbers + [False]).index(False)


def most_common(counts):
    """The most common number; of equally common ones the largest, which fails safely."""
    counts = Counter(counts)
    return max(counts, key=lambda n: (counts[n], n))


def nearly_all(test, items):
    return len(items) > 0 and sum(map(bool, map(test, items))) >= 0.9 * len(items)


def layout(name, start, whole, header, sep, columns, wordless):
    """Find the ``Layout`` from the first bytes ``start`` of a text (``whole``: all of it).

    ``wordless``: the rows may have no words. Raises ValueError for a text that is not a table,
    and for a table in a different layout.
    """
    lines = start.split(b"\n")
    lines = lines if whole or len(lines) == 1 else lines[:-1]  # the last may be cut
    sizes = SIZES(lines[0])
    if header is None and sizes:
        fields = re.split(rb"[ \t,;]+", lines[1].strip()) if len(lines) > 1 else []
        # Two numbers could also be a word and its one number, but not if this is a header.
        header = len(fields) != 2 or not is_number(fields[1]) or int(sizes[2]) == 1
    if header is True and not sizes:
        raise refusal("no-header", name=name, found=shown(lines[0]))
    promised, d = (int(sizes[1]), int(sizes[2])) if header is True else (None, None)
    if d is not None and not 0 < d < LONGEST // 2:
        raise refusal("header-width", name=name, d=d)
    skip = len(lines[0]) + 1 if header else 0
    rows = [line for line in lines[bool(header) : 200] if line.strip()]
    found = Layout(d, promised, skip, sep or " ", columns, sep == " ")
    if not rows and d:
        return found
    grid = [split(row, found.sep) for row in rows] or [[]]
    width = most_common(map(len, grid))
    if columns:
        return found._replace(d=len(range(width)[numbers_of(columns)]))
    where = f"{name}, line {1 + bool(header)}"
    numbers = nearly_all(lambda fields: numbers_at_end(fields) == len(fields), grid)
    if rows and numbers and not found.trusted and without_words(grid, d):
        if wordless:
            return found._replace(d=width, columns=(None, 0))
        raise refusal("no-words", where=where, row=shown(rows[0]))
    found = found._replace(d=d or most_common(numbers_at_end(f[1:]) for f in grid))
    if not found.d or not found.trusted:
        check_layout(where, rows or [start], grid, found)
    numbered = [[b"%d" % n for n in range(at, at + found.d)] for at in (0, 1)]
    if found.d > 2 and nearly_all(lambda row: b"." in row, rows[1:]):
        if parts(rows[0], found)[1] in numbered:
            raise refusal("is-heading", where=where, row=shown(rows[0]))
    return found


def numbers_of(columns):
    """The slice of the fields that are numbers."""
    return slice(columns[1], *columns[2:] or [None])


def without_words(grid, d):
    """Whether the first of the numbers in each row is a number like the rest."""
    whole = [nearly_all(is_whole, column) for column in zip(*grid)]
    return d == len(whole) or (d is None and whole[0] == all(whole[1:] or whole))


def is_odd_field(field):
    """Whether it is empty or contains a separator: then the fields were not split."""
    return not field or is_odd(b"_" + field)


def check_layout(where, rows, grid, found):
    """Reject ``rows`` if in nearly all of them the word contains more than a word: it ends in a
    separator, or contains one and a number, or is several fields; or if one column of whole
    numbers, at one end, is a count."""
    d, columns = found.d, None
    words = [parts(row, found)[0] for row, f in zip(rows, grid) if len(f) > d > 0]
    heads = [split(word, found.sep) for word in words]
    whole = [
        nearly_all(is_whole, c) for c in zip(*(f[-d:] for f in grid if len(f) > d))
    ]
    one_whole = sum(whole) == 1 and d > 3 and len(rows) > 4
    if nearly_all(lambda f: len(f) > 1 and not any(map(is_odd_field, f)), heads):
        first = int(nearly_all(is_whole, [fields[0] for fields in heads]))
        columns = (first, most_common(map(len, heads)))
        columns = (0, 1, -1) if one_whole and whole[-1] else columns
    elif one_whole and found.promised is None:
        columns = (0, 2) if whole[0] else (0, 1, -1) if whole[-1] else None
    if columns:
        raise refusal(
            "more-columns", where=where, row=shown(rows[0]), columns=columns, d=d
        )
    if not words or nearly_all(is_odd, words):
        here = "".join(c for c in SEPARATORS if all(c.encode() in row for row in rows))
        cure = say("heading")
        if "," in here and b" " in rows[0] and not any(b"." in row for row in rows):
            cure = say("commas")
        elif here or nearly_all(lambda row: b"  " in row, rows):
            cure = say("separated", sep=(here or " ") + " ")
        elif d:
            return  # shorter than the header says: the first row reports it
        raise refusal("no-table", where=where, row=shown(rows[0]), cure=cure)


def parts(row, layout):
    """The word and the numbers of one row, as bytes."""
    sep, d = layout.sep, layout.d
    if layout.columns:
        fields, place = split(row, sep), layout.columns[0]
        word = b"" if place is None else b"".join(fields[place : place + 1])
        return word, fields[numbers_of(layout.columns)]
    row = row.rstrip(sep.encode() + b"\r")
    cuts = list(re.finditer(pattern(sep), row))[-d:]
    if len(cuts) < d:
        return row, split(row, sep)[1:]
    word = row[: cuts[0].start()]
    if len(sep) > 1:
        word = re.sub(rb"^%s" % pattern(sep), b"", word)
    elif sep != " " and len(word) > 1 and word[:1] == word[-1:] == b'"':
        word = word[1:-1].replace(b'""', b'"')  # as CSV writers quote
    return word, re.split(pattern(sep), row[cuts[0].end() :])
