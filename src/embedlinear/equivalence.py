"""Embedding and Linear are one map: looking up i is the product with one-hot vector i.

``linear(one_hot(i)) == embedding(i)`` if ``linear.weight`` is ``embedding.weight.T``
and there is no bias. The conversions copy, so each layer trains independently.
"""

from typing import NamedTuple

import torch
from torch import nn
from torch.func import functional_call

from embedlinear.embedding import Embedding
from embedlinear.language import say
from embedlinear.linear import Linear
from embedlinear.onehot import one_hot


def linear_from_embedding(embedding: nn.Module) -> Linear:
    """Return ``Linear(V, D, bias=False)`` that maps ``one_hot(i)`` to ``embedding(i)``.

    Its weight (D, V) is a transposed copy of the rows as a lookup returns them, which
    means shortened if there is a ``max_norm`` (``embedding`` itself does not change).
    It keeps dtype, device and ``requires_grad``; a Linear has no other options.
    """
    table = embedding.weight.detach().clone()
    ids = torch.arange(len(table), device=table.device)
    table = functional_call(embedding, {"weight": table}, (ids,))
    linear = torch.nn.utils.skip_init(
        Linear, *table.shape, bias=False, device=table.device, dtype=table.dtype
    )
    linear.set_weight(table.t())
    linear.weight.requires_grad_(embedding.weight.requires_grad)
    return linear


def embedding_from_linear(
    linear: nn.Module, padding_idx: int | None = None, fold_bias: bool = False
) -> Embedding:
    """Return ``Embedding(in_features, out_features)`` that maps i to column i.

    Its weight is a transposed copy; ``padding_idx`` keeps its values and gets no
    gradient. A bias raises ValueError unless ``fold_bias=True`` adds it to each row:
    then the outputs are equal but training is not, since every row has its own copy.
    """
    table = linear.weight.detach().t().clone(memory_format=torch.contiguous_format)
    if linear.bias is not None:
        if not fold_bias:
            raise ValueError(say("fold-bias"))
        table += linear.bias.detach()
    freeze = not linear.weight.requires_grad
    return Embedding.from_pretrained(table, freeze, padding_idx)


class Comparison(NamedTuple):
    """The result of ``compare``; gradients have the embedding's shape (V, D)."""

    embedding_output: torch.Tensor  #: (*, D)
    linear_output: torch.Tensor  #: (*, D)
    embedding_grad: torch.Tensor  #: (V, D)
    linear_grad: torch.Tensor  #: (V, D), that is, transposed
    output_difference: float  #: the largest absolute difference
    grad_difference: float  #: the largest absolute difference
    pad_grad: torch.Tensor | None  #: (D,), the pad's gradient in a plain Linear

    @property
    def equal(self) -> bool:
        """Whether all values are equal: 0.0 equals -0.0, NaN does not equal itself.

        A product can turn -0.0 into 0.0, and an infinity of any row into NaN: 0 * inf.
        """
        return torch.equal(self.embedding_output, self.linear_output) and torch.equal(
            self.embedding_grad, self.linear_grad
        )


def compare(
    embedding: nn.Module,
    linear: nn.Module,
    indices: torch.Tensor,
    grad_output: torch.Tensor | None = None,
) -> Comparison:
    """Run both layers on the same ``indices`` (*), forward and backward.

    Takes this book's layers and PyTorch's, frozen or not: Embedding (V, D), and Linear
    from V to D, which is run on ``one_hot(indices, V)``. Neither layer changes, nor a
    ``.grad``. ``grad_output`` (*, D) is the upstream gradient; the default contains
    whole numbers from -2 to 2, whose sums are exact in any order, up to 2**24 in
    float32, 2048 in float16 and 256 in bfloat16.

    A plain Linear also trains the padding row. Here its outputs at the pad's positions
    are detached, as ``padding_idx`` does inside Embedding; ``pad_grad`` is the gradient
    left out. ``scale_grad_by_freq`` and a bias show up as differences.

    Raises ValueError if the sizes differ, otherwise what Embedding and one_hot raise.
    """
    rows, columns = embedding.weight.shape
    given, expected = tuple(linear.weight.shape), (columns, rows)
    if given != expected:
        sizes = {"table": (rows, columns), "expected": expected, "given": given}
        raise ValueError(say("compare", **sizes))
    table = embedding.weight.detach().clone().requires_grad_()
    matrix = linear.weight.detach().clone().requires_grad_()
    with torch.enable_grad():
        left = functional_call(embedding, {"weight": table}, (indices,))
        encoded = one_hot(indices, num_classes=rows, dtype=matrix.dtype)
        plain = functional_call(linear, {"weight": matrix}, (encoded,))
        right, pad = plain, embedding.padding_idx
        if pad is not None:
            right = torch.where(indices[..., None] == pad, plain.detach(), plain)
    if grad_output is None:
        steps = torch.arange(left.numel(), device=left.device).reshape(left.shape)
        grad_output = (steps % 5 - 2).to(left.dtype)
    (left_grad,) = torch.autograd.grad(left, table, grad_output)
    (right_grad,) = torch.autograd.grad(right, matrix, grad_output, retain_graph=True)
    pad_grad = None
    if pad is not None:
        (plain_grad,) = torch.autograd.grad(plain, matrix, grad_output)
        pad_grad = plain_grad[:, pad].clone()
    left, right, left_grad = left.detach(), right.detach(), left_grad.to_dense()
    right_grad = right_grad.t().contiguous()
    differences = [
        d.abs().max().item() if d.numel() else 0.0
        for d in (left - right, left_grad - right_grad)
    ]
    return Comparison(left, right, left_grad, right_grad, *differences, pad_grad)
