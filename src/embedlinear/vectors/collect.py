"""``Rows`` collects what the readers yield: only wanted and valid rows."""

import contextlib
import warnings

import numpy as np
import torch

from embedlinear.language import say
from embedlinear.vectors.table import WordVectors
from embedlinear.vectors.words import few, plural, refusal


class Rows:
    """Words and their rows: a matrix that grows with the rows, never by a header's promise.

    ``unit`` names a row in messages, such as "line"; ``vocab`` is the set of wanted words, or
    None; ``encoding`` and ``errors`` are for words that are bytes; ``not_finite`` is "raise" or
    "skip".
    """

    def __init__(self, name, unit, vocab, encoding, errors, not_finite):
        self.name, self.unit, self.vocab = name, unit, vocab
        self.skip = not_finite == "skip"
        self.encoding, self.errors, self.recoded = encoding, errors, 0
        self.index, self.matrix = {}, None
        self.left_out = {"were-not-finite": [], "were-repeated": []}

    def add(self, first, words, numbers):
        """Keep those of ``numbers`` (k, d), and of the k ``words`` (str or bytes), that are
        wanted, finite and new; ``first`` is the line, row or record of the first."""
        if self.matrix is None:
            self.matrix = np.empty((0, numbers.shape[1]), np.float32)
        if words and isinstance(words[0], bytes):
            words = self.decoded(first, words)
        with np.errstate(over="ignore"):
            numbers = numbers.astype(np.float32, copy=False)
        finite = np.isfinite(numbers)
        places = range(len(words))
        if not finite.all():
            finite = finite.all(axis=1)
            for place in np.flatnonzero(~finite).tolist():
                if not self.skip:
                    where = f"{self.name}, {self.unit} {first + place}"
                    about = {"word": words[place], "numbers": few(numbers[place])}
                    raise refusal("not-finite", where=where, **about)
                self.leave_out("were-not-finite", words[place], first + place)
            places = np.flatnonzero(finite).tolist()
        if self.vocab is not None:
            places = [place for place in places if words[place] in self.vocab]
        if len(places) < len(words):
            words, numbers = [words[place] for place in places], numbers[places]
        begin = len(self.index)
        self.index.update(zip(words, range(begin, begin + len(words))))
        end = len(self.index)
        if end < begin + len(words):  # some are repeated; keep the first of each
            self.index = dict(zip(self.index, range(end)))
            new, at = [], begin
            for row, word in enumerate(words):
                if self.index[word] == at:
                    new.append(row)
                    at += 1
                else:
                    self.leave_out("were-repeated", word, first + places[row])
            numbers = numbers[new]
        if end > len(self.matrix):  # on most systems this copies nothing
            room = max(end, len(self.matrix) * 9 // 8)
            self.matrix.resize((room, self.matrix.shape[1]), refcheck=False)
        self.matrix[begin:end] = numbers

    def leave_out(self, why, word, number):
        self.left_out[why].append(f"{word!r} ({self.unit} {number})")

    def decoded(self, first, words):
        """``words`` (bytes) as str."""
        if (
            self.encoding == "utf-8"
        ):  # all at once, unless one needs a message or a cure
            with contextlib.suppress(UnicodeDecodeError):
                found = b"\n".join(words).decode().split("\n")
                if len(found) == len(words):
                    return found
        found = []
        for place, word in enumerate(words, first):
            try:
                found.append(word.decode(self.encoding))
            except UnicodeDecodeError as error:
                if self.errors == "strict":
                    where = f"{self.name}, {self.unit} {place}"
                    about = {"encoding": self.encoding.upper(), "reason": error.reason}
                    about |= {"where": where, "word": word[:60]}
                    raise refusal("not-encoded", **about) from error
                found.append(word.decode(self.encoding, self.errors))
                self.recoded += 1
        return found

    def vectors(self, problems, format):
        """The kept rows as ``WordVectors``."""
        self.matrix.resize((len(self.index), self.matrix.shape[1]), refcheck=False)
        if self.recoded:
            words, encoding = plural(self.recoded, "word"), self.encoding.upper()
            about = {"encoding": encoding, "errors": self.errors}
            problems.append(say("recoded", words=words, count=self.recoded, **about))
        for why, found in self.left_out.items():
            if found:
                rows, about = plural(len(found), "row"), {"why": say(why)}
                about |= {"count": len(found), "which": few(found)}
                problems.append(say("left-out", rows=rows, **about))
        if self.left_out["were-repeated"]:
            warnings.warn(f"{self.name}: {problems[-1]}", stacklevel=3)
        matrix, words = torch.from_numpy(self.matrix), list(self.index)
        vectors = WordVectors(words, matrix, problems=problems, format=format)
        vectors.index = self.index
        return vectors
