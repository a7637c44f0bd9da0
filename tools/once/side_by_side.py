"""Several small models at once, for train_reviews.py.

They are ``reviews.Classifier`` with Adam; texts are the rows of a sparse matrix, so that
one product looks up for all of them.
"""

import numpy as np
import scipy.sparse
import torch
from torch import nn

from embedlinear.book.reviews import PAD


class Lookup(torch.autograd.Function):
    """Sparse texts (B, V) times tables (V, M · D): the mean of each text's rows."""

    @staticmethod
    def forward(ctx, tables, texts):
        ctx.texts = texts
        return torch.from_numpy(texts @ tables.detach().numpy())

    @staticmethod
    def backward(ctx, gradient):
        return torch.from_numpy(ctx.texts.T @ gradient.numpy()), None


class Models:
    """M models like ``reviews.Classifier``, side by side: only their tables differ.

    ``starts`` are M tables (V, D). All draw the same batches from ``pool``, positions of
    texts (N, V) and labels (N,). Those whose places are in ``frozen`` keep their table.
    """

    def __init__(self, data, starts, pool, seed, rate=0.01, frozen=(), batch=128):
        (self.texts, self.labels, *_), self.pool, self.batch = data, pool, batch
        self.draw, self.frozen = np.random.default_rng(seed), list(frozen)
        self.width = starts[0].shape[1]
        torch.manual_seed(seed)
        linear = nn.Linear(self.width, int(self.labels.max()) + 1)
        weight = linear.weight.detach().T.repeat(len(starts), 1, 1)  # (M, D, classes)
        bias = linear.bias.detach().repeat(len(starts), 1, 1)  # (M, 1, classes)
        self.parameters = [torch.cat(starts, dim=1), weight, bias]
        for parameter in self.parameters:
            parameter.requires_grad_()
        self.adam = torch.optim.Adam(self.parameters, lr=rate, fused=True)

    def __call__(self, texts):
        """Scores (M, B, classes) of texts (B, V)."""
        tables, weight, bias = self.parameters
        means = (
            Lookup.apply(tables, texts).unflatten(1, (-1, self.width)).transpose(0, 1)
        )
        return torch.baddbmm(bias, means, weight)

    def step(self):
        rows = self.pool[self.draw.integers(len(self.pool), size=self.batch)]
        scores = self(self.texts[rows]).flatten(0, 1)
        labels = self.labels[rows].repeat(len(scores) // self.batch)
        self.adam.zero_grad()
        loss = nn.functional.cross_entropy(scores, labels, reduction="sum")
        (loss / self.batch).backward()
        self.parameters[0].grad.unflatten(1, (-1, self.width))[:, self.frozen] = 0
        self.adam.step()

    @torch.no_grad()
    def right(self, part):
        """Which texts of ``part`` each model gets right: (M, n), bool."""
        return (self(self.texts[part]).argmax(-1) == self.labels[part]).numpy()

    def run(self, steps, every=1, watch=lambda: None):
        """What ``watch()`` says before every ``every``-th step."""
        said = []
        for step in range(steps):
            if step % every == 0:
                said.append(watch())
            self.step()
        return said


def sparse(bags, size):
    """Padded rows of indices as a matrix (N, size): 1 / length for each unit."""
    real = bags != PAD
    length = real.sum(dim=1)
    ends = np.concatenate([[0], length.cumsum(0)])
    values = (1 / length.clamp(min=1)).repeat_interleave(length)
    parts = values.numpy(), bags[real].numpy(), ends
    return scipy.sparse.csr_matrix(parts, (len(bags), size))
