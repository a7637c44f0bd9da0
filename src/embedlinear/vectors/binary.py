"""word2vec's binary format: a header line ``n d``, then n times a word, a space, d raw float32.

The C tool writes a line end after each record, gensim does not; the first record tells which.
A word ends at its first space, so words with spaces cannot be kept in this format.
"""

import numpy as np

from embedlinear.vectors import text
from embedlinear.vectors.stack import Stack

BLOCK = 1 << 21
LONGEST_WORD = 1 << 16


def read(source, *, limit, vocab, errors, bar):
    """Read the records of ``source``: words, matrix (n, d) float32, their numbers, problems.

    Raises ValueError naming the byte for a file that ends early or goes on too long, a word that
    is no UTF-8 (``errors``) or a value that is not finite.
    """
    with source.open() as stream:
        return Records(source, stream, vocab, errors, bar).all(limit)


class Records:
    """Reads block by block; ``at`` is where the block ``data`` begins in the file."""

    def __init__(self, source, stream, vocab, errors, bar):
        self.source, self.stream, self.bar = source, stream, bar
        self.vocab, self.errors = vocab, errors
        self.data = stream.read(1 << 12)
        first, end, self.data = self.data.partition(b"\n")
        sizes = text.HEADER(first) if end else None
        if not sizes or not int(sizes[2]):
            raise ValueError(
                f"{source.name}, line 1: expected a header, the numbers of rows and of columns, "
                f"but found {text.shown(first)}."
            )
        self.promised, self.d = int(sizes[1]), int(sizes[2])
        self.at = len(first) + 1
        self.width = 4 * self.d
        self.size = min(BLOCK, max(1 << 14, source.on_disk // 8))
        self.line_ends, self.ended = None, False
        if self.width > text.LONGEST:
            raise ValueError(
                f"{source.name}, line 1: a vector of {self.d:,} numbers is refused."
            )
        self.room = None  # for so many records, at most
        if source.size is not None:
            self.room = (source.size - self.at) // (self.width + 1)

    def all(self, limit):
        count = self.promised if limit is None else min(limit, self.promised)
        if self.room is not None and count > self.room:
            raise ValueError(self.cut_off(0, count))
        words, lines, problems, stack = [], [], [], Stack(self.d, count, self.source)
        read = mended = 0
        while read < count:
            raw, starts = self.block(count - read)
            if not raw:
                part = self.stream.exactly(max(self.size, self.width))
                if not part and self.ended:
                    raise ValueError(self.cut_off(read, count))
                self.ended = not part
                self.data += part
                if len(self.data) > 2 * max(self.size, self.width) + LONGEST_WORD:
                    raise ValueError(self.no_word())
                continue
            found, fixed = self.decoded(raw, starts, read)
            mended += fixed
            if self.vocab is not None:
                kept = [row for row, word in enumerate(found) if word in self.vocab]
                found, starts = [found[row] for row in kept], starts[kept]
                lines += [read + 1 + row for row in kept]
            words += found
            if len(found):
                stack.append(self.vectors(found, starts), self.stream.done())
            read += len(raw)
            self.drop(self.next)
            self.bar.update(self.stream.done() - self.bar.n)
        if count == self.promised:
            self.check_end(count)
        if mended:
            held = f"{text.counted(mended, 'word')} held bytes that are no UTF-8"
            problems.append(f"{held} (errors={self.errors!r})")
        if self.vocab is None:
            lines = range(1, count + 1)
        return words, stack.done(), lines, problems

    def block(self, most):
        """Up to ``most`` whole records of ``data``: words as bytes, and where vectors start."""
        data, width, end = self.data, self.width, len(self.data)
        find, raw, place = data.find, [], 0
        if self.line_ends is None:
            vector = data.find(b" ", 0, LONGEST_WORD) + 1
            if not vector or (vector + width >= end and not self.ended):
                self.next = 0
                return [], np.empty(0, np.int64)
            self.line_ends = data[vector + width : vector + width + 1] == b"\n"
        step = 1 + width + self.line_ends
        for _ in range(most):
            space = find(b" ", place)
            if space < 0 or space + width >= end:
                break
            raw.append(data[place:space])
            place = space + step
        self.next = place
        lengths = np.fromiter(map(len, raw), np.int64, len(raw))
        if len(raw) and lengths.max() > LONGEST_WORD:
            raise ValueError(self.no_word())
        starts = np.cumsum(lengths + step) - step + 1
        if self.line_ends and raw:
            self.check_line_ends(starts + width)
        return raw, starts

    def check_line_ends(self, places):
        data = np.frombuffer(self.data, np.uint8)
        inside = places[places < len(data)]
        wrong = np.flatnonzero(data[inside] != 10)
        if wrong.size:
            place = int(inside[wrong[0]])
            raise ValueError(
                f"{self.source.name}, byte {self.at + place}: expected a line end after "
                f"the record, as after the first, but found {self.data[place : place + 1]!r}."
            )
        if len(inside) < len(
            places
        ):  # the line end of the last record is still to come
            more = self.stream.read(1)
            if more not in (b"", b"\n"):
                raise ValueError(
                    f"{self.source.name}, byte {self.at + len(data)}: expected a line end after "
                    f"the record, as after the first, but found {more!r}."
                )
            self.data += more

    def drop(self, count):
        self.at += count
        self.data = self.data[count:]

    def vectors(self, words, starts):
        """The float32 (k, d) that begin at ``starts`` (k,) of ``data``."""
        records = np.ndarray(
            len(self.data) - self.width + 1, f"V{self.width}", self.data, strides=(1,)
        )
        block = records[starts].view("<f4").reshape(len(starts), self.d)
        finite = np.isfinite(block)
        if not finite.all():
            row, column = divmod(int(finite.argmin()), self.d)
            raise ValueError(
                f"{self.source.name}, byte {self.at + int(starts[row]) + 4 * column}: number "
                f"{column + 1} of {self.d} of the word {words[row][:60]!r} is "
                f"{block[row, column]}; expected a finite number. The file may be damaged."
            )
        return block

    def decoded(self, raw, starts, read):
        try:
            joined = b"\n".join(raw).decode().split("\n")
            if len(joined) == len(raw):
                return joined, 0
        except UnicodeDecodeError:
            pass
        words, mended = [], 0
        for row, word in enumerate(raw):
            try:
                words.append(word.decode())
            except UnicodeDecodeError as error:
                if self.errors == "strict":
                    byte = self.at + int(starts[row]) - 1 - len(word)
                    where = f"{self.source.name}, byte {byte} (record {read + row + 1})"
                    raise ValueError(text.not_text(where, word, error)) from error
                words.append(word.decode(errors=self.errors))
                mended += 1
        return words, mended

    def no_word(self):
        return (
            f"{self.source.name}, byte {self.at}: expected records of a word, which ends in a "
            f"space, and {text.counted(self.d, 'number')}, but found no space within "
            f"{LONGEST_WORD:,} bytes."
        )

    def cut_off(self, read, count):
        found = f"found {read:,}"
        if self.room is not None and count > self.room:
            found = f"the file has room for {self.room:,} at most"
        return (
            f"{self.source.name}, byte {self.at}: expected {count:,} records of a word and "
            f"{text.counted(self.d, 'number')} (the header promises {self.promised:,}), but "
            f"{found}. The file is cut off, or the header lies; limit= reads the first rows."
        )

    def check_end(self, count):
        rest = self.data[:64] + self.stream.read(64)
        if rest.strip(b"\n"):
            raise ValueError(
                f"{self.source.name}, byte {self.at}: expected the end of the file after the "
                f"{count:,} records that the header promises, but found {rest[:16]!r}; "
                f"limit={count} reads those."
            )
