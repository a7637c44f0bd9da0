"""``Rows`` collects what the readers yield: only wanted and valid rows."""

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
        self.index, self.matrix, self.repeated, self.skipped = {}, None, [], []

    def add(self, first, words, numbers):
        """Keep those of ``numbers`` (k, d), and of the k ``words`` (str or bytes), that are
        wanted, finite and new; ``first`` is the line, row or record of the first."""
        if self.matrix is None:
            self.matrix = np.empty((0, numbers.shape[1]), np.float32)
        if words and isinstance(words[0], bytes):
            words = self.decoded(first, words)
        with np.errstate(over="ignore"):
            numbers = numbers.astype(np.float32, copy=False)
        finite, kept = np.isfinite(numbers), range(len(words))
        if not finite.all():
            finite = finite.all(axis=1)
            self.not_finite(first, words, numbers, np.flatnonzero(~finite).tolist())
            kept = np.flatnonzero(finite).tolist()
        if self.vocab is not None:
            kept = [row for row in kept if words[row] in self.vocab]
        if len(kept) < len(words):
            words, numbers = [words[row] for row in kept], numbers[kept]
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
                    self.repeated.append(f"{word!r} ({self.unit} {first + kept[row]})")
            numbers = numbers[new]
        if end > len(self.matrix):  # on most systems this copies nothing
            room = max(end, len(self.matrix) * 9 // 8)
            self.matrix.resize((room, self.matrix.shape[1]), refcheck=False)
        self.matrix[begin:end] = numbers

    def not_finite(self, first, words, numbers, rows):
        if not self.skip:
            where = f"{self.name}, {self.unit} {first + rows[0]}"
            word, found = words[rows[0]], few(numbers[rows[0]])
            raise refusal("not-finite", where=where, word=word, numbers=found)
        self.skipped += [f"{words[row]!r} ({self.unit} {first + row})" for row in rows]

    def decoded(self, first, words):
        """``words`` (bytes) as str: all at once, or one by one if that fails."""
        try:
            found = b"\n".join(words).decode(self.encoding).split("\n")
            if len(found) == len(words):
                return found
        except UnicodeDecodeError:
            pass
        found = []
        for place, word in enumerate(words, first):
            try:
                found.append(word.decode(self.encoding))
            except UnicodeDecodeError as error:
                if self.errors == "strict":
                    where = f"{self.name}, {self.unit} {place}"
                    about = {"encoding": self.encoding.upper(), "reason": error.reason}
                    raise refusal(
                        "not-encoded", where=where, word=word[:60], **about
                    ) from error
                found.append(word.decode(self.encoding, self.errors))
                self.recoded += 1
        return found

    def vectors(self, problems, format, normalize):
        """The kept rows as ``WordVectors``."""
        self.matrix.resize((len(self.index), self.matrix.shape[1]), refcheck=False)
        matrix = torch.from_numpy(self.matrix)
        if self.recoded:
            words, encoding = plural(self.recoded, "word"), self.encoding.upper()
            about = {"encoding": encoding, "errors": self.errors}
            problems.append(say("recoded", words=words, count=self.recoded, **about))
        for why, found in (
            ("were-not-finite", self.skipped),
            ("were-repeated", self.repeated),
        ):
            if found:
                rows, about = plural(len(found), "row"), {"why": say(why)}
                about |= {"count": len(found), "which": few(found)}
                problems.append(say("left-out", rows=rows, **about))
        if self.repeated:
            warnings.warn(f"{self.name}: {problems[-1]}", stacklevel=3)
        if normalize:
            length = torch.linalg.vector_norm(matrix, dim=1, keepdim=True)
            matrix /= torch.where(length > 0, length, 1)
        vectors = WordVectors(
            list(self.index), matrix, problems=problems, format=format
        )
        vectors.index = self.index
        return vectors
