"""``embedding_for``: an embedding layer for a vocabulary, filled from word vectors."""

from collections.abc import Iterable, Mapping

import torch

from embedlinear.checks import is_int
from embedlinear.language import say
from embedlinear.vectors.table import WordVectors
from embedlinear.vectors.words import in_order, numbered, plural, refusal


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
    rows = numbered(words, "the vocabulary")
    if not is_int(unknown):
        raise TypeError(say("unknown", unknown=unknown))
    if not len(vectors) or not torch.isfinite(vectors.matrix.sum()):
        raise refusal("no-rows", rows=plural(len(vectors), "row"))
    pad_row = rows.get(pad) if isinstance(pad, str) else pad
    if pad is not None:
        if not is_int(pad_row) or not -len(words) <= pad_row < len(words):
            error = ValueError if isinstance(pad, str) or is_int(pad) else TypeError
            raise error(say("pad", pad=pad, last=len(words) - 1))
        pad_row %= len(words)  # negative ones count from the end
    coverage = vectors.coverage(w for w in words if rows[w] != pad_row)
    known = [rows[word] for word in coverage.found]
    others = sorted({*rows.values()}.difference(known))
    weight = torch.empty(len(words), vectors.matrix.shape[1])
    weight[known] = vectors[coverage.found].cpu()
    spread, mean = torch.std_mean(vectors.matrix, correction=0)
    generator = torch.Generator().manual_seed(int(unknown))
    drawn = torch.randn(len(others), weight.shape[1], generator=generator)
    weight[others] = drawn * spread.cpu() + mean.cpu()
    if pad_row is not None:
        weight[pad_row] = 0
    made = layer.from_pretrained(weight, freeze=freeze, padding_idx=pad_row)
    made.coverage = coverage
    return made
