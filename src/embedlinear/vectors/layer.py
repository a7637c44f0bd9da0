"""``embedding_for``: an embedding layer whose rows are a vocabulary's, filled from word vectors."""

from collections.abc import Iterable, Mapping

import torch

from embedlinear.language import say
from embedlinear.vectors.table import WordVectors
from embedlinear.vectors.words import counted, in_order, refusal


def embedding_for(
    vocabulary: Iterable[str] | Mapping[str, int],
    vectors: WordVectors,
    *,
    freeze: bool = True,
    pad: str | int | None = None,
    unknown: int | torch.Generator = 0,
    layer: type[torch.nn.Module] = torch.nn.Embedding,
) -> torch.nn.Module:
    """A ``torch.nn.Embedding`` (V, d) with a row for each word of ``vocabulary``, in its order.

    Args:
        vocabulary: the V words in order, or a mapping from word to row (0..V-1).
        vectors: ``WordVectors``; its rows are copied, so it stays as it is.
        freeze: as in ``from_pretrained``: True (the default) keeps the rows from being trained.
        pad: the word, or the row, that pads: all zeros, and it gets no gradient.
        unknown: the seed (int) or ``torch.Generator`` for words without a vector: they are
            drawn from a normal distribution with the mean and the standard deviation of all of
            the vectors' numbers.
        layer: the class, called by its ``from_pretrained``, such as ``embedlinear.Embedding``.

    The layer's ``coverage`` says which words were found, missing, or found only in another
    form (which are treated as missing: lower the vocabulary's case if the vectors are in lower
    case). Raises ValueError for a word that comes twice, rows that are not 0..V-1, a pad that is
    not in the vocabulary, vectors without rows, or that are not finite; TypeError for a
    vocabulary without order (a set), or what is not a word, row or seed.
    """
    words = in_order(vocabulary, "vocabulary")
    rows = {word: row for row, word in enumerate(words)}
    if len(rows) < len(words):
        twice = next(word for row, word in enumerate(words) if rows[word] != row)
        raise refusal("twice", what="the vocabulary", word=twice)
    pad_row, generator = row_of(pad, rows), generator_of(unknown)
    if not len(vectors) or not torch.isfinite(vectors.matrix.sum()):
        raise refusal("no-rows", rows=counted(len(vectors), "row"))
    spread, mean = torch.std_mean(vectors.matrix, correction=0)
    coverage = vectors.coverage(
        word for row, word in enumerate(words) if row != pad_row
    )
    weight = torch.empty(len(words), vectors.matrix.shape[1])
    known = [
        row for row, word in enumerate(words) if word in vectors and row != pad_row
    ]
    others = sorted(set(range(len(words))) - set(known))
    weight[known] = vectors.matrix[[vectors.index[words[row]] for row in known]].cpu()
    drawn = torch.randn(len(others), weight.shape[1], generator=generator)
    weight[others] = drawn * spread.cpu() + mean.cpu()
    if pad_row is not None:
        weight[pad_row] = 0
    made = layer.from_pretrained(weight, freeze=freeze, padding_idx=pad_row)
    made.coverage = coverage
    return made


def generator_of(unknown):
    """The generator for unknown words, from its seed or as it is given."""
    if isinstance(unknown, torch.Generator):
        return unknown
    if isinstance(unknown, bool) or not hasattr(unknown, "__index__"):
        raise TypeError(say("unknown", unknown=unknown))
    return torch.Generator().manual_seed(int(unknown))


def row_of(pad, rows):
    """The row that pads, from a word or from a number (negative ones count from the end)."""
    if pad is None:
        return None
    if isinstance(pad, str):
        if pad not in rows:
            raise refusal("pad-word", pad=pad)
        return rows[pad]
    if isinstance(pad, bool) or not hasattr(pad, "__index__"):
        raise TypeError(say("pad-type", pad=pad))
    if not -len(rows) <= pad < len(rows):
        raise refusal("pad-row", pad=pad, last=len(rows) - 1)
    return pad % len(rows)
