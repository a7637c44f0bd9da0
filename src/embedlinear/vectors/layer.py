"""``embedding_for``: an Embedding whose rows are a vocabulary's, filled from word vectors."""

from collections.abc import Set

import torch

from embedlinear.embedding import Embedding


def embedding_for(vocabulary, vectors, *, freeze=True, pad=None, unknown=0):
    """An ``Embedding`` (V, d) with a row for each word of ``vocabulary``, in its order.

    Args:
        vocabulary: the V words in order, or a dict from word to row (0..V-1).
        vectors: ``WordVectors``; its rows are copied, so it stays as it is.
        freeze: as in ``from_pretrained``: True (the default) keeps the rows from being trained.
        pad: the word, or the row, that pads: all zeros, and it gets no gradient.
        unknown: the seed (int) or ``torch.Generator`` for words without a vector: they are drawn
            from a normal distribution with the mean and the spread of all of the vectors' numbers.

    The layer's ``coverage`` says which words were found, missing, or found only in another case
    (which are treated as missing: lower the vocabulary's case if the vectors are in lower case).
    Raises ValueError for a word that comes twice, rows that are not 0..V-1, or a pad that is none,
    and TypeError for a vocabulary without order (a set), or what is no word, row or seed.
    """
    words = in_order(vocabulary)
    row_of_pad = pad_row(words, pad)
    generator = seeded(unknown)
    weight = torch.empty(len(words), vectors.matrix.shape[1])
    coverage = vectors.coverage(w for row, w in enumerate(words) if row != row_of_pad)
    known = [
        row for row, word in enumerate(words) if word in vectors and row != row_of_pad
    ]
    others = sorted(set(range(len(words))) - set(known))
    weight[known] = vectors.matrix[[vectors.index[words[row]] for row in known]].cpu()
    if others:
        spread, mean = torch.std_mean(vectors.matrix, correction=0)
        drawn = torch.randn(len(others), weight.shape[1], generator=generator)
        weight[others] = drawn * spread.cpu() + mean.cpu()
    if row_of_pad is not None:
        weight[row_of_pad] = 0
    layer = Embedding.from_pretrained(weight, freeze=freeze, padding_idx=row_of_pad)
    layer.coverage = coverage
    return layer


def in_order(vocabulary):
    """The words of a list or of a dict (word to row), as a list in the order of the rows."""
    if isinstance(vocabulary, dict):
        if sorted(vocabulary.values()) != list(range(len(vocabulary))):
            raise ValueError(
                f"the rows of the vocabulary must be 0..{len(vocabulary) - 1}, each once, but they "
                f"are {sorted(vocabulary.values())[:5]}, ..., {max(vocabulary.values())}."
            )
        return sorted(vocabulary, key=vocabulary.get)
    if isinstance(vocabulary, str):
        raise TypeError(
            f"vocabulary must be a list of words, not one: {vocabulary[:40]!r}."
        )
    if isinstance(
        vocabulary, Set
    ):  # its order changes from one run of Python to the next
        raise TypeError(
            "vocabulary must be in order, a list or a dict, but it is a set; sort it."
        )
    words, seen = list(vocabulary), set()
    for word in words:
        if word in seen:
            raise ValueError(
                f"the word {word!r} comes twice in the vocabulary; expected once."
            )
        seen.add(word)
    return words


def seeded(unknown):
    """The generator for unknown words, from its seed or as it is given."""
    if isinstance(unknown, torch.Generator):
        return unknown
    if isinstance(unknown, bool) or not hasattr(unknown, "__index__"):
        raise TypeError(
            f"unknown must be a seed (int) or a torch.Generator, but it is {unknown!r}."
        )
    return torch.Generator().manual_seed(int(unknown))


def pad_row(words, pad):
    """The row that pads, from a word or from a number (negative ones count from the end)."""
    if pad is None:
        return None
    if isinstance(pad, str):
        if pad not in words:
            raise ValueError(
                f"the pad {pad!r} is no word of the vocabulary; expected one of it."
            )
        return words.index(pad)
    if isinstance(pad, bool) or not hasattr(pad, "__index__"):
        raise TypeError(f"pad must be a word, a row or None, but it is {pad!r}.")
    if not -len(words) <= pad < len(words):
        raise ValueError(f"pad must be a row of 0..{len(words) - 1}, but it is {pad}.")
    return pad % len(words)
