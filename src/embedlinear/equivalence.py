"""Embedding and Linear are one map: looking up row i is multiplying the i-th one-hot vector.

``linear(one_hot(i)) == embedding(i)`` when ``linear.weight`` is ``embedding.weight.T`` and there is
no bias. The conversions copy: afterwards each layer learns for itself.
"""

from typing import NamedTuple

import torch
from torch.func import functional_call

from embedlinear.embedding import Embedding
from embedlinear.linear import Linear
from embedlinear.onehot import one_hot


def linear_from_embedding(embedding):
    """Return ``Linear(V, D, bias=False)`` that maps ``one_hot(i)`` to ``embedding(i)``.

    Its weight (D, V) is a transposed copy of the rows as a lookup returns them: with ``max_norm``,
    shortened (``embedding`` itself is not touched). dtype, device and whether the weight is trained
    are taken over. A Linear knows no ``padding_idx``, ``max_norm`` or ``scale_grad_by_freq``: those
    act in training, and :func:`compare` shows what they change.
    """
    rows, columns = embedding.weight.shape
    table = embedding.weight.detach().clone()
    every = torch.arange(rows, device=table.device)
    table = functional_call(embedding, {"weight": table}, (every,))
    linear = torch.nn.utils.skip_init(
        Linear, rows, columns, bias=False, device=table.device, dtype=table.dtype
    )
    linear.set_weight(table.t())
    linear.weight.requires_grad_(embedding.weight.requires_grad)
    return linear


def embedding_from_linear(linear, padding_idx=None, fold_bias=False):
    """Return ``Embedding(in_features, out_features)`` that maps i to ``linear(one_hot(i))``.

    Its weight is a transposed copy. ``padding_idx`` keeps its values and stops its gradient. A bias
    is refused (ValueError) unless ``fold_bias=True`` adds it to every row: the outputs are then
    equal, but no longer the training, since one shared bias has become part of each row.
    """
    table = linear.weight.detach().t().clone(memory_format=torch.contiguous_format)
    if linear.bias is not None:
        if not fold_bias:
            raise ValueError(
                "embedding_from_linear(): linear has a bias, and a lookup has nothing that all "
                "rows share. Use Linear(..., bias=False), or fold_bias=True to add the bias to "
                "every row (equal outputs, but each row then learns its own copy)."
            )
        table += linear.bias.detach()
    return Embedding.from_pretrained(
        table, freeze=not linear.weight.requires_grad, padding_idx=padding_idx
    )


class Comparison(NamedTuple):
    """Both sides of ``compare``; gradients are in the embedding's layout (V, D)."""

    embedding_output: torch.Tensor  #: (*, D)
    linear_output: torch.Tensor  #: (*, D)
    embedding_grad: torch.Tensor  #: (V, D)
    linear_grad: torch.Tensor  #: (V, D), that is, transposed
    output_difference: float  #: the largest absolute difference
    grad_difference: float  #: the largest absolute difference
    pad_grad: (
        torch.Tensor | None
    )  #: (D,), what the plain Linear would have taught the padding row

    @property
    def equal(self):
        """Whether outputs and gradients agree bit for bit."""
        return torch.equal(self.embedding_output, self.linear_output) and torch.equal(
            self.embedding_grad, self.linear_grad
        )


def compare(embedding, linear, indices, grad_output=None):
    """Run both layers on the same ``indices``, forward and backward; return a Comparison.

    Neither layer is changed, no ``.grad`` is touched, and frozen weights are compared too.

    Args:
        embedding: an Embedding (V, D), ours or PyTorch's.
        linear: a Linear from V to D, ours or PyTorch's; it is run on ``one_hot(indices, V)``.
        indices (Tensor): (*), int32 or int64.
        grad_output (Tensor, optional): (*, D), the gradient that arrives from above. By default
            small whole numbers, different from place to place: their sums are exact in any order,
            so that gradients can be compared bit for bit.

    ``padding_idx``: a plain Linear does teach the pad its column, like any other. For equal
    gradients, the pad's positions must be kept from teaching: here Linear's outputs there are
    detached, which is what ``padding_idx`` does inside Embedding. ``pad_grad`` is the gradient
    thereby left out. ``scale_grad_by_freq`` has no such counterpart: with repeated indices it
    shows as a difference of the gradients, and a Linear's bias as one of the outputs.

    Raises ValueError if the two layers' sizes differ, else what Embedding and one_hot raise.
    """
    rows, columns = embedding.weight.shape
    if tuple(linear.weight.shape) != (columns, rows):
        raise ValueError(
            f"compare(): an embedding of shape (V, D) = {(rows, columns)} needs a linear weight of "
            f"shape (D, V) = {(columns, rows)}, but it is {tuple(linear.weight.shape)}. "
            f"linear_from_embedding(embedding) makes one that fits."
        )
    table = embedding.weight.detach().clone().requires_grad_()
    matrix = linear.weight.detach().clone().requires_grad_()
    with torch.enable_grad():
        left = functional_call(embedding, {"weight": table}, (indices,))
        encoded = one_hot(indices, num_classes=rows, dtype=matrix.dtype)
        plain = functional_call(linear, {"weight": matrix}, (encoded,))
        right, padding_idx = plain, embedding.padding_idx
        if padding_idx is not None:
            right = torch.where(
                (indices == padding_idx).unsqueeze(-1), plain.detach(), plain
            )
    if grad_output is None:
        steps = torch.arange(left.numel(), device=left.device).reshape(left.shape)
        grad_output = (steps % 5 - 2).to(left.dtype)
    (left_grad,) = torch.autograd.grad(left, table, grad_output)
    (right_grad,) = torch.autograd.grad(right, matrix, grad_output, retain_graph=True)
    pad_grad = None
    if padding_idx is not None:
        (plain_grad,) = torch.autograd.grad(plain, matrix, grad_output)
        pad_grad = plain_grad[:, padding_idx].clone()
    left, right, left_grad = left.detach(), right.detach(), left_grad.to_dense()
    right_grad = right_grad.t().contiguous()
    return Comparison(
        left, right, left_grad, right_grad,
        _largest(left - right), _largest(left_grad - right_grad), pad_grad,
    )  # fmt: skip


def _largest(difference):
    return difference.abs().max().item() if difference.numel() else 0.0
