"""The two layers without options against torch.nn."""

import pytest
import torch
from torch import nn

from embedlinear import essence
from tests.layers.twins import step


@pytest.mark.parametrize("shape", [(), (9,), (4, 5), (0,)], ids=str)
def test_equals_torch(shape):
    ids, x = torch.randint(7, shape), torch.randn(*shape, 3)
    for name, sizes, value in (("Embedding", (7, 5), ids), ("Linear", (3, 2), x)):
        torch.manual_seed(0)
        ours = getattr(essence, name)(*sizes)
        torch.manual_seed(0)
        theirs = getattr(nn, name)(*sizes)
        assert name == "Linear" or torch.equal(ours.weight, theirs.weight)
        theirs.load_state_dict(ours.state_dict())
        torch.testing.assert_close(step(ours, value), step(theirs, value))


def test_bounds():
    for parameter in essence.Linear(100, 50).parameters():
        assert 0.09 < parameter.abs().max() <= 0.1 and parameter.min() < -0.09
    with pytest.raises(IndexError, match="out of range"):  # not the last row
        essence.Embedding(3, 2)(torch.tensor([-1]))
