"""One-hot vectors whose length is said, never guessed."""

import torch

from embedlinear import checks


def one_hot(indices, num_classes=None, dtype=torch.int64):
    """Return a vector per index: zeros, with a one at the index.

    Mirrors https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.one_hot.html,
    but takes int32 too, as Embedding does, and refuses to guess ``num_classes``.

    Args:
        indices (Tensor): (*), int32 or int64, each 0..num_classes-1.
        num_classes (int): V, the size of the vocabulary; it must be given.
        dtype (torch.dtype): of the result. A Linear wants its weight's, say ``torch.float32``.

    Shape: ``indices`` (*); output (*, num_classes).

    Raises:
        TypeError: ``num_classes`` missing or no integer, or ``indices`` no tensor.
        RuntimeError: negative ``num_classes``, or ``indices`` of another dtype.
        IndexError: an index outside 0..num_classes-1.
    """
    checks.tensor("one_hot", "indices", indices)
    if num_classes is None:
        raise TypeError(
            "one_hot(): num_classes is missing. Guessed from the largest index, it would change "
            "from batch to batch, and be too small wherever the last words of the vocabulary do "
            "not occur: pass the size of the vocabulary, num_classes=V."
        )
    checks.sizes(num_classes=num_classes)
    checks.index_dtype("indices", indices)
    checks.index_range("indices", indices, num_classes, "num_classes")
    zeros = indices.new_zeros((*indices.shape, num_classes), dtype=dtype)
    return zeros.scatter_(-1, indices.long().unsqueeze(-1), 1)
