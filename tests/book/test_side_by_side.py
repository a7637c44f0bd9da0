"""The engine of the experiment behind the chapter `training`."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from embedlinear.book import reviews
from tools.once.side_by_side import Models, sparse


@pytest.mark.weekly  # the experiment itself is run once in a while
def test_models_side_by_side_train_as_each_alone():
    texts = reviews.read("zh")[:1500]
    lists = [reviews.bigrams(text.text) for text in texts]
    bags = reviews.bags(lists, reviews.vocabulary(lists, 500))
    labels, pool = reviews.favourable(texts), np.arange(500, 1500)
    starts = [reviews.random_start(500, 8, scale, 0) for scale in (1, 0.1, 1)]
    together = Models((sparse(bags, 500), labels), starts, pool, seed=3, frozen=[2])
    together.run(20)
    right = together.right(slice(0, 500)).mean(axis=1)
    tables = together.parameters[0].unflatten(1, (3, 8)).unbind(dim=1)
    for place, start in enumerate(starts):
        torch.manual_seed(3)
        alone = reviews.Classifier(start, freeze=place == 2)
        trained = [p for p in alone.parameters() if p.requires_grad]
        optimizer, draw = torch.optim.Adam(trained, lr=0.01), np.random.default_rng(3)
        for _ in range(20):
            rows = pool[draw.integers(len(pool), size=128)]
            optimizer.zero_grad()
            F.cross_entropy(alone(bags[rows]), labels[rows]).backward()
            optimizer.step()
        wanted = alone.embedding.weight
        torch.testing.assert_close(tables[place], wanted, rtol=0, atol=1e-4)
        assert torch.equal(wanted, start) == (place == 2)
        assert (
            abs(right[place] - reviews.accuracy(alone, bags[:500], labels[:500])) < 0.01
        )
