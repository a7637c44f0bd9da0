"""Several small models at once, for train_reviews.py: one lookup serves all of them."""

import numpy as np
import torch
from torch import nn

from embedlinear.book.reviews import PAD


class Models:
    """M models like ``reviews.Classifier`` with Adam, side by side: only their tables differ.

    ``starts`` are M tables (V, D). All draw the same batches from ``pool``, positions of
    ``bags`` (N, longest) and ``labels`` (N,). Places in ``frozen`` keep their table.
    """

    def __init__(self, data, starts, pool, seed, rate=0.01, frozen=(), batch=128):
        (self.bags, self.labels, *_), self.pool, self.batch = data, pool, batch
        self.draw, self.frozen = np.random.default_rng(seed), list(frozen)
        self.width = starts[0].shape[1]
        torch.manual_seed(seed)
        linear = nn.Linear(self.width, int(self.labels.max()) + 1)
        weight = linear.weight.detach().T.repeat(len(starts), 1, 1)  # (M, D, classes)
        bias = linear.bias.detach().repeat(len(starts), 1, 1)  # (M, 1, classes)
        self.parameters = [torch.cat(starts, dim=1), weight, bias]  # tables (V, M · D)
        for parameter in self.parameters:
            parameter.requires_grad_()
        self.adam = torch.optim.Adam(self.parameters, lr=rate, fused=True)

    def __call__(self, bags):
        """Scores (M, B, classes) of padded rows of indices (B, longest)."""
        tables, weight, bias = self.parameters
        means = nn.functional.embedding_bag(bags, tables, mode="mean", padding_idx=PAD)
        means = means.unflatten(1, (-1, self.width)).transpose(0, 1)
        return torch.baddbmm(bias, means, weight)

    def step(self):
        rows = self.pool[self.draw.integers(len(self.pool), size=self.batch)]
        scores = self(self.bags[rows]).flatten(0, 1)
        labels = self.labels[rows].repeat(len(scores) // self.batch)
        self.adam.zero_grad()
        loss = nn.functional.cross_entropy(scores, labels, reduction="sum")
        (loss / self.batch).backward()
        self.parameters[0].grad.unflatten(1, (-1, self.width))[:, self.frozen] = 0
        self.adam.step()

    @torch.no_grad()
    def right(self, part):
        """Which texts of ``part`` each model gets right: (M, n), bool."""
        return (self(self.bags[part]).argmax(-1) == self.labels[part]).numpy()

    def run(self, steps, every=1, watch=lambda models: None):
        """What ``watch(self)`` says before every ``every``-th step."""
        said = []
        for step in range(steps):
            if step % every == 0:
                said.append(watch(self))
            self.step()
        return said
