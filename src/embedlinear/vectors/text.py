"""Vectors in text: a word and d numbers in each line, separated by single spaces.

The last d fields are the numbers, so a word may contain spaces, be a space, or look like a number.
``layout`` looks at the first lines. If nearly all are written in a different way, reading would
give nonsense, so its error names the option that reads the file. Then polars parses whole blocks of
lines. A block that a CSV reader cannot parse (a word with spaces, a damaged row) is parsed row by
row, so that an error can name its line.
"""

import codecs
import itertools
import re
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from statistics import multimode
from typing import NamedTuple

import numpy as np

from embedlinear.language import say
from embedlinear.vectors.words import plural, refusal

BOM = codecs.BOM_UTF8
LONGEST = 1 << 24  # bytes; a line without an end would fill the memory
SMALL = 1 << 19  # bytes; for fewer, importing polars takes longer than it saves
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
    is one, and the rows that it promises, or None; ``columns`` of the word and of the numbers, if
    there are others; ``trusted``: sep=" " was given, so that a word may end in numbers."""

    d: int | None
    header: bool
    promised: int | None
    sep: str
    columns: tuple | None
    trusted: bool


def split(row, sep):
    """The fields of ``row`` (bytes) and, between them, what separates them: a ``sep``, or any
    run of its characters if it has several."""
    one = b"|".join(re.escape(c.encode()) for c in sep)
    row = row.rstrip(sep.encode() + b"\r")
    if len(sep) == 1:
        return re.split(b"(%s)" % one, row)
    return re.split(b"((?:%s)+)" % one, re.sub(b"^(?:%s)+" % one, b"", row))


def parts(row, layout):
    """The word and the numbers of one row, as bytes."""
    pieces, d, columns = split(row, layout.sep), layout.d, layout.columns
    if columns:
        fields, place = pieces[::2], columns[0]
        word = b"" if place is None else b"".join(fields[place:][:1])
        return word, fields[slice(*columns[1:])]
    word = b"".join(pieces[: -2 * d]) if len(pieces) > 2 * d else pieces[0]
    if layout.sep not in ' "' and len(word) > 1 and word[:1] == word[-1:] == b'"':
        word = word[1:-1].replace(b'""', b'"')  # as CSV writers quote
    return word, pieces[2::2][-d:]


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


def layout(name, lines, header, sep, columns, wordless):
    """Find the ``Layout`` from the first ``lines`` of a text, which may be ``wordless``.

    Raises ValueError for a text that is not a table, and for a table in a different layout.
    """
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
    columns = columns and (*columns, None)[:3]  # without an end, up to the last
    found = Layout(d, bool(header), promised, sep or " ", columns, sep == " ")
    rows = [line for line in lines[found.header :] if line.strip()]
    if not rows and d:
        return found
    grid = [split(row, found.sep)[::2] for row in rows] or [[]]
    if columns:
        width = most_common(map(len, grid))
        return found._replace(d=len(range(width)[slice(*columns[1:])]))
    about = {
        "where": f"{name}, line {1 + found.header}",
        "row": shown((rows or lines)[0]),
    }
    if not found.trusted and without_words(grid, d):
        if wordless:
            return found._replace(d=len(grid[0]), columns=(None, 0, None))
        raise refusal("no-words", **about)
    found = found._replace(d=d or most_common(numbers_at_end(f[1:]) for f in grid))
    if not found.d or not found.trusted:
        check_fields(rows or lines[:1], grid, found, about)
    numbered = [[b"%d" % n for n in range(at, at + found.d)] for at in (0, 1)]
    if found.d > 2 and nearly_all(lambda row: b"." in row, rows[1:]):
        if parts(rows[0], found)[1] in numbered:
            raise refusal("is-heading", **about)
    return found


def without_words(grid, d):
    """Whether there are only numbers, and the first in each row is a number like the rest."""
    whole = [nearly_all(is_whole, column) for column in zip(*grid)]
    numbers = nearly_all(lambda fields: numbers_at_end(fields) == len(fields) > 0, grid)
    like = d == len(whole) or (d is None and whole[:1] == [all(whole[1:] or whole)])
    return numbers and like


def check_fields(rows, grid, found, about):
    """Reject ``rows`` if in nearly all of them the word contains more than a word: it ends in a
    separator, or contains one and a number, or is several fields; or if one column of whole
    numbers, at one end, is a count."""
    d, columns = found.d, None
    full = [(row, fields) for row, fields in zip(rows, grid) if len(fields) > d > 0]
    words = [parts(row, found)[0] for row, _ in full]
    heads = [split(word, found.sep)[::2] for word in words]
    several = nearly_all(  # none is empty or contains a separator
        lambda f: len(f) > 1 and all(one and not is_odd(b"_" + one) for one in f), heads
    )
    whole = [nearly_all(is_whole, c) for c in zip(*(f[-d:] for _, f in full))]
    count = sum(whole) == 1 and d > 3 and len(rows) > 4
    count &= several or found.promised is None
    if count and whole[-1]:
        columns = (0, 1, -1)
    elif several:
        first = int(nearly_all(is_whole, [fields[0] for fields in heads]))
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


def opened(chunks, name, header, sep, columns, wordless):
    """The ``Layout`` of the text, and blocks of its rows."""
    start = next(chunks).removeprefix(BOM)
    whole = blocks(itertools.chain([start], chunks), name)
    first = next(whole, b"")
    lines = first.split(b"\n", 200)[:200]
    found = layout(name, lines, header, sep, columns, wordless)
    if found.header:
        first = first.partition(b"\n")[2]
    return found, itertools.chain([first], whole)


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


def limited(blocks, limit):
    """The first ``limit`` lines of ``blocks``."""
    for block in blocks:
        lines = block.split(b"\n", limit)
        if len(lines) > limit:
            yield b"\n".join([*lines[:limit], b""])
            return
        yield block
        limit -= block.count(b"\n")


def read(blocks, name, layout, limit, problems):
    """Yield (first line, words, numbers) of blocks: words as str or bytes, numbers an array
    (k, d). Anything odd is appended to ``problems``."""
    line, blank, count = 1 + layout.header, None, 0
    yield line, [], np.empty((0, layout.d))
    blocks = blocks if limit is None else limited(blocks, limit)
    for block, quick in parsed(blocks, layout):
        lines, words, numbers = quick or slowly(block, name, layout, line)
        if words and blank:
            raise refusal("empty-line", where=f"{name}, line {blank}")
        if len(words) < lines:
            blank = blank or line + len(words)
        yield line, words, numbers
        line, count = line + lines, count + len(words)
    if limit is None and block and not block.endswith(b"\n"):
        problems.append(say("no-last-line-end"))
    if blank:
        problems.append(say("empty-lines", line=blank))
    promised = count if layout.promised is None else layout.promised
    if count != promised and not (count == limit and count < promised):
        more = "at least " if limit is not None else "only " if count < promised else ""
        about = {"more": more, "count": count, "least": min(count, promised)}
        raise refusal("header-rows", name=name, promised=promised, **about)


def parsed(blocks, layout):
    """Yield each block and what ``quickly`` makes of it; the next two are parsed meanwhile."""
    coming = deque()
    with ThreadPoolExecutor(2) as threads:
        for block in blocks:
            coming.append((block, threads.submit(quickly, block, layout)))
            if len(coming) > 2:
                block, found = coming.popleft()
                yield block, found.result()
        for block, found in coming:
            yield block, found.result()


def quickly(block, layout):
    """(lines, words, numbers) of ``block`` by polars, or None if a row needs ``slowly``."""
    if len(block) <= SMALL:
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
    d, rows = layout.d, block.removesuffix(b"\n").split(b"\n") if block else []
    are_numbers = re.compile(rb"%s(?: %s){%d}" % (NUMBER, NUMBER, d - 1)).fullmatch
    words, numbers = [], []
    for line, row in enumerate(rows, first):
        if not row.strip():
            continue
        if len(words) < line - first:
            raise refusal("empty-line", where=f"{name}, line {first + len(words)}")
        word, fields = parts(row, layout)
        joined = b" ".join(fields)
        about = {"where": f"{name}, line {line}", "d": plural(d, "number")}
        if len(fields) != d:
            raise refusal("too-few", count=len(fields), row=shown(row), **about)
        if not are_numbers(joined):
            about["field"] = next(shown(one) for one in fields if not is_number(one))
            hint = say("first-line") if line == 1 else ""
            raise refusal("not-a-number", word=shown(word), hint=hint, **about)
        if layout.sep == " " and b" " in word and not layout.trusted:
            if extra := one_more(word, fields):
                about |= {"word": shown(word), "field": shown(extra)}
                raise refusal("too-many", **about)
        words.append(word)
        numbers.append(joined)
    values = np.array(list(map(float, b" ".join(numbers).split())))
    return len(rows), words, values.reshape(len(words), d)


def one_more(word, numbers):
    """A field of ``word`` that is written like its numbers: then there are too many.

    It has at least as many decimals as one of them. "windows 10" and "python 3.1" are words;
    "the 0.4183 0.2497 ..." has one number too many.
    """
    least = min(len(number.partition(b".")[2]) for number in numbers)
    for field in word.split(b" ")[1:]:
        if is_number(field) and len(field.partition(b".")[2]) >= least:
            return field


def with_words(rows, words, name, limit):
    """``rows``, which have no words, with the given ``words``."""
    count = 0
    for first, _, numbers in rows:
        found = words[count : count + len(numbers)]
        count += len(numbers)
        yield first, found, numbers[: len(found)]
    if count > len(words) or (limit is None and count < len(words)):
        about = {"rows": plural(count, "row"), "words": plural(len(words), "word")}
        raise refusal("wordless-count", name=name, **about)
