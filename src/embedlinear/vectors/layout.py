"""How a text of vectors is laid out: its header, its separator, its columns.

``find`` looks at the first lines. If nearly all are written in a different way, reading would give
nonsense, so its error names the option that reads the file.
"""

import re
from functools import cache
from statistics import multimode
from typing import NamedTuple

from embedlinear.language import say
from embedlinear.vectors.words import refusal

LONGEST = 1 << 24  # bytes; a line without an end would fill the memory
NUMBER = rb"[+-]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|[nN][aA][nN]|[iI][nN][fF])"
SEPARATORS = "\t,;|:=\"'\u00a0\u3000，：[]()"
ANY = "|".join(map(re.escape, SEPARATORS)).encode()
SIZES = re.compile(rb"[ \t]*(\d{1,18})[ \t,;]+(\d{1,18})[ \t,;\r]*").fullmatch
is_number = re.compile(NUMBER).fullmatch
is_whole = re.compile(rb"[+-]?\d+").fullmatch
# A word that ends in a separator, or holds one and a number: "the," or "the\\t0.25"
is_odd = re.compile(rb"(?s).+(?:%s| )(?:%s)?" % (ANY, NUMBER)).fullmatch


class Layout(NamedTuple):
    """How rows are written: ``d`` numbers each, separated by ``sep``; ``header``: whether there
    is one, and the rows that it promises, or None; ``columns`` of the word (None: there is no
    word) and of the numbers, if there are others; ``trusted``: sep=" " was given, so that a word
    may end in numbers."""

    d: int | None
    header: bool
    promised: int | None
    sep: str
    columns: tuple | None
    trusted: bool


@cache
def gap(sep):
    """The pattern of what separates fields: ``sep``, or any run of its characters if it has
    several."""
    one = b"|".join(re.escape(c.encode()) for c in sep)
    return re.compile(b"(?:%s)+" % one if len(sep) > 1 else one)


def stripped(row, sep):
    """``row`` without the separators at its end, nor at its start if ``sep`` has several."""
    row = row.rstrip(sep.encode() + b"\r")
    first = gap(sep).match(row) if len(sep) > 1 else None
    return row[first.end() :] if first else row


def fields(row, sep):
    return gap(sep).split(stripped(row, sep))


def parts(row, layout):
    """The word (None if rows have none) and the numbers of one row, as bytes."""
    sep, columns = layout.sep, layout.columns
    if columns:
        found, place = fields(row, sep), columns[0]
        word = None if place is None else b"".join(found[place:][:1])
        return word, found[slice(*columns[1:])]
    row = stripped(row, sep)
    gaps = [*gap(sep).finditer(row)][-layout.d :]
    if not gaps:
        return row, []
    word = row[: gaps[0].start()]
    if sep not in ' "' and len(word) > 1 and word[:1] == word[-1:] == b'"':
        word = word[1:-1].replace(b'""', b'"')  # as CSV writers quote
    return word, gap(sep).split(row[gaps[0].end() :])


def shown(data, most=60):
    """The beginning of ``data`` (bytes), for a message."""
    text = data[:most].decode("utf-8", "backslashreplace")
    return repr(text) + " ..." * (len(data) > most)


def numbers_at_end(fields):
    numbers = [bool(is_number(field)) for field in reversed(fields)]
    return (numbers + [False]).index(False)


def most_common(counts):
    """The most common number; of equally common ones the largest, which fails safely."""
    return max(multimode(counts))


def nearly_all(test, items):
    return len(items) > 0 and sum(map(bool, map(test, items))) >= 0.9 * len(items)


def find(name, lines, header, sep, columns, wordless):
    """Find the ``Layout`` from the first ``lines`` of a text, which may be ``wordless``.

    Raises ValueError for a text that is not a table, and for a table in a different layout.
    """
    sizes = SIZES(lines[0])
    if header is None and sizes:
        second = re.split(rb"[ \t,;]+", lines[1].strip()) if len(lines) > 1 else []
        # Two numbers could also be a word and its one number, but not if this is a header.
        header = len(second) != 2 or not is_number(second[1]) or int(sizes[2]) == 1
    if header is True and not sizes:
        raise refusal("no-header", name=name, found=shown(lines[0]))
    promised, d = (int(sizes[1]), int(sizes[2])) if header is True else (None, None)
    if d is not None and not 0 < d < LONGEST // 2:
        raise refusal("header-width", name=name, d=d)
    columns = columns and (*columns, None)[:3]  # without an end, up to the last
    found = Layout(d, bool(header), promised, sep or " ", columns, sep == " ")
    rows = [line for line in lines[found.header :] if line.strip()]
    if not rows and d:
        return found
    grid = [fields(row, found.sep) for row in rows] or [[]]
    if columns:
        width = most_common(map(len, grid))
        return found._replace(d=len(range(width)[slice(*columns[1:])]) or 1)
    about = {"where": f"{name}, line {1 + found.header}"}
    about["row"] = shown((rows or lines)[0])
    if not found.trusted and without_words(grid, d):
        if wordless:
            return found._replace(d=len(grid[0]), columns=(None, 0, None))
        raise refusal("no-words", **about)
    found = found._replace(d=d or most_common(numbers_at_end(f[1:]) for f in grid))
    if not found.d or not found.trusted:
        check_words(rows or lines[:1], grid, found, about)
    numbered = [[b"%d" % n for n in range(at, at + found.d)] for at in (0, 1)]
    if found.d > 2 and nearly_all(lambda row: b"." in row, rows[1:]):
        if parts(rows[0], found)[1] in numbered:
            raise refusal("is-heading", **about)
    return found


def without_words(grid, d):
    """Whether there are only numbers, and the first in each row is a number like the rest."""
    whole = [nearly_all(is_whole, column) for column in zip(*grid)]
    numbers = nearly_all(lambda row: numbers_at_end(row) == len(row) > 0, grid)
    like = d == len(whole) or (d is None and whole[:1] == [all(whole[1:] or whole)])
    return numbers and like


def check_words(rows, grid, found, about):
    """Reject ``rows`` if in nearly all of them the word contains more than a word: it ends in a
    separator, or contains one and a number, or is several fields; or if one column of whole
    numbers, at one end, is a count."""
    d, columns = found.d, None
    full = [(row, split) for row, split in zip(rows, grid) if len(split) > d > 0]
    words = [parts(row, found)[0] for row, _ in full]
    heads = [fields(word, found.sep) for word in words]
    several = nearly_all(  # none is empty or contains a separator
        lambda f: len(f) > 1 and all(one and not is_odd(b"_" + one) for one in f), heads
    )
    whole = [nearly_all(is_whole, c) for c in zip(*(split[-d:] for _, split in full))]
    count = sum(whole) == 1 and d > 3 and len(rows) > 4
    count &= several or found.promised is None
    if count and whole[-1]:
        columns = (0, 1, -1)
    elif several:
        first = int(nearly_all(is_whole, [head[0] for head in heads]))
        columns = (first, most_common(map(len, heads)))
    elif count and whole[0]:
        columns = (0, 2)
    if columns:
        raise refusal("more-columns", columns=columns, d=d, **about)
    if words and not nearly_all(is_odd, words):
        return
    here = "".join(c for c in SEPARATORS if all(c.encode() in row for row in rows))
    cure = say("heading")
    if "," in here and b" " in rows[0] and not any(b"." in row for row in rows):
        cure = say("commas")
    elif here or nearly_all(lambda row: b"  " in row, rows):
        cure = say("separated", sep=(here or " ") + " ")
    elif d:
        return  # shorter than the header says: the first row reports it
    raise refusal("no-table", cure=cure, **about)
