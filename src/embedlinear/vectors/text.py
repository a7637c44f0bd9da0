"""Vectors in text: whole blocks of lines are parsed by polars.

Blocks that a CSV reader cannot parse (words with spaces, damaged rows) are parsed row by row, so
that an error can name its line.
"""

import re

import numpy as np

from embedlinear.language import say
from embedlinear.vectors.layout import LONGEST, NUMBER, is_number, parts, shown
from embedlinear.vectors.words import plural, refusal

BLOCK = 1 << 20  # bytes; more memory is not faster
BOM = b"\xef\xbb\xbf"
MARKS = {  # byte order marks, and their encodings
    b"\xff\xfe\0\0": "utf-32",
    b"\0\0\xfe\xff": "utf-32",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
    BOM: None,
}


def opened(stream, name, encoding, errors):
    """The first bytes of ``stream``, in UTF-8 without a mark, and whether that is all of it."""
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
    """Yield blocks of whole lines, about BLOCK bytes each, at most ``limit`` lines."""
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
    """Yield (first line, words, numbers) of blocks: words as str or bytes in UTF-8, numbers an
    array (k, d). Anything odd is appended to ``problems``."""
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
    """(lines, words, numbers) of ``block`` by polars, or None if a row needs ``slowly``."""
    import polars

    d, sep = layout.d, layout.sep.encode()
    if len(sep) != 1 or layout.columns or d > 4096:
        return None
    if b"\r" in block:
        block = block.replace(b"\r\n", b"\n")
    if block[: block.find(b"\n")].endswith(sep):  # fastText ends its rows so
        block = block.replace(sep + b"\n", b"\n")
    lines = block.count(b"\n") + (not block.endswith(b"\n"))
    if block.startswith(BOM) or b"\r" in block or (b"\t" in block and sep != b"\t"):
        return None  # polars would drop them
    # A number is rounded to float64 and then to float32, as in Python and gensim.
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
            hint = say("first-line") if line == 1 else ""
            raise wrong(f"{name}, line {line}", row, word, fields, d, hint)
        if layout.sep == " " and b" " in word and not layout.trusted:
            check_word(f"{name}, line {line}", word, fields)
        words.append(word)
        numbers.append(joined)
    values = np.array(list(map(float, b" ".join(numbers).split())))
    return len(rows), words, values.reshape(len(words), d)


def wrong(where, row, word, fields, d, hint):
    """A ValueError for a row that is not a word and d numbers."""
    if len(fields) != d:
        numbers, count = plural(d, "number"), len(fields)
        return refusal("too-few", where=where, d=numbers, count=count, row=shown(row))
    place = next(i for i, field in enumerate(fields) if not is_number(field))
    about = {"place": place + 1, "d": d, "field": shown(fields[place]), "hint": hint}
    return refusal("not-a-number", where=where, word=shown(word), **about)


def check_word(where, word, numbers):
    """Reject a row with too many numbers: a field of its word is written like its numbers.

    It has at least as many decimals as one of them. "windows 10" and "python 3.1" are words;
    "the 0.4183 0.2497 ..." has one number too many.
    """
    least = min(len(number.partition(b".")[2]) for number in numbers)
    for field in word.split(b" ")[1:]:
        if is_number(field) and len(field.partition(b".")[2]) >= least:
            about = {"d": plural(len(numbers), "number"), "field": shown(field)}
            raise refusal("too-many", where=where, word=shown(word), **about)
