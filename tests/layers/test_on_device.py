"""The layers on the device that the chapters compute on: with a GPU, on the GPU.

The other tests compare on a CPU. Here the reference is torch.nn's layer on the same
device, EMBEDLINEAR_DEVICE or the best one that is there.
"""

import pytest
import torch
from torch import nn

import embedlinear
from embedlinear import compare, linear_from_embedding, one_hot, select_device
from tests.layers.twins import says, step

V, D, DEVICE = 7, 4, select_device()
EVERY_OPTION = [
    {},
    {"padding_idx": 2},
    {"scale_grad_by_freq": True},
    {"sparse": True, "padding_idx": 0},
    {"max_norm": 1.0},
]


def steps(name, x, *sizes, **options):
    """Forward and backward of both layers: all that came out, dense."""
    theirs = getattr(nn, name)(*sizes, **options, device=DEVICE)
    ours = getattr(embedlinear, name)(*sizes, **options, device=DEVICE)
    ours.load_state_dict(theirs.state_dict())
    for layer in (ours, theirs):
        results = [*step(layer, x.to(DEVICE)), layer.weight]
        assert all(tensor.device.type == DEVICE.type for tensor in results)
        yield [tensor.to_dense() for tensor in results]


@pytest.mark.parametrize("options", EVERY_OPTION, ids=str)
@pytest.mark.parametrize("dtype", [torch.int64, torch.int32])
def test_embedding(options, dtype):
    ids = torch.randint(V, (3, 8), dtype=dtype)
    torch.testing.assert_close(*steps("Embedding", ids, V, D, **options))


@pytest.mark.parametrize("shape", [(V,), (5, V), (2, 3, V), (0, V)])
@pytest.mark.parametrize("bias", [True, False])
def test_linear(shape, bias):
    torch.testing.assert_close(*steps("Linear", torch.randn(shape), V, D, bias=bias))


@pytest.mark.parametrize("bad", [V, -1])
def test_a_bad_index_is_refused_and_the_device_still_works(bad):
    """On CUDA, torch.nn's layer would leave this process without its GPU."""
    layer = embedlinear.Embedding(V, D, device=DEVICE)
    ids = torch.tensor([0, bad]).to(DEVICE)
    says(
        IndexError, lambda: layer(ids), f"index out of range in self: input[1] = {bad}"
    )
    assert layer(ids[:1]).cpu().shape == (1, D)


def test_the_two_layers_are_one_map_here_too():
    embedding = embedlinear.Embedding(V, D, device=DEVICE)
    ids = torch.randint(V, (20,)).to(DEVICE)
    assert one_hot(ids, num_classes=V).device.type == DEVICE.type
    result = compare(embedding, linear_from_embedding(embedding), ids)
    assert result.equal and result.embedding_output.device.type == DEVICE.type
