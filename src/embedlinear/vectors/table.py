"""``WordVectors``: words, their matrix, lookups, nearest neighbours and coverage."""

import os
import unicodedata
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import cache, cached_property
from importlib.resources import files
from typing import NamedTuple

import torch

from embedlinear.language import say
from embedlinear.vectors import arrays
from embedlinear.vectors import words as lists
from embedlinear.vectors.files import Source
from embedlinear.vectors.words import few, refusal


@cache
def simplified():
    """A table for ``str.translate``: traditional Chinese characters to simplified ones."""
    pairs = (files("embedlinear.vectors") / "simplified.txt").read_text("utf-8")
    return {ord(p[0]): p[1] for line in pairs.split("\n")[3:] for p in line.split()}


def same_width(word):
    """The word with width (NFKC) and case normalised."""
    return unicodedata.normalize("NFKC", word).casefold()


def same_script(word):
    """The word with width and case normalised and its characters simplified."""
    return same_width(word).translate(simplified())


SAME = {
    "other_case": str.casefold,
    "other_width": same_width,
    "other_script": same_script,
}


class Coverage(NamedTuple):
    """Which words of a vocabulary have a vector, in the vocabulary's order.

    ``found`` and ``missing`` are lists of words. The others are dicts from a word to its
    spelling in the vectors: in another case, in full or half width, in simplified or traditional
    characters (each of these may also differ in the previous ones).
    """

    found: list
    missing: list
    other_case: dict
    other_width: dict
    other_script: dict

    def __str__(self):
        found, total = len(self.found), sum(map(len, self))
        parts = [say("found", found=found, total=total, share=found / max(total, 1))]
        for name, words in [*self._asdict().items()][2:] + [("missing", self.missing)]:
            if words or name in ("other_case", "missing"):
                if isinstance(words, dict):
                    items = (say("pair", word=a, other=b) for a, b in words.items())
                else:
                    items = map(repr, words)
                listed = say("listed", items=few(items)) if words else ""
                parts.append(say(name, count=len(words)) + listed)
        return say("and").join(parts)


class WordVectors:
    """``words`` (a list of n distinct str) and ``matrix`` (n, d), a float32 tensor.

    ``index`` is a dict from word to row, created at first use. ``vectors["word"]`` is that row
    (d,), a view; a list of words gives (k, d). ``problems`` lists anything odd in the file;
    ``format`` is its format.

    Raises ValueError if words and rows do not match, or if a word is repeated.
    """

    def __init__(
        self,
        words: Iterable[str] | Mapping[str, int],
        matrix: torch.Tensor,
        *,
        problems: Iterable[str] = (),
        format: str = "memory",
    ) -> None:
        ready = isinstance(words, list)
        self.words = words if ready else lists.in_order(words, "words")
        self.matrix = torch.as_tensor(matrix).float().contiguous()
        self.problems, self.format = list(problems), format
        lists.check_count("WordVectors", self.words, tuple(self.matrix.shape))

    @cached_property
    def index(self) -> dict[str, int]:
        return lists.numbered(self.words, "the words")

    def __len__(self) -> int:
        return len(self.words)

    def __repr__(self):
        n, d = self.matrix.shape
        return f"WordVectors({n} words, {d} numbers each)"

    def __contains__(self, word: str) -> bool:
        return word in self.index

    def __getitem__(self, word: str | Iterable[str]) -> torch.Tensor:
        try:
            if isinstance(word, str):
                return self.matrix[self.index[word]]
            words = lists.checked(word, "the key")
            return self.matrix[[self.index[one] for one in words]]
        except KeyError as error:
            others = self.coverage(error.args)[2:]
            found = (known for d in others for known in d.values())
            hint = "".join(say("has-one", other=known) for known in found)
            raise KeyError(say("no-vector", word=error.args[0], hint=hint)) from None
        except TypeError as error:
            raise TypeError(say("key", error=error)) from None

    @cached_property
    def _lengths(self):
        return torch.linalg.vector_norm(self.matrix, dim=1)

    def nearest(self, word: str | torch.Tensor, k: int = 10) -> list[tuple[str, float]]:
        """The ``k`` words with the largest cosine similarity: [(word, cosine), ...].

        ``word`` is a str, which the result leaves out, or a vector (d,). A vector of zeros has
        no direction; its cosine is taken as 0. Raises KeyError for a word without a vector,
        TypeError for something that is not a vector (d,).
        """
        d, vector = self.matrix.shape[1], self[word] if isinstance(word, str) else None
        if vector is None:
            with suppress(TypeError, ValueError, RuntimeError):
                vector = torch.as_tensor(word).float()
        if vector is None or vector.shape != (d,):
            shown, kind = repr(word)[:60], type(word).__name__
            raise TypeError(say("vector-type", d=d, shown=shown, kind=kind))
        cosine = self.matrix @ vector
        cosine /= (self._lengths * torch.linalg.vector_norm(vector)).clamp_min(1e-30)
        if isinstance(word, str):
            cosine[self.index[word]] = -torch.inf
        most = len(self) - isinstance(word, str)
        value, row = cosine.topk(max(0, min(k, most)))
        return [(self.words[i], v) for i, v in zip(row.tolist(), value.tolist())]

    @cached_property
    def _others(self):
        words = self.words[::-1]  # keep the first of equal ones
        return {name: {same(w): w for w in words} for name, same in SAME.items()}

    def coverage(self, vocabulary: Iterable[str]) -> Coverage:
        """Which words of ``vocabulary`` (an iterable of str) have vectors: a ``Coverage``.

        Raises TypeError for a single str, and for an item that is not a str.
        """
        found = Coverage([], [], {}, {}, {})
        for word in lists.checked(vocabulary, "vocabulary"):
            if word in self.index:
                found.found.append(word)
                continue
            for name, same in SAME.items():
                if (other := self._others[name].get(same(word))) is not None:
                    getattr(found, name)[word] = other
                    break
            else:
                found.missing.append(word)
        return found

    def save(self, path: str | os.PathLike) -> None:
        """Write words and matrix to ``table.safetensors``.

        Saving is atomic: if it fails, the old table is still there. Raises ValueError for
        another ending, or a word with a line end; OSError if the table cannot be written.
        """
        arrays.save(path, self.words, self.matrix.detach().cpu())

    @classmethod
    def open(
        cls,
        path: str | os.PathLike,
        *,
        words: Iterable[str] | str | os.PathLike | None = None,
    ) -> "WordVectors":
        """Reopen what ``save`` wrote, or an ``.npy``: read the words, memory-map the matrix.

        Rows are read from disk when they are first used, and shared with other processes that
        use the file. Writing to ``matrix`` does not change the file. ``words`` are as in
        ``load_vectors``. Raises ValueError for a matrix that is not float32 stored by rows.
        """
        source = Source(path)
        with source.open() as chunks:
            start = next(chunks)
        words = None if words is None else lists.given(words)
        words, matrix = arrays.read(source, start, words=words)
        if matrix.dtype != torch.float32 or not matrix.is_contiguous():
            raise refusal("map", name=source.name, dtype=matrix.dtype)
        return cls(words, matrix, format=arrays.kind(start) or "safetensors")
