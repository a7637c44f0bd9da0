"""What a reader finds in a file, and ``Rows``, which collects the wanted and valid rows of it."""

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

import numpy as np

from embedlinear.language import say
from embedlinear.vectors.words import check_count, few, plural, refusal


class Found(NamedTuple):
    """A table in a file. ``blocks`` yields (number of the first row, k words as str or bytes,
    numbers (k, d)), and raises ValueError for a fault only after the rows before it; if
    ``words`` is a list, the rows have no words of their own."""

    format: str
    unit: str  # what messages call a row: "line", "record", "row"
    d: int
    blocks: Iterator
    promised: int | None = None  # rows, by the header
    words: list | None = None


class Rows:
    """Words and their rows: a matrix that grows with the rows, never by a header's promise.

    ``name`` is the file's; ``vocab`` is the set of wanted words, or None; ``encoding`` and
    ``errors`` are for words that are bytes; ``skip`` leaves out rows that are not finite.
    """

    def __init__(self, name, found, vocab, encoding, errors, skip):
        self.name, self.found, self.vocab, self.skip = name, found, vocab, skip
        self.encoding, self.errors, self.damaged = encoding, errors, 0
        self.index, self.matrix = {}, np.empty((0, found.d), np.float32)
        self.left_out = {"were-not-finite": [], "were-repeated": []}

    def take(self, limit):
        """Add the rows, at most ``limit``; there must be as many as the header promises, and a
        word for each."""
        count, (*_, blocks, promised, given) = 0, self.found
        for first, words, numbers in blocks:
            numbers = numbers[: None if limit is None else limit - count]
            words = (words if given is None else given[count:])[: len(numbers)]
            self.add(first, words, numbers[: len(words)])
            count += len(numbers)
            if count == limit:
                break
        if given is not None:
            check_count(self.name, given, (count, self.found.d), limit)
        if promised not in (None, count) and not limit == count < promised:
            more = "only " if count < promised else "" if limit is None else "at least "
            about = {"more": more, "count": count, "least": min(count, promised)}
            raise refusal("header-rows", name=self.name, promised=promised, **about)

    def add(self, first, words, numbers):
        """Keep those of ``numbers`` (k, d), and of the k ``words``, that are wanted, finite and
        new; ``first`` is the number of the first row."""
        if words and isinstance(words[0], bytes):
            words = self.decoded(first, words)
        with np.errstate(over="ignore"):
            numbers = numbers.astype(np.float32, copy=False)
        begin, finite = len(self.index), np.isfinite(numbers)
        if self.vocab is None and finite.all():  # nearly always: all at once
            self.index.update(zip(words, range(begin, begin + len(words))))
            if len(self.index) == begin + len(words):
                return self.append(numbers)
            # Some are repeated, so this is undone.
            self.index = dict(zip(islice(self.index, begin), range(begin)))
        kept = []
        for row, (word, sound) in enumerate(zip(words, finite.all(axis=1))):
            if not sound:
                self.leave_out("were-not-finite", word, first + row, numbers[row])
            elif self.vocab is None or word in self.vocab:
                if word in self.index:
                    self.leave_out("were-repeated", word, first + row)
                else:
                    self.index[word] = len(self.index)
                    kept.append(row)
        self.append(numbers[kept])

    def append(self, numbers):
        begin, end = len(self.index) - len(numbers), len(self.index)
        if end > len(self.matrix):  # on most systems this copies nothing
            room = max(end, len(self.matrix) * 9 // 8)
            self.matrix.resize((room, self.found.d), refcheck=False)
        self.matrix[begin:end] = numbers

    def leave_out(self, why, word, number, numbers=()):
        place = f"{self.found.unit} {number}"
        if why == "were-not-finite" and not self.skip:
            about = {"where": f"{self.name}, {place}", "numbers": few(numbers)}
            raise refusal("not-finite", word=word, **about)
        self.left_out[why].append(f"{word!r} ({place})")

    def decoded(self, first, words):
        """``words`` (bytes) as str; ValueError for one that is not in the encoding."""
        # No text has a line end in a word, and word2vec's binary no space.
        joined = b" \n".join(words)
        try:
            return joined.decode(self.encoding).split(" \n")
        except UnicodeDecodeError as error:
            if self.errors == "strict":
                place = joined.count(b" \n", 0, error.start)
                where = f"{self.name}, {self.found.unit} {first + place}"
                about = {"encoding": self.encoding.upper(), "reason": error.reason}
                about |= {"where": where, "word": words[place][:60]}
                raise refusal("not-encoded", **about) from error
        replaced = [word.decode(self.encoding, "replace") for word in words]
        ignored = [word.decode(self.encoding, "ignore") for word in words]
        self.damaged += sum(map(str.__ne__, replaced, ignored))
        return replaced if self.errors == "replace" else ignored

    def report(self):
        """Yield what is odd about the rows, and which were left out."""
        if self.damaged:
            words, encoding = plural(self.damaged, "word"), self.encoding.upper()
            about = {"encoding": encoding, "errors": self.errors}
            yield say("recoded", words=words, count=self.damaged, **about)
        for why, found in self.left_out.items():
            if found:
                rows, about = plural(len(found), "row"), {"why": say(why)}
                about |= {"count": len(found), "which": few(found)}
                yield say("left-out", rows=rows, **about)
