"""Both layers without options: read this first, then ``embedding`` and ``linear``."""

import torch
from torch import nn


class Gather(torch.autograd.Function):
    """The rows ``ids`` (N,) of ``weight`` (V, D): (N, D)."""

    @staticmethod
    def forward(ctx, weight, ids):
        ctx.save_for_backward(ids)
        ctx.shape = weight.shape
        return weight.index_select(0, ids)

    @staticmethod
    def backward(ctx, grad):
        (ids,) = ctx.saved_tensors
        # Each gradient is added to the row that it came from.
        return grad.new_zeros(ctx.shape).index_add_(0, ids, grad), None


class Product(torch.autograd.Function):
    """``x`` (N, in) times ``weight`` (out, in), transposed: (N, out)."""

    @staticmethod
    def forward(ctx, x, weight):
        ctx.save_for_backward(x, weight)
        return x @ weight.T

    @staticmethod
    def backward(ctx, grad):
        x, weight = ctx.saved_tensors
        # The gradient of each factor is a product with the other.
        return grad @ weight, grad.T @ x


class Embedding(nn.Module):
    def __init__(self, num_embeddings, embedding_dim):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(num_embeddings, embedding_dim))

    def forward(self, ids):
        rows = Gather.apply(self.weight, ids.flatten())
        return rows.reshape(*ids.shape, *rows.shape[1:])


class Linear(nn.Module):
    def __init__(self, in_features, out_features):
        super().__init__()
        k = in_features**-0.5
        self.weight = nn.Parameter(torch.rand(out_features, in_features) * 2 * k - k)
        self.bias = nn.Parameter(torch.rand(out_features) * 2 * k - k)

    def forward(self, x):
        rows = Product.apply(x.reshape(-1, x.shape[-1]), self.weight)
        return rows.reshape(*x.shape[:-1], *rows.shape[1:]) + self.bias
