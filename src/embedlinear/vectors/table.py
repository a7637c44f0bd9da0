"""``WordVectors``: words, their matrix, and the questions one asks of them."""

import warnings
from functools import cached_property
from typing import NamedTuple

import numpy as np
import torch

from embedlinear.vectors import arrays
from embedlinear.vectors.files import Source
from embedlinear.vectors.text import counted


class Coverage(NamedTuple):
    """Which words of a vocabulary have a vector: three groups, each in the vocabulary's order.

    ``found`` and ``missing`` are lists of words; ``other_case`` is a dict from a word that is
    missing as it is written to the same word in the case that the vectors know.
    """

    found: list
    missing: list
    other_case: dict

    @property
    def total(self):
        return len(self.found) + len(self.missing) + len(self.other_case)

    @property
    def share(self):
        """The part of the vocabulary that was found, 0 to 1 (1 for an empty vocabulary)."""
        return len(self.found) / self.total if self.total else 1.0

    def __str__(self):
        few = ", ".join(map(repr, self.missing[:5])) + (
            ", ..." if len(self.missing) > 5 else ""
        )
        pairs = [f"{a!r} as {b!r}" for a, b in self.other_case.items()]
        other = ", ".join(pairs[:5]) + (", ..." if len(pairs) > 5 else "")
        return (
            f"{len(self.found)} of {self.total} words found ({self.share:.1%})"
            f"; {len(self.other_case)} in another case" + (f" ({other})" if other else "")
            + f"; {len(self.missing)} missing" + (f" ({few})" if few else "")
        )  # fmt: skip


class WordVectors:
    """``words`` (list of n distinct str) and ``matrix`` (n, d), a float32 tensor, row by row.

    ``index`` is a dict from word to row, made at first use. ``vectors["word"]`` is that row (d,),
    a view; a list of words gives (k, d). ``problems`` lists, in words, what was odd in the file;
    ``format`` says what it was.

    Raises ValueError where words and rows do not match, or a word comes twice.
    """

    def __init__(self, words, matrix, *, problems=(), format="memory"):
        self.words = words if isinstance(words, list) else list(words)
        self.matrix = torch.as_tensor(matrix)
        if self.matrix.dtype != torch.float32:
            self.matrix = self.matrix.float()
        self.matrix = self.matrix.contiguous()
        self.problems, self.format = list(problems), format
        if self.matrix.dim() != 2 or len(self.words) != len(self.matrix):
            raise ValueError(
                f"expected a matrix (n, d) and its n words, but the matrix is "
                f"{tuple(self.matrix.shape)} and there are {len(self.words)} words."
            )

    @cached_property
    def index(self):
        index = dict(zip(self.words, range(len(self.words))))
        if len(index) < len(self.words):
            raise ValueError(f"a word comes twice: {first_repeat(self.words)[0]!r}.")
        return index

    def __len__(self):
        return len(self.words)

    def __repr__(self):
        n, d = self.matrix.shape
        return f"WordVectors({n} words, {d} numbers each)"

    def __contains__(self, word):
        return word in self.index

    def __getitem__(self, word):
        if not isinstance(word, str):
            try:
                word = arrays.all_words(
                    word, "the key must be a word or a list of words"
                )
            except TypeError as error:
                raise TypeError(
                    f"{error} Rows by their numbers are in .matrix."
                ) from None
        try:
            if isinstance(word, str):
                return self.matrix[self.index[word]]
            return self.matrix[[self.index[one] for one in word]]
        except KeyError as error:
            other = self.coverage([error.args[0]]).other_case.get(error.args[0])
            hint = f"; {other!r} has one" if other else ""
            raise KeyError(f"no vector for {error.args[0]!r}{hint}") from None

    @cached_property
    def _lengths(self):
        return torch.linalg.vector_norm(self.matrix, dim=1)

    def nearest(self, word, k=10):
        """The ``k`` words whose vectors point most nearly the same way: [(word, cosine), ...].

        ``word`` is a str, which is left out of the answer itself, or a vector (d,). A vector of
        zeros has no direction; its cosine counts as 0. Raises KeyError for a word without a vector,
        TypeError or ValueError for what is no vector, or one of another width.
        """
        vector = self[word] if isinstance(word, str) else self._vector(word)
        cosine = self.matrix @ vector
        cosine /= (self._lengths * torch.linalg.vector_norm(vector)).clamp_min(1e-30)
        if isinstance(word, str):
            cosine[self.index[word]] = -torch.inf
        most = len(self) - isinstance(word, str)
        value, row = cosine.topk(max(0, min(k, most)))
        return [(self.words[i], v) for i, v in zip(row.tolist(), value.tolist())]

    def _vector(self, word):
        """``word``, which is no str, as a float vector (d,)."""
        expected = f"word must be one word (str) or a vector ({self.matrix.shape[1]},)"
        try:
            vector = torch.as_tensor(word).float()
        except (TypeError, ValueError, RuntimeError):
            kind = type(word).__name__
            raise TypeError(
                f"{expected}, but it is {repr(word)[:60]} ({kind})."
            ) from None
        if vector.shape != self.matrix.shape[1:]:
            raise ValueError(f"{expected}, but its shape is {tuple(vector.shape)}.")
        return vector

    @cached_property
    def _by_case(self):
        return {
            word.casefold(): word for word in reversed(self.words)
        }  # the first one wins

    def coverage(self, vocabulary):
        """Which words of ``vocabulary`` (an iterable of str) have vectors: a ``Coverage``.

        Raises TypeError for a single str, and for what is no word.
        """
        found, missing, other = [], [], {}
        for word in arrays.all_words(
            vocabulary, "vocabulary must be a collection of words"
        ):
            if word in self.index:
                found.append(word)
            elif (known := self._by_case.get(word.casefold())) is not None:
                other[word] = known
            else:
                missing.append(word)
        return Coverage(found, missing, other)

    def save(self, path):
        """Write to ``table.safetensors``, or to ``table.npy`` and ``table.words.txt`` beside it.

        Each file is written under another name and then renamed: the old one stays whole until
        the new one is. Raises ValueError for another ending, or a word that holds a line end.
        """
        arrays.save(path, self.words, self.matrix.detach().cpu().numpy())

    @classmethod
    def open(cls, path, *, words=None):
        """Reopen what ``save`` wrote: the words are read, the matrix is mapped into memory.

        Mapped means that rows are read from the disk when they are first used, and shared with
        other processes that use the same file. Writing to ``matrix`` does not change the file.
        Raises ValueError for a matrix that is not float32 in row order: ``load_vectors`` reads it.
        """
        source = Source(path)
        with source.open() as stream:
            start = stream.read(16)
        if source.packed:
            raise ValueError(
                f"{source.name}: what is packed cannot be mapped; use load_vectors."
            )
        format = "npy" if start.startswith(b"\x93NUMPY") else "safetensors"
        if format == "safetensors" and start[8:9] != b"{":
            raise ValueError(
                f"{source.name}: expected .safetensors or .npy; use load_vectors."
            )
        array, found = described(source, format, words, "strict")
        if array.dtype != "<f4" or array.fortran and 1 not in array.shape:
            order = "column" if array.fortran else "row"
            raise ValueError(
                f"{source.name}: expected float32 in row order to map, but it is {array.dtype} in "
                f"{order} order; load_vectors reads it, and its save(path) writes what can be."
            )
        check_words(source, found, array)
        data = arrays.mapped(source, array).view(np.ndarray)
        return cls(found, torch.from_numpy(data), format=format)


def described(source, format, words, errors):
    """The ``Array`` of an ``.npy`` or ``.safetensors``, and its words (list of str)."""
    with source.open() as stream:
        if format == "npy":
            array, inside = arrays.npy(source, stream), None
        else:
            found = arrays.safetensors(source, stream)
            array, inside = arrays.the_matrix(source, found), found.get("words")
    if words is None and inside and inside.dtype == "<u1" and len(inside.shape) == 1:
        try:
            text = arrays.values(source, inside).tobytes().decode(errors=errors)
        except UnicodeDecodeError as error:
            byte = inside.at + error.start
            raise ValueError(
                f"{source.name}, byte {byte}: the words are no UTF-8."
            ) from error
        return array, text.split("\n") if text or array.shape[0] else []
    if words is None:
        words = arrays.beside(source.path)
        if not words.is_file():
            raise ValueError(
                f"{source.name}: the matrix has no words with it, and there is no {words.name} "
                f"beside it. Pass words=, a file with one word a line, or a list."
            )
    return array, arrays.word_list(words, errors)


def check_words(source, words, array):
    if len(words) != array.shape[0]:
        raise ValueError(
            f"{source.name}: expected one word for each row, but the matrix is {array.shape} and "
            f"there are {len(words):,} words."
        )
    if words and not array.shape[1]:
        raise ValueError(
            f"{source.name}: the matrix {array.shape} has vectors of 0 numbers."
        )


def first_repeat(words):
    """The first word that came before, its place, and where that was; None if there is none."""
    seen = {}
    for place, word in enumerate(words):
        if word in seen:
            return word, place, seen[word]
        seen[word] = place


def without_repeats(source, words, matrix, lines, unit):
    """Drop the rows of words that came before, and warn, naming them: the first of each stays.

    Returns words, matrix, and problems (a list of str). ``lines`` says where each row was.
    """
    if len(set(words)) == len(words):
        return words, matrix, []
    seen, kept, repeats = {}, [], []
    for row, word in enumerate(words):
        if word in seen:
            repeats.append(
                f"{word!r} ({unit} {lines[row]} repeats {unit} {lines[seen[word]]})"
            )
        else:
            seen[word] = row
            kept.append(row)
    many = len(repeats) > 1
    text = (
        f"{counted(len(repeats), 'row')} {'were' if many else 'was'} dropped, because "
    )
    text += f"{'their words' if many else 'its word'} came before: "
    text += ", ".join(repeats[:5]) + (", ..." if len(repeats) > 5 else "")
    warnings.warn(f"{source.name}: {text}", stacklevel=4)
    for new in range(0, len(kept), 1 << 14):  # rows move up in place: no second matrix
        old = kept[new : new + (1 << 14)]
        matrix[new : new + len(old)] = matrix[old]
    matrix.resize((len(kept), matrix.shape[1]), refcheck=False)
    return list(seen), matrix, [text]
