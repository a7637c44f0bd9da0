"""Vectors in text: a word and d numbers in each line, separated by single spaces.

The last d fields are the numbers, so a word may contain spaces, be a space, or look like a number.
``layout`` says how the lines are written. Then polars parses whole blocks of lines. A block that a
CSV reader cannot parse (a word with spaces, a damaged row) is parsed row by row, so that an error
can name its line.
"""

import codecs
import itertools
from collections import deque
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from embedlinear.language import say
from embedlinear.vectors.collect import Found
from embedlinear.vectors.layout import LONGEST, find, is_number, parts, shown
from embedlinear.vectors.words import plural, refusal

BOM = codecs.BOM_UTF8
SMALL = 1 << 19  # bytes; for fewer, importing polars takes longer than it saves


def read(chunks, name, header, sep, columns, words, limit, problems):
    """What is in the text, as ``Found``; the ``words`` are given if it may have none. Anything
    odd that turns up later is appended to ``problems``."""
    start = next(chunks).removeprefix(BOM)
    rest = blocks(itertools.chain([start], chunks), name)
    first = next(rest, b"")
    lines = first.split(b"\n", 200)[:200]
    layout = find(name, lines, header, sep, columns, words is not None)
    if layout.header:
        first = first.partition(b"\n")[2]
    rows = read_rows(itertools.chain([first], rest), name, layout, limit, problems)
    kind = say("with-header" if layout.header else "without-header")
    wordless = layout.columns and layout.columns[0] is None
    words = words if wordless else None
    return Found(kind, "line", layout.d, rows, layout.promised, words)


def blocks(chunks, name):
    """Yield blocks of whole lines; the last may lack its line end."""
    rest = b""
    for chunk in chunks:  # the last is empty
        rest += chunk
        cut = rest.rfind(b"\n") + 1 if chunk else len(rest)
        if cut:
            yield rest[:cut]
        rest = rest[cut:]
        if len(rest) > LONGEST:
            raise refusal("no-line-end", name=name, count=LONGEST)


def read_rows(blocks, name, layout, limit, problems):
    """Yield (first line, words, numbers) of blocks, as ``Found`` says."""
    line, blank = 1 + layout.header, None
    for block, quick in parsed(blocks, layout, 2 if limit is None else 0):
        lines, words, numbers, fault = quick or slowly(block, name, layout, line)
        if len(numbers) and blank:
            raise refusal("empty-line", where=f"{name}, line {blank}")
        yield line, words, numbers
        if fault:
            raise fault
        if len(numbers) < lines:
            blank = blank or line + len(numbers)
        line += lines
    if block and not block.endswith(b"\n"):
        problems.append(say("no-last-line-end"))
    if blank:
        problems.append(say("empty-lines", line=blank))


def parsed(blocks, layout, ahead):
    """Yield each block and what ``quickly`` makes of it; the next ones, as many as ``ahead``,
    are parsed meanwhile."""
    coming = deque()
    with ThreadPoolExecutor(2) as threads:
        for block in itertools.chain(blocks, [None] * ahead):
            coming.append((block, threads.submit(quickly, block, layout)))
            if len(coming) > ahead:
                block, found = coming.popleft()
                yield block, found.result()


def quickly(block, layout):
    """(lines, words, numbers, None) of ``block`` by polars; None if a row needs ``slowly``."""
    if block is None or len(block) <= SMALL:
        return None
    import polars

    d, sep = layout.d, layout.sep.encode()
    if b"\r" in block:
        block = block.replace(b"\r\n", b"\n")
    if block[: block.find(b"\n")].endswith(sep):  # fastText ends its rows so
        block = block.replace(sep + b"\n", b"\n")
    special = len(sep) > 1 or layout.columns or d > 4096
    if special or block.startswith(BOM) or (sep != b" " and b'"' in block):
        return None
    if b"\r" in block or (b"\t" in block and sep != b"\t"):
        return None  # polars would drop them
    lines = block.count(b"\n") + (not block.endswith(b"\n"))
    # A number is rounded to float64 and then to float32, as in Python and gensim.
    schema = {"word": polars.String} | {str(i): polars.Float64 for i in range(d)}
    options = {"has_header": False, "separator": layout.sep, "quote_char": None}
    try:
        frame = polars.read_csv(block, schema=schema, **options)
    except polars.exceptions.PolarsError:
        return None  # too many fields, or not a number, or not UTF-8
    words, numbers = frame["word"].fill_null("").to_list(), frame.drop("word")
    if len(words) != lines or any(column.null_count() for column in numbers):
        return None  # too few fields
    return lines, words, numbers.to_numpy(order="c"), None


def slowly(block, name, layout, first):
    """(lines, words, numbers, fault) of ``block``, row by row up to a ``fault``: the ValueError
    that names its line, or None."""
    rows, found, fault = block.removesuffix(b"\n").split(b"\n"), [], None
    lines = len(rows) if block else 0
    while rows and not rows[-1].strip():  # empty lines may be the last of the file
        rows.pop()
    try:
        for line, row in enumerate(rows, first):
            found.append(one(row, layout, f"{name}, line {line}", line == 1))
    except ValueError as error:
        fault = error
    words, numbers = zip(*found) if found else ([], [])
    values = np.array(list(map(float, b" ".join(numbers).split())))
    return lines, words, values.reshape(len(found), layout.d), fault


def one(row, layout, where, first):
    """The word and the numbers of ``row``, bytes; ValueError for a row that is damaged."""
    if not row.strip():
        raise refusal("empty-line", where=where)
    word, numbers = parts(row, layout)
    about = {"where": where, "d": plural(layout.d, "number")}
    if len(numbers) != layout.d:
        raise refusal("too-few", count=len(numbers), row=shown(row), **about)
    for field in numbers:
        if not is_number(field):
            about |= {"field": shown(field), "word": shown(word or b"")}
            hint = say("first-line") if first else ""
            raise refusal("not-a-number", hint=hint, **about)
    if layout.sep == " " and not layout.trusted and (extra := one_more(word, numbers)):
        raise refusal("too-many", word=shown(word), field=shown(extra), **about)
    return word, b" ".join(numbers)


def one_more(word, numbers):
    """A field of ``word`` that is written like its numbers: then there are too many.

    It has at least as many decimals as one of them. "windows 10" and "python 3.1" are words;
    "the 0.4183 0.2497 ..." has one number too many.
    """
    for field in (word or b"").split(b" ")[1:]:
        least = min(len(number.partition(b".")[2]) for number in numbers)
        if is_number(field) and len(field.partition(b".")[2]) >= least:
            return field
