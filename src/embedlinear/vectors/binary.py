"""word2vec's binary format: a header line ``n d``, then n times a word, a space, d raw float32.

The C tool writes a line end after each record, gensim does not: line ends before a word are not
part of it. A word ends at its first space, so this format cannot store words with spaces.
"""

import itertools
import re

import numpy as np

from embedlinear.vectors.text import LONGEST, SIZES, is_number, numbers_at_end, shown
from embedlinear.vectors.words import plural, refusal


def is_binary(start):
    """Whether ``start`` is a header, then a word, a space and 4 d raw bytes."""
    first, _, rest = start.partition(b"\n")
    sizes, row = SIZES(first), rest.lstrip(b"\n").partition(b"\n")[0]
    numbers = numbers_at_end(re.split(rb"[\s,;:|]+", row.strip()))
    if not rest or not sizes or numbers >= int(sizes[2]):
        return False
    record = rest.partition(b" ")[2][: 4 * int(sizes[2])]
    if re.search(rb"[\x00-\x08\x0e-\x1f]", record):
        return True
    return not numbers and row.decode(errors="replace").count("\ufffd") > 0


def read(chunks, name, limit, every, forced):
    """Yield (number of the first record, words as bytes, numbers (k, d) float32) of blocks.

    ``every``: read all records, whatever the header promises; ``forced``: the caller says that
    the file is binary, though it was not recognised. Raises ValueError for a file that is too
    short or too long, or is text, whose digits would be read as float32.
    """
    first, end, data = next(chunks).partition(b"\n")
    sizes = SIZES(first)
    if not end or not sizes or not 0 < int(sizes[2]) < LONGEST // 4:
        raise refusal("no-header", name=name, found=shown(first))
    promised, d = int(sizes[1]), int(sizes[2])
    row, of_d = data.partition(b"\n")[0].split()[-d:], plural(d, "number")
    if forced and len(row) == d and all(map(is_number, row)):
        raise refusal("binary-is-text", name=name, d=of_d)
    yield 1, [], np.empty((0, d), np.float32)
    wanted = min(1 << 62 if every else promised, 1 << 62 if limit is None else limit)
    width, done = 4 * d, 0
    for chunk in itertools.chain([b""], chunks):
        data += chunk
        words, starts, place, last = [], [], 0, len(data) - width
        for _ in range(wanted - done):
            start = data.find(b" ", place) + 1
            if not start or start > last:
                break
            words.append(data[place : start - 1])
            starts.append(start)
            place = start + width
        if words:
            records = np.ndarray(len(data) - width + 1, f"V{width}", data, strides=(1,))
            numbers = records[starts].view("<f4").reshape(-1, d)
            if b"\n" in (joined := b" ".join(words)):
                words = re.sub(rb"(^| )\n+", rb"\1", joined).split(b" ")
            yield done + 1, words, numbers
            done, data = done + len(words), data[place:]
        over = done == wanted and (limit is not None or data.strip(b"\n"))
        if over or len(data) > LONGEST + width:
            break
    rest = data[:64].strip(b"\n")
    if done < wanted and (rest or not every):
        found = {"done": done, "rest": shown(rest, 16), "promised": promised}
        raise refusal("record", name=name, record=done + 1, d=of_d, **found)
    if done == wanted and rest and limit is None:
        raise refusal("more-records", name=name, done=done, rest=rest[:16])
