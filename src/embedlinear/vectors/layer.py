"""``embedding_for``: an embedding layer for a vocabulary, filled from word vectors."""

from collections.abc import Iterable, Mapping

import torch

from embedlinear.language import say
from embedlinear.vectors.table import WordVectors
from embedlinear.vectors.words import in_order, is_whole, numbered, plural, refusal


def embedding_for(
    vocabulary: Iterable[str] | Mapping[str, int],
    vectors: WordVectors,
    *,
    freeze: bool = True,
    pad: str | int | None = None,
    unknown: int = 0,
    layer: type[torch.nn.Module] = torch.nn.Embedding,
) -> torch.nn.Module:
    """A ``torch.nn.Embedding`` (V, d) with a row for each word of ``vocabulary``, in its order.

    Args:
        vocabulary: the V words in order, or a mapping from word to row (0..V-1).
        vectors: ``WordVectors``; its rows are copied, so it does not change.
        freeze: as in ``from_pretrained``: if True (the default), the rows are not trained.
        pad: the word, or the row, for padding: all zeros, and it gets no gradient.
        unknown: the seed for words without a vector: they are drawn from a normal distribution
            with the mean and the standard deviation of all of the vectors' numbers.
        layer: the class, called by its ``from_pretrained``, such as ``embedlinear.Embedding``.

    The layer's ``coverage`` says which words were found, missing, or found only in another
    form (which count as missing: convert the vocabulary to lower case if the vectors are in
    lower case). Raises ValueError for a repeated word, rows that are not 0..V-1, a pad that is
    not in the vocabulary, and vectors without rows or not finite; TypeError for a vocabulary
    without order (a set), and for something that is not a word, row or seed.
    """
    words = in_order(vocabulary, "vocabulary")
    pad_row = row_of(pad, numbered(words, "the vocabulary"))
    if not is_whole(unknown):
        raise TypeError(say("unknown", unknown=unknown))
    if not len(vectors) or not torch.isfinite(vectors.matrix.sum()):
        raise refusal("no-rows", rows=plural(len(vectors), "row"))
    asked = [row for row in range(len(words)) if row != pad_row]
    coverage = vectors.coverage(words[row] for row in asked)
    known = [row for row in asked if words[row] in vectors]
    others = sorted(set(range(len(words))) - set(known))
    weight = torch.empty(len(words), vectors.matrix.shape[1])
    weight[known] = vectors[[words[row] for row in known]].cpu()
    spread, mean = torch.std_mean(vectors.matrix, correction=0)
    generator = torch.Generator().manual_seed(int(unknown))
    drawn = torch.randn(len(others), weight.shape[1], generator=generator)
    weight[others] = drawn * spread.cpu() + mean.cpu()
    if pad_row is not None:
        weight[pad_row] = 0
    made = layer.from_pretrained(weight, freeze=freeze, padding_idx=pad_row)
    made.coverage = coverage
    return made


def row_of(pad, rows):
    """The pad row, from a word or from a number (negative ones count from the end)."""
    if pad is None:
        return None
    if isinstance(pad, str):
        if pad not in rows:
            raise refusal("pad-word", pad=pad)
        return rows[pad]
    if not is_whole(pad):
        raise TypeError(say("pad-type", pad=pad))
    if not -len(rows) <= pad < len(rows):
        raise refusal("pad-row", pad=pad, last=len(rows) - 1)
    return pad % len(rows)
