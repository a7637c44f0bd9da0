"""One-hot vectors whose length is given, never guessed."""

import torch

from embedlinear import checks
from embedlinear.language import say


def one_hot(
    indices: torch.Tensor,
    num_classes: int | None = None,
    dtype: torch.dtype = torch.int64,
) -> torch.Tensor:
    """Return a vector (V,) for each index in ``indices`` (*): a one there, else zeros.

    Mirrors torch.nn.functional.one_hot, but also accepts int32 and does not guess V,
    ``num_classes``. ``dtype`` is that of the result; a Linear needs its weight's dtype.
    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.one_hot.html

    Raises IndexError for an index outside 0..V-1 (see ``checks.index_check``; the
    original raises RuntimeError), RuntimeError for indices that are nested or of
    another dtype and for a negative V, TypeError for indices that are not a tensor and
    for a V that is missing or not an int.
    """
    checks.tensor("one_hot", "indices", indices)
    checks.index_dtype("indices", indices)
    if num_classes is None:
        raise TypeError(say("num-classes"))
    checks.sizes(num_classes=num_classes)
    checks.index_range("indices", indices, num_classes, "num_classes")
    zeros = indices.new_zeros((*indices.shape, num_classes), dtype=dtype)
    return zeros.scatter_(-1, indices.long().unsqueeze(-1), 1)
