"""One-hot vectors whose length is given, never guessed."""

import torch

from embedlinear import checks
from embedlinear.language import say


def one_hot(
    indices: torch.Tensor,
    num_classes: int | None = None,
    dtype: torch.dtype = torch.int64,
) -> torch.Tensor:
    """Return a vector (V,) for each index of ``indices`` (*): zeros, and a one there.

    Mirrors torch.nn.functional.one_hot, but takes int32 too and does not guess V, the
    ``num_classes``. ``dtype``: of the result; a Linear wants that of its weight.
    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.one_hot.html

    Raises IndexError for an index outside 0..V-1, RuntimeError for indices that are
    nested or of another dtype and for a negative V, TypeError for indices that are not
    a tensor and for a V that is missing or not an int.
    """
    checks.tensor("one_hot", "indices", indices)
    checks.index_dtype("indices", indices)
    if num_classes is None:
        raise TypeError(say("num-classes"))
    checks.sizes(num_classes=num_classes)
    checks.index_range("indices", indices, num_classes, "num_classes")
    zeros = indices.new_zeros((*indices.shape, num_classes), dtype=dtype)
    return zeros.scatter_(-1, indices.long().unsqueeze(-1), 1)
