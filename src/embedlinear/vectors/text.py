"""Vectors in text: one word and its d numbers a line, separated by single spaces.

The last d fields are the numbers, so a word may hold spaces, be one, or look like a number.
What is arranged in another way is refused (``layout``), naming the option that helps. Whole
blocks of lines are parsed by polars; what a CSV reader cannot take (words with spaces, damaged
rows) goes row by row, so that an error can name its line.
"""

import re
from collections import Counter
from typing import NamedTuple

import numpy as np

from embedlinear.vectors.words import counted, refusal, say

BLOCK = 1 << 20  # bytes; more memory buys no more speed
LONGEST = 1 << 24  # bytes; a line without an end would fill the memory
BOM = b"\xef\xbb\xbf"
MARKS = {  # the first bytes of a text that say its encoding
    b"\xff\xfe\0\0": "utf-32",
    b"\0\0\xfe\xff": "utf-32",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
    BOM: None,
}
NUMBER = rb"[+-]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|[nN][aA][nN]|[iI][nN][fF])"
SEPARATORS = "\t,;|:=\u00a0\u3000，：[]()"
ANY = "|".join(map(re.escape, SEPARATORS)).encode()
is_number = re.compile(NUMBER).fullmatch
is_whole = re.compile(rb"[+-]?\d+").fullmatch
is_odd = re.compile(
    rb"(?s).+(?:%s| )(?:%s)?" % (ANY, NUMBER)
).fullmatch  # "the," "a\t0.25"
SIZES = re.compile(rb"[ \t]*(\d{1,18})[ \t,;]+(\d{1,18})[ \t,;\r]*").fullmatch


class Layout(NamedTuple):
    """How rows are written: ``d`` numbers each, separated by ``sep``; ``promised`` rows, by a
    header of ``skip`` bytes, or None; ``columns`` of the word and of the numbers, where there
    are others; ``trusted``: sep=" " was given, so that a word may end in numbers."""

    d: int | None
    promised: int | None
    skip: int
    sep: str
    columns: tuple | None
    trusted: bool


def pattern(sep):
    """What separates: one character as it is, or any run of several."""
    one = b"|".join(re.escape(c.encode()) for c in sep)
    return one if len(sep) == 1 else b"(?:%s)+" % one


def split(row, sep):
    """The fields of ``row`` (bytes), without what separates behind the last."""
    return re.split(pattern(sep), row.rstrip(sep.encode() + b"\r"))


def shown(data, most=60):
    """The beginning of ``data`` (bytes), for a message."""
    text = data[:most].decode("utf-8", "backslashreplace")
    return repr(text) + " ..." * (len(data) > most)


def numbers_at_end(fields):
    numbers = [bool(is_number(field)) for field in reversed(fields)]
    return (numbers + [False]).index(False)


def most_common(counts):
    counts = Counter(counts)
    return max(
        counts, key=lambda n: (counts[n], n)
    )  # a tie: better refused than invented


def nearly_all(test, items):
    return len(items) > 0 and sum(map(bool, map(test, items))) >= 0.9 * len(items)


def layout(name, start, whole, header, sep, columns, wordless):
    """Find the ``Layout`` in the first bytes ``start`` of a text (``whole``: that is all).

    ``wordless``: the rows may lack words of their own. Raises ValueError for what is not a
    table, and for one that is arranged in another way.
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
    return found


def numbers_of(columns):
    """The slice of the fields that are numbers."""
    return slice(columns[1], *columns[2:] or [None])


def without_words(grid, d):
    """Whether the first of the numbers in each row is a number like the rest."""
    whole = [nearly_all(is_whole, column) for column in zip(*grid)]
    return d == len(whole) or (d is None and whole[0] == all(whole[1:] or whole))


def is_odd_field(field):
    """Whether it is empty, a separator, or with one: then the fields are not told apart."""
    return not field or is_odd(b"_" + field)


def check_layout(where, rows, grid, found):
    """Refuse ``rows`` in nearly all of which something stands with the word: it ends in what
    separates, or holds it and a number, or is several fields; or in which one column of whole
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
            return  # the rows are shorter than the header says: it is said of the first
        raise refusal("no-table", where=where, row=shown(rows[0]), cure=cure)


def opened(stream, name, encoding, errors):
    """The first bytes of ``stream``, brought to UTF-8 without a mark, and whether that is all."""
    start = stream.peek(4)
    mark = next((mark for mark in MARKS if start.startswith(mark)), BOM)
    if encoding := encoding or MARKS[mark]:
        stream.decode(encoding, errors)
    if stream.peek(3) == BOM:
        stream.read(3)
    size = 1 << 17
    while b"\n" not in (start := stream.peek(size)) and len(start) == size:
        if size > LONGEST:
            raise refusal("no-line-end", name=f"{name}, line 1", count=size)
        size *= 2
    return start, len(start) < size


def blocks(stream, name, limit):
    """Yield whole lines, about BLOCK bytes at a time, ``limit`` lines at most."""
    rest, part = b"", b"\n"
    while part and limit != 0:
        part = stream.read(BLOCK)
        cut = part.rfind(b"\n") + 1
        block, rest = (rest + part[:cut], part[cut:]) if cut else (b"", rest + part)
        if len(rest) > LONGEST:
            raise refusal("no-line-end", name=name, count=LONGEST)
        if not part:
            block = rest  # the last line, without its end
        if limit is not None:
            lines = block.split(b"\n", limit)
            block = b"\n".join([*lines[:limit], b""]) if len(lines) > limit else block
            limit -= block.count(b"\n")
        if block:
            yield block


def read(stream, name, layout, limit, problems):
    """Yield (line, words, numbers) of some rows at a time: words as str or bytes in UTF-8,
    numbers an array (k, d). What is odd is appended to ``problems``."""
    line = 2 if layout.skip else 1
    stream.read(layout.skip)
    yield line, [], np.empty((0, layout.d))
    quick, blank, count, block = False, None, 0, b"\n"
    for block in blocks(stream, name, limit):
        quick = (
            quick or len(block) > BLOCK // 2
        )  # polars is not imported for a small file
        found = quickly(block, layout) if quick else None
        lines, words, numbers = found or slowly(block, name, layout, line)
        if words and blank:
            raise refusal("empty-line", where=f"{name}, line {blank}")
        if len(words) < lines:
            blank = blank or line + len(words)
        yield line, words, numbers
        line, count = line + lines, count + len(words)
    if limit is None and not block.endswith(b"\n"):
        problems.append(say("no-last-line-end"))
    if blank:
        problems.append(say("empty-lines", line=blank))
    promised = count if layout.promised is None else layout.promised
    if count != promised and not (count == limit and count < promised):
        more = "at least " if limit is not None else "only " if count < promised else ""
        about = {"more": more, "count": count, "least": min(count, promised)}
        raise refusal("header-rows", name=name, promised=promised, **about)


def quickly(block, layout):
    """(lines, words, numbers) of ``block`` by polars, or None: some row needs a closer look."""
    import polars

    d, sep = layout.d, layout.sep.encode()
    if len(sep) != 1 or layout.columns or d > 4096:
        return None
    if b"\r" in block:
        block = block.replace(b"\r\n", b"\n")
    if block[: block.find(b"\n")].endswith(sep):  # as fastText ends its rows
        block = block.replace(sep + b"\n", b"\n")
    lines = block.count(b"\n") + (not block.endswith(b"\n"))
    if block.startswith(BOM) or b"\r" in block or (b"\t" in block and sep != b"\t"):
        return None  # polars would drop them
    # A number is rounded to float64 and then to float32, as by Python, and so by gensim.
    schema = {"word": polars.String} | {str(i): polars.Float64 for i in range(d)}
    options = {"has_header": False, "separator": layout.sep, "quote_char": None}
    try:
        frame = polars.read_csv(block, schema=schema, **options)
    except polars.exceptions.PolarsError:
        return None  # too many fields, or not a number, or not UTF-8
    words, *columns = frame.get_columns()
    if frame.height != lines or any(column.null_count() for column in columns):
        return None  # too few fields
    numbers = np.empty((lines, d), np.float32)
    with np.errstate(over="ignore"):
        for place, column in enumerate(columns):
            numbers[:, place] = column.to_numpy()
    return lines, words.fill_null("").to_list(), numbers


def slowly(block, name, layout, first):
    """(lines, words, numbers) of ``block``, row by row; ValueError names the line."""
    d, rows = layout.d, block.split(b"\n")
    rows = rows[:-1] if not rows[-1] else rows
    are_numbers = re.compile(rb"%s(?: %s){%d}" % (NUMBER, NUMBER, d - 1)).fullmatch
    words, numbers = [], []
    for line, row in enumerate(rows, first):
        if not row.strip():
            continue
        if len(words) < line - first:
            raise refusal("empty-line", where=f"{name}, line {first + len(words)}")
        word, fields = parts(row, layout)
        joined = b" ".join(fields)
        if len(fields) != d or not are_numbers(joined):
            hint = f" {say('heading')}." if line == 1 else ""
            raise wrong(f"{name}, line {line}", row, word, fields, d, hint)
        if layout.sep == " " and b" " in word and not layout.trusted:
            check_word(f"{name}, line {line}", word, fields)
        words.append(word)
        numbers.append(joined)
    values = np.array(list(map(float, b" ".join(numbers).split())))
    return len(rows), words, values.reshape(len(words), d)


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
    if sep != " " and len(word) > 1 and word[:1] == word[-1:] == b'"':
        word = word[1:-1].replace(b'""', b'"')  # as CSV writers quote
    return word, re.split(pattern(sep), row[cuts[0].end() :])


def wrong(where, row, word, fields, d, hint):
    """A ValueError for a row that is not a word and d numbers."""
    if len(fields) != d:
        numbers, count = counted(d, "number"), len(fields)
        return refusal("too-few", where=where, d=numbers, count=count, row=shown(row))
    place = next(i for i, field in enumerate(fields) if not is_number(field))
    about = {"place": place + 1, "d": d, "field": shown(fields[place]), "hint": hint}
    return refusal("not-a-number", where=where, word=shown(word), **about)


def check_word(where, word, numbers):
    """Refuse a row with too many numbers: a field of its word is written like its numbers.

    It has as many decimals as one of them has at least. "windows 10" and "python 3.1" are
    words; in "the 0.4183 0.2497 ..." there is a number too many.
    """
    least = min(len(number.partition(b".")[2]) for number in numbers)
    for field in word.split(b" ")[1:]:
        if is_number(field) and len(field.partition(b".")[2]) >= least:
            about = {"d": counted(len(numbers), "number"), "field": shown(field)}
            raise refusal("too-many", where=where, word=shown(word), **about)
