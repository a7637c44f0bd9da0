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

LONGEST = 1 << 24  # bytes; a line without an end would else fill the memory
BLOCK = 1 << 21  # bytes; more memory buys no more speed
LEAST = (
    1 << 12
)  # bytes; the arrays of a block take many times as much: small files, small blocks
BOM = b"\xef\xbb\xbf"
HEADER = re.compile(rb"[ \t]*([0-9]{1,40})[ \t]+([0-9]{1,40})[ \t\r]*").fullmatch
TAB = " (it holds a tab; replace tabs by single spaces)"
FRACTION = re.compile(rb"[+-]?[0-9]*\.([0-9]+)(?:[eE][+-]?[0-9]+)?").fullmatch


class Layout(NamedTuple):
    """What the first lines tell: numbers a row, rows promised by the header (None without one),
    the bytes before the first row, and the number of its line."""

    d: int
    promised: int | None
    skip: int
    first_line: int


def counted(count, what):
    """``count`` with its noun, for a message: 1 row, 2 rows."""
    return f"{count:,} {what}{'s' * (count != 1)}"


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
        header = not (
            fields == 2 and numbers_at_end(second) == 1 and int(sizes[2]) != 1
        )
    if header:
        if not sizes:
            raise ValueError(
                f"{name}, line 1: expected a header, the numbers of rows and of columns, but found "
                f"{shown(first)}. For a file without one (GloVe) pass header=False."
            )
        if int(sizes[2]) == 0:
            raise ValueError(
                f"{name}, line 1: the header promises vectors of 0 numbers."
            )
        if int(sizes[2]) > LONGEST // 2:
            raise ValueError(
                f"{name}, line 1: no line holds the {int(sizes[2]):,} numbers promised."
            )
        promised = None if header == "ignore" else int(sizes[1])
        return Layout(int(sizes[2]), promised, skip + len(first) + 1, 2)
    counts = Counter(numbers_at_end(line) for line in lines[:200] if line.strip(b" \r"))
    d = max(
        counts, key=lambda n: (counts[n], n), default=0
    )  # a tie: better refused than invented
    if not d:
        raise ValueError(
            f"{name}, line 1: expected a word and its numbers, parted by single spaces, but found "
            f"{shown(first)}{TAB if b'	' in first else ''}."
        )
    return Layout(d, None, skip, 1)


def shown(line, most=60):
    """The beginning of ``line`` (bytes), for a message."""
    text = line[:most].decode("utf-8", "backslashreplace")
    return repr(text) + (" ..." if len(line) > most else "")


def blocks(stream, layout, limit):
    """Yield the blocks of a text, whole lines, ``limit`` of them at most.

    Each comes as the number of its first line, its bytes (``padded``), how much of the file on the
    disk is behind us, and whether a line end had to be added to its last line.
    """
    stream.exactly(layout.skip)
    size = min(BLOCK, max(LEAST, stream.source.on_disk // 16))
    line, left, rest = layout.first_line, limit, []
    while left is None or left > 0:
        part = stream.read(size)
        cut = part.rfind(b"\n") + 1
        if part and not cut:
            rest.append(part)
            if sum(map(len, rest)) > LONGEST:
                raise ValueError(
                    f"{stream.source.name}, line {line}: no line end within {LONGEST:,} bytes; "
                    f"expected a word and {counted(layout.d, 'number')}."
                )
            continue
        if not part and not rest:
            return
        end = b"" if part else b"\n"  # the last line may lack its own
        block = decimals.padded(*rest, memoryview(part)[:cut], end)
        rest = [part[cut:]] if cut < len(part) else []
        lines = int(np.count_nonzero(np.frombuffer(block, np.uint8) == 10)) - 1
        if left is not None and lines > left:
            kept = block[decimals.PAD :].split(b"\n", left)[:left]
            block = decimals.padded(b"\n".join([*kept, b""]))
            lines = left
        yield line, block, stream.done(), bool(end)
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
    """Parse ``block`` (whole lines, ``padded``, the first being ``first_line``) to ``Rows``.

    With ``vocab`` (a set) only the rows of its words have their numbers read.
    Raises ValueError naming the line for too few fields, a bad number, bytes that are no UTF-8.
    """
    data = np.frombuffer(block, np.uint8)
    parts, new, at = separators(data)
    before, empty = data[new[1:] - 1], None
    if ((before == 32) | (before == 13)).any() or (np.diff(new) == 1).any():
        block, empty = tidied(name, first_line, block)
        data = np.frombuffer(block, np.uint8)
        parts, new, at = separators(data)
    fields = np.diff(at)
    if (fields == d + 1).all():
        table = parts[1:].reshape(len(fields), d + 1)
    else:
        check_fields(name, first_line, block, fields, d)
        table = parts[at[1:, None] + np.arange(-d, 1)]
    start = new[:-1] + 1
    words, mended = decoded(name, first_line, data, start, table[:, 0], errors)
    for row in np.flatnonzero(fields > d + 1).tolist():
        whole = block[start[row] : new[row + 1]]
        check_word(name, first_line + row, block[start[row] : table[row, 0]], whole, d)
    lines = range(first_line, first_line + len(words))
    read = len(words)
    if vocab is not None:
        kept = [row for row, word in enumerate(words) if word in vocab]
        words, lines = [words[row] for row in kept], [first_line + row for row in kept]
        table = table[kept]
    value, bad = decimals.parse(data, table)
    if bad is not None:
        row, column = bad
        field = data[table[row, column] + 1 : table[row, column + 1]].tobytes()
        raise ValueError(
            f"{name}, line {lines[row]}: number {column + 1} of {d} of the word {words[row]!r} is "
            f"{shown(field)}; expected a finite decimal number."
            f"{'' if field else ' Two spaces stand side by side; replace them by one.'}"
        )
    return Rows(words, value, lines, read, mended, empty)


def separators(data):
    """The places of all separators in the ``padded`` text ``data``, from the line end before it on;
    those of the line ends alone; and where in the first array these are."""
    parts = np.flatnonzero(data[decimals.PAD - 1 : -decimals.PAD] <= 32)
    parts += decimals.PAD - 1
    found = data.take(parts)
    ends = found == 10
    if not (ends | (found == 32)).all():  # tabs and the like part nothing
        parts = parts[ends | (found == 32)]
        ends = data.take(parts) == 10
    at = np.flatnonzero(ends)
    return parts[: at[-1] + 1], parts[at], at


def tidied(name, first_line, block):
    """Take spaces and ``\\r`` off the ends of lines, and empty lines off the end of the block.

    Returns the block, and the number of the first of these lines or None. Raises ValueError for an
    empty line before a row.
    """
    lines = block[decimals.PAD : -decimals.PAD].split(b"\n")[:-1]
    lines = [line.rstrip(b" \r") for line in lines]
    count = len(lines)
    while lines and not lines[-1]:
        lines.pop()
    if b"" in lines:
        line = first_line + lines.index(b"")
        raise ValueError(
            f"{name}, line {line}: the line is empty; expected a word and its numbers."
        )
    empty = first_line + len(lines) if len(lines) < count else None
    return decimals.padded(b"\n".join([*lines, b""]) if lines else b""), empty


def check_fields(name, first_line, block, fields, d):
    """Refuse the first line that has fewer than a word and ``d`` numbers."""
    few = np.flatnonzero(fields < d + 1)
    if few.size:
        row = int(few[0])
        line = block[decimals.PAD :].split(b"\n", row + 1)[row]
        raise ValueError(
            f"{name}, line {first_line + row}: expected a word and {counted(d, 'number')}, but "
            f"found {fields[row] - 1} after the first field: {shown(line)}"
            f"{TAB if b'	' in line else ''}. The file may be cut off, or the row damaged."
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
            if b"  " in whole:
                raise ValueError(
                    f"{name}, line {line}: expected a word and its numbers, parted by single "
                    f"spaces, but two spaces stand side by side, in {shown(whole)}. Replace them "
                    f"by one."
                )
            raise ValueError(
                f"{name}, line {line}: expected a word and {counted(d, 'number')}, but "
                f"{shown(field)} stands before the last {d}, in {shown(word)}: there are too many "
                f"numbers, or two rows have run together."
            )


def decoded(name, first_line, data, start, end, errors):
    """The words data[start:end] (N,) as str, and how many held bytes that are no UTF-8."""
    if not len(start):
        return [], 0
    try:
        return together(data, start, end).decode().split("\n"), 0
    except UnicodeDecodeError:
        pass
    words, mended = [], 0
    for row, (a, b) in enumerate(zip(start.tolist(), end.tolist())):
        word = data[a:b].tobytes()
        try:
            words.append(word.decode())
        except UnicodeDecodeError as error:
            if errors == "strict":
                line = f"{name}, line {first_line + row}"
                raise ValueError(not_text(line, word, error)) from error
            words.append(word.decode(errors=errors))
            mended += 1
    return words, mended


def together(data, start, end):
    """The words data[start:end] (N,), with line ends between them, as bytes.

    NumPy gathers their bytes: meanwhile other threads run, which a loop would keep waiting.
    """
    lengths = end - start + 1
    ends = np.cumsum(lengths)
    if ends[-1] > BLOCK:  # there is a very long line
        return b"\n".join(
            [data[a:b].tobytes() for a, b in zip(start.tolist(), end.tolist())]
        )
    places = np.repeat(start - ends + lengths, lengths)
    places += np.arange(ends[-1])
    joined = data.take(places)
    joined[ends - 1] = 10
    return joined[:-1].tobytes()


def not_text(where, word, error):
    return (
        f"{where}: the word {word[:60]!r} is no UTF-8 (byte {error.start}: {error.reason}). "
        f"Convert the file from its real encoding; for a few damaged words pass errors='replace' "
        f"or errors='ignore'."
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
    """Read the rows of ``source``: words, matrix (n, d) float32, line of each row, problems.

    While the threads compute, this loop does next to nothing: they would have to wait for it.
    """
    check_promise(source, layout, limit)
    words, lines, problems, stack = [], [], [], Stack(layout.d, limit, source)
    count = mended = 0
    open_end, empty = False, None
    with source.open() as stream:

        def parse(item):
            first, block, done, open_end = item
            return (
                done,
                open_end,
                rows(source.name, first, block, layout.d, vocab, errors),
            )

        for done, open_end, part in side_by_side(parse, blocks(stream, layout, limit)):
            if empty is not None and part.read:
                raise ValueError(
                    f"{source.name}, line {empty}: the line is empty; expected a word and "
                    f"{counted(layout.d, 'number')}."
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
    if open_end:
        problems.append(
            "the last line has no line end: a file that was cut off looks like this"
        )
    if mended:
        problems.append(
            f"{counted(mended, 'word')} held bytes that are no UTF-8 ({errors=})"
        )
    if empty is not None:
        problems.append(f"empty lines at the end, from line {empty} on")
    if vocab is None:
        lines = range(layout.first_line, layout.first_line + count)
    return words, stack.done(), lines, problems


def check_count(source, layout, limit, count):
    """Hold the number of rows against what the header promised."""
    promised = layout.promised
    if (
        promised is None
        or count == promised
        or (limit is not None and count == limit < promised)
    ):
        return
    more = "only " if count < promised else "at least " if limit is not None else ""
    raise ValueError(
        f"{source.name}: the header (line 1) promises {promised:,} rows, but there are {more}"
        f"{count:,}. The file is cut off, or the header lies: limit={min(count, promised)} reads "
        f"the first {min(count, promised):,}, header='ignore' the rows there are."
    )
