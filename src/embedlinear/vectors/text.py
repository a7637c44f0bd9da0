"""Vectors in text: word2vec's, GloVe's and fastText's, one word and its d numbers a line.

Fields are parted by single spaces (0x20) and lines by 0x0A; all other blanks are part of a word.
The last d fields are the numbers, so a word may hold spaces, be one, or look like a number. A
final ``\\r`` and final spaces (fastText and word2vec's C tool write one) are no part of the row.
The number of fields is checked in every line. A block of lines is parsed at once (``decimals``),
blocks side by side in threads: NumPy lets other threads run while it computes.
"""

import os
import re
from collections import Counter, deque
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import NamedTuple

import numpy as np

from embedlinear.vectors import decimals
from embedlinear.vectors.stack import Stack

LONGEST = 1 << 26  # bytes; a line without an end would else fill the memory
BLOCK = 1 << 19  # bytes; the arrays of a block still fit into the processor's cache
BOM = b"\xef\xbb\xbf"
HEADER = re.compile(rb"[ \t]*([0-9]{1,40})[ \t]+([0-9]{1,40})[ \t\r]*").fullmatch
FRACTION = re.compile(rb"[+-]?[0-9]*\.([0-9]+)(?:[eE][+-]?[0-9]+)?").fullmatch


class Layout(NamedTuple):
    """What the first lines tell: numbers a row, rows promised by the header (None without one),
    the bytes before the first row, and the number of its line."""

    d: int
    promised: int | None
    skip: int
    first_line: int


def not_utf8(data):
    """Whether ``data`` (bytes) is no UTF-8."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return True
    return False


def numbers_at_end(line):
    """How many of the last fields of ``line`` (bytes) are numbers, not counting the first field."""
    fields = line.rstrip(b" \r").split(b" ")[1:]
    count = 0
    while count < len(fields) and decimals.NUMBER(fields[-1 - count]):
        count += 1
    return count


def layout(name, start, whole, header=None):
    """Find the ``Layout`` in the first bytes ``start`` of a file (``whole``: there are no more).

    ``header``: True, False, None to find out, or "ignore": it is there, but its row count lies.
    Raises ValueError for what cannot be a table: no numbers, a header that the rows belie.
    """
    skip = len(BOM) if start.startswith(BOM) else 0
    lines = start[skip:].split(b"\n")
    if not whole and len(lines) > 1:
        lines.pop()  # cut in the middle
    first, second = lines[0], lines[1] if len(lines) > 1 else b""
    sizes = HEADER(first)
    if header is None and sizes:
        fields = second.rstrip(b" \r").count(b" ") + 1
        # Two numbers could also be a word and a vector of one number, but not if this is a header.
        header = not (fields == 2 and numbers_at_end(second) == 1 and int(sizes[2]) != 1)
    if header:
        if not sizes:
            raise ValueError(
                f"{name}, line 1: expected a header, the numbers of rows and of columns, but found "
                f"{shown(first)}. For a file without one (GloVe) pass header=False."
            )
        if int(sizes[2]) == 0:
            raise ValueError(f"{name}, line 1: the header promises vectors of 0 numbers.")
        if int(sizes[2]) > LONGEST // 2:
            raise ValueError(
                f"{name}, line 1: no line holds the {int(sizes[2]):,} numbers promised."
            )
        promised = None if header == "ignore" else int(sizes[1])
        return Layout(int(sizes[2]), promised, skip + len(first) + 1, 2)
    counts = Counter(numbers_at_end(line) for line in lines[:200] if line.strip(b" \r"))
    d = max(counts, key=lambda n: (counts[n], n), default=0)  # a tie: better refused than invented
    if not d:
        raise ValueError(
            f"{name}, line 1: expected a word and its numbers, parted by single spaces, but found "
            f"{shown(first)}{' (it holds a tab)' if b'	' in first else ''}."
        )
    return Layout(d, None, skip, 1)


def shown(line, most=60):
    """The beginning of ``line`` (bytes), for a message."""
    text = line[:most].decode("utf-8", "backslashreplace")
    return repr(text) + (" ..." if len(line) > most else "")


def blocks(stream, layout, limit):
    """Yield (number of the first line, block of whole lines as bytes), ``limit`` lines at most."""
    stream.exactly(layout.skip)
    line, left, rest = layout.first_line, limit, []
    while left is None or left > 0:
        part = stream.read(BLOCK)
        cut = part.rfind(b"\n") + 1
        if part and not cut:
            rest.append(part)
            if sum(map(len, rest)) > LONGEST:
                raise ValueError(
                    f"{stream.source.name}, line {line}: no line end within {LONGEST:,} bytes; "
                    f"expected a word and {layout.d} numbers."
                )
            continue
        block = b"".join([*rest, part[:cut]])
        rest = [part[cut:]]
        if not part:
            if not block:
                return
            block += b"\n"  # the last line may lack its end
        lines = block.count(b"\n")
        if left is not None and lines >= left:
            block = b"\n".join(block.split(b"\n", left)[:left]) + b"\n"
            lines = left
        yield line, block, stream.done()
        line += lines
        left = None if left is None else left - lines
        if not part:
            return


class Rows(NamedTuple):
    """The rows of one block: words, matrix (k, d) float32, the lines they came from, how many
    lines there were, how many words had bytes that are no UTF-8, the first empty line or None."""

    words: list
    matrix: np.ndarray
    lines: list | range
    read: int
    mended: int
    empty: int | None


def rows(name, first_line, block, d, vocab=None, errors="strict"):
    """Parse ``block`` (bytes, whole lines of which the first is ``first_line``) to ``Rows``.

    With ``vocab`` (a set) only the rows of its words have their numbers read.
    Raises ValueError naming the line for too few fields, a bad number, bytes that are no UTF-8.
    """
    data = decimals.padded(block)
    new = np.flatnonzero(data == 10)
    before = data[new - 1]
    if ((before == 32) | (before == 13)).any():
        block = b"\n".join([line.rstrip(b" \r") for line in block.split(b"\n")])
        data = decimals.padded(block)
        new = np.flatnonzero(data == 10)
    empty = None
    if np.flatnonzero(np.diff(new, prepend=decimals.PAD - 1) == 1).size:
        block, empty = without_empty_end(name, first_line, block)
        data = decimals.padded(block)
        new = np.flatnonzero(data == 10)
    end = decimals.PAD + len(block)
    parts = np.flatnonzero((data[:end] == 32) | (data[:end] == 10))[decimals.PAD :]
    fields = np.diff(np.searchsorted(parts, new), prepend=-1)  # of each line
    if (fields == d + 1).all():
        table = parts.reshape(len(new), d + 1)
    else:
        at = np.searchsorted(parts, new)
        check_fields(name, first_line, block, fields, d)
        table = parts[at[:, None] + np.arange(-d, 1)]
    start = np.concatenate(([decimals.PAD], new[:-1] + 1))
    cuts = zip((start - decimals.PAD).tolist(), (table[:, 0] - decimals.PAD).tolist())
    raw = [block[a:b] for a, b in cuts]
    words, mended = decoded(name, first_line, raw, errors)
    for row in np.flatnonzero(fields > d + 1).tolist():
        whole = data[start[row] : new[row]].tobytes()
        check_word(name, first_line + row, raw[row], whole, d)
    lines = range(first_line, first_line + len(words))
    read = len(words)
    if vocab is not None:
        kept = [row for row, word in enumerate(words) if word in vocab]
        words, lines = [words[row] for row in kept], [first_line + row for row in kept]
        table = table[kept]
    value, bad = decimals.parse(data, table[:, :-1].ravel() + 1, table[:, 1:].ravel())
    if bad is not None:
        row, column = divmod(bad, d)
        field = data[table[row, column] + 1 : table[row, column + 1]].tobytes()
        raise ValueError(
            f"{name}, line {lines[row]}: number {column + 1} of {d} of the word {words[row]!r} is "
            f"{shown(field)}; expected a finite decimal number."
        )
    return Rows(words, value.reshape(len(words), d), lines, read, mended, empty)


def without_empty_end(name, first_line, block):
    """Cut empty lines off the end of ``block``; one before a row is an error."""
    kept = block.rstrip(b"\n")
    kept += b"\n" * bool(kept)
    if kept.startswith(b"\n") or b"\n\n" in kept:
        line = first_line + (
            0 if kept.startswith(b"\n") else kept[: kept.find(b"\n\n")].count(b"\n") + 1
        )
        raise ValueError(
            f"{name}, line {line}: the line is empty; expected a word and its numbers."
        )
    return kept, first_line + kept.count(b"\n")


def check_fields(name, first_line, block, fields, d):
    """Refuse the first line that has fewer than a word and ``d`` numbers."""
    few = np.flatnonzero(fields < d + 1)
    if few.size:
        row = int(few[0])
        line = block.split(b"\n", row + 1)[row]
        tab = " (it holds a tab: fields are parted by single spaces)" if b"\t" in line else ""
        raise ValueError(
            f"{name}, line {first_line + row}: expected a word and {d} numbers, but found "
            f"{fields[row] - 1} after the first field: {shown(line)}{tab}. The file may be cut "
            f"off, or the row damaged."
        )


def check_word(name, line, word, whole, d):
    """Refuse a row with too many numbers: a word of several fields, one written like its numbers.

    That is a fraction with as many decimals as any of them, or in a row of whole numbers a whole
    one. "windows 10" and "python 3.11" are words; in "the 0.4183 0.2497 ..." is a number too many.
    """
    found = [FRACTION(field) for field in whole.rsplit(b" ", d)[1:]]
    least = min((len(place[1]) for place in found if place), default=0)
    pattern = FRACTION if any(found) else decimals.NUMBER
    for field in word.split(b" ")[1:]:
        number = pattern(field)
        if number and (pattern is decimals.NUMBER or len(number[1]) >= least):
            raise ValueError(
                f"{name}, line {line}: expected a word and {d} numbers, but {shown(field)} stands "
                f"before the last {d}, in {shown(word)}: there are too many numbers, or two rows "
                f"have run together."
            )


def decoded(name, first_line, raw, errors):
    """The words of a block, bytes to str, and how many held bytes that are no UTF-8."""
    joined = b"\n".join(raw)
    if not raw:
        return [], 0
    try:
        return joined.decode().split("\n"), 0  # at once: three times as fast
    except UnicodeDecodeError:
        pass
    words, mended = [], 0
    for line, word in enumerate(raw, first_line):
        try:
            words.append(word.decode())
        except UnicodeDecodeError as error:
            if errors == "strict":
                raise ValueError(not_text(f"{name}, line {line}", word, error)) from error
            words.append(word.decode(errors=errors))
            mended += 1
    return words, mended


def not_text(where, word, error):
    return (
        f"{where}: the word {word[:60]!r} is no UTF-8 (byte {error.start}: {error.reason}). Pass "
        f"errors='replace' or errors='ignore', or convert the file from its real encoding."
    )


def side_by_side(function, items, workers=None):
    """``map(function, items)`` in threads, in order, with few items under way at once."""
    workers = workers or min(4, os.cpu_count() or 1)
    items = iter(items)
    first = list(islice(items, 2))
    if len(first) < 2:
        yield from map(function, first)
        return
    with ThreadPoolExecutor(workers) as pool:
        waiting = deque(pool.submit(function, item) for item in first)
        try:
            while waiting:
                if len(waiting) <= workers and (more := list(islice(items, 1))):
                    waiting.append(pool.submit(function, more[0]))
                    continue
                yield waiting.popleft().result()
        finally:
            for task in waiting:
                task.cancel()


def check_promise(source, layout, limit):
    """Refuse a header that promises more rows than the bytes of the file can hold."""
    least = 2 * layout.d + 1  # a row without a word, its numbers of one digit each
    if layout.promised is None or source.size is None or limit is not None:
        return
    room = (source.size - layout.skip + 1) // least
    if layout.promised > room:
        raise ValueError(
            f"{source.name}, line 1: the header promises {layout.promised:,} rows of {layout.d:,} "
            f"numbers, but the {source.size:,} bytes of the file hold {room:,} at most. It is cut "
            f"off, or the header lies: header='ignore' reads the rows there are."
        )


def read(source, layout, *, limit, vocab, errors, bar):
    """Read the rows of ``source``: words, matrix (n, d) float32, line of each row, problems."""
    check_promise(source, layout, limit)
    words, lines, problems, stack = [], [], [], Stack(layout.d, limit, source)
    count = mended = 0
    empty = None
    with source.open() as stream:

        def parse(item):
            first, block, done = item
            return done, rows(source.name, first, block, layout.d, vocab, errors)

        for done, part in side_by_side(parse, blocks(stream, layout, limit)):
            if empty is not None and part.read:
                raise ValueError(
                    f"{source.name}, line {empty}: the line is empty; expected a word and "
                    f"{layout.d} numbers."
                )
            empty = part.empty if empty is None else empty
            words += part.words
            if vocab is not None:
                lines += part.lines
            if len(part.matrix):
                stack.append(part.matrix, done)
            count, mended = count + part.read, mended + part.mended
            bar.update(done - bar.n)
    check_count(source, layout, limit, count)
    if mended:
        problems.append(f"{mended} words held bytes that are no UTF-8 (errors={errors!r})")
    if empty is not None:
        problems.append(f"empty lines at the end, from line {empty} on")
    if vocab is None:
        lines = range(layout.first_line, layout.first_line + count)
    return words, stack.done(), lines, problems


def check_count(source, layout, limit, count):
    """Hold the number of rows against what the header promised."""
    promised = layout.promised
    if promised is None or count == promised or (limit is not None and count == limit < promised):
        return
    more = "only " if count < promised else "at least " if limit is not None else ""
    raise ValueError(
        f"{source.name}: the header (line 1) promises {promised:,} rows, but there are {more}"
        f"{count:,}. The file is cut off, or the header lies: limit={min(count, promised)} reads "
        f"the first {min(count, promised):,}, header='ignore' the rows there are."
    )
