"""The layers against torch.nn's on the device that the chapters compute on.

That is EMBEDLINEAR_DEVICE or the best one; the other tests compare on a CPU.
"""

import pytest
import torch
from torch import nn

import embedlinear
from embedlinear import compare, linear_from_embedding, one_hot, select_device
from tests.layers.twins import pair, says, step

V, D, DEVICE = 7, 4, select_device()
IDS, X = torch.randint(V, (3, 8)), torch.randn(2, 3, V)
CASES = [
    ("Embedding", {}, IDS),
    ("Embedding", {"padding_idx": 2}, IDS.int()),
    ("Embedding", {"scale_grad_by_freq": True}, IDS),
    ("Embedding", {"sparse": True, "padding_idx": 0}, IDS),
    ("Embedding", {"max_norm": 1.0}, IDS),
    ("Linear", {}, X),
    ("Linear", {}, X[0, 0]),
    ("Linear", {"bias": False}, X[0]),
]


@pytest.mark.parametrize("name, options, x", CASES)
def test_outputs_and_gradients(name, options, x):
    classes = getattr(embedlinear, name), getattr(nn, name)
    results = []
    for layer in pair(*classes, V, D, **options, device=DEVICE):
        results.append([*step(layer, x.to(DEVICE)), layer.weight])
        assert all(tensor.device.type == DEVICE.type for tensor in results[-1])
    torch.testing.assert_close(*results)


@pytest.mark.parametrize("bad", [V, -1])
def test_a_bad_index_is_refused_and_the_device_still_works(bad):
    """On CUDA, torch.nn's layer would leave this process without its GPU."""
    layer = embedlinear.Embedding(V, D, device=DEVICE)
    ids = torch.tensor([0, bad]).to(DEVICE)
    words = f"index out of range in self: input[1] = {bad}"
    says(IndexError, lambda: layer(ids), words)
    assert layer(ids[:1]).cpu().shape == (1, D)


def test_the_two_layers_are_one_map_here_too():
    embedding, ids = embedlinear.Embedding(V, D, device=DEVICE), IDS.to(DEVICE)
    assert one_hot(ids, num_classes=V).device.type == DEVICE.type
    result = compare(embedding, linear_from_embedding(embedding), ids)
    assert result.equal and result.embedding_output.device.type == DEVICE.type
