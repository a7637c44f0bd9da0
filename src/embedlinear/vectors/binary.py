"""word2vec's binary format: a header line ``n d``, then n times a word, a space, d raw float32.

The C tool writes a line end after each record, gensim does not: line ends before a word are not
part of it. A word ends at its first space, so this format cannot store words with spaces.
"""

import itertools
import re

import numpy as np

from embedlinear.language import say
from embedlinear.vectors.collect import Found
from embedlinear.vectors.layout import LONGEST, SIZES, is_number, numbers_at_end, shown
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


def read(chunks, name, every, forced):
    """What is in the file. ``every``: whatever the header promises; ``forced``: the caller says
    that the file is binary, though it was not recognised.

    Raises ValueError for a file without a header, or that is text, whose digits would be read as
    float32.
    """
    first, end, data = next(chunks).partition(b"\n")
    sizes = SIZES(first)
    if not end or not sizes or not 0 < int(sizes[2]) < LONGEST // 4:
        raise refusal("no-header", name=name, found=shown(first))
    promised, d = int(sizes[1]), int(sizes[2])
    row = data.partition(b"\n")[0].split()[-d:]
    if forced and len(row) == d and all(map(is_number, row)):
        raise refusal("binary-is-text", name=name, d=plural(d, "number"))
    blocks = records(itertools.chain([data], chunks), name, d, promised)
    return Found(say("binary"), "record", d, blocks, None if every else promised)


def records(chunks, name, d, promised):
    """Yield (number of the first record, words as bytes, numbers (k, d) float32) of blocks."""
    width, done, data = 4 * d, 0, b""
    for chunk in chunks:
        data += chunk
        words, starts, place, last = [], [], 0, len(data) - width
        while 0 < (start := data.find(b" ", place) + 1) <= last:
            words.append(data[place : start - 1])
            starts.append(start)
            place = start + width
        if words:
            records = np.ndarray(last + 1, f"V{width}", data, strides=(1,))
            numbers = records[starts].view("<f4").reshape(-1, d)
            if b"\n" in (joined := b" ".join(words)):
                words = re.sub(rb"(^| )\n+", rb"\1", joined).split(b" ")
            yield done + 1, words, numbers
            done, data = done + len(words), data[place:]
        if len(data) > LONGEST + width:
            break
    if rest := data[:64].strip(b"\n"):
        about = {"d": plural(d, "number"), "rest": shown(rest, 16), "done": done}
        raise refusal("record", name=name, record=done + 1, promised=promised, **about)
