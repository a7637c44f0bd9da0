"""What a reader finds in a file, and ``Rows``, which collects the wanted and valid rows of it."""

from collections.abc import Iterator
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
        places, begin = range(len(words)), len(self.index)
        if not np.isfinite(numbers).all():
            finite = np.isfinite(numbers).all(axis=1)
            for place in np.flatnonzero(~finite).tolist():
                if not self.skip:
                    where = f"{self.name}, {self.found.unit} {first + place}"
                    about = {"word": words[place], "numbers": few(numbers[place])}
                    raise refusal("not-finite", where=where, **about)
                self.leave_out("were-not-finite", words[place], first + place)
            places = np.flatnonzero(finite).tolist()
        if self.vocab is not None:
            places = [place for place in places if words[place] in self.vocab]
        if len(places) < len(words):
            words, numbers = [words[place] for place in places], numbers[places]
        self.index.update(zip(words, range(begin, begin + len(words))))
        end = len(self.index)
        if end < begin + len(words):  # some are repeated; keep the first of each
            self.index, new = dict(zip(self.index, range(end))), []
            for row, word in enumerate(words):
                if self.index[word] == begin + len(new):
                    new.append(row)
                else:
                    self.leave_out("were-repeated", word, first + places[row])
            numbers = numbers[new]
        if end > len(self.matrix):  # on most systems this copies nothing
            room = max(end, len(self.matrix) * 9 // 8)
            self.matrix.resize((room, self.found.d), refcheck=False)
        self.matrix[begin:end] = numbers

    def leave_out(self, why, word, number):
        self.left_out[why].append(f"{word!r} ({self.found.unit} {number})")

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
        # Of a damaged word, "replace" and "ignore" make different ones.
        by = {
            e: [w.decode(self.encoding, e) for w in words]
            for e in ("replace", "ignore")
        }
        self.damaged += sum(map(str.__ne__, *by.values()))
        return by[self.errors]

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
