"""The layers on the device that the chapters compute on: on a machine with a GPU, on the GPU.

Elsewhere the tests compare on the CPU; here the reference is torch.nn's layer on the same device,
and numbers that are exact in any order of summing, so that equal means equal.
"""

import pytest
import torch
from torch import nn

import embedlinear
from embedlinear import compare, linear_from_embedding, one_hot, select_device

V, D = 7, 4
DEVICE = select_device()
EVERY_OPTION = [
    {},
    {"padding_idx": 2},
    {"scale_grad_by_freq": True},
    {"sparse": True, "padding_idx": 0},
    {"max_norm": 1.0},
]


def whole(*shape):
    """Small whole numbers on the device: their sums and products are exact."""
    return torch.randint(-4, 5, shape).float().to(DEVICE)


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


@pytest.mark.parametrize("options", EVERY_OPTION, ids=str)
@pytest.mark.parametrize("dtype", [torch.int64, torch.int32])
def test_embedding(options, dtype):
    theirs = nn.Embedding(V, D, **options, device=DEVICE)
    ours = embedlinear.Embedding(V, D, **options, device=DEVICE)
    ours.load_state_dict(theirs.state_dict())
    ids = torch.randint(V, (3, 8), dtype=dtype).to(DEVICE)
    upstream = whole(3, 8, D)
    outputs = [layer(ids) for layer in (ours, theirs)]
    for output in outputs:
        output.backward(upstream)
    assert outputs[0].device.type == ours.weight.grad.device.type == DEVICE.type
    torch.testing.assert_close(*outputs)
    torch.testing.assert_close(ours.weight, theirs.weight)  # max_norm rewrites it
    torch.testing.assert_close(
        ours.weight.grad.to_dense(), theirs.weight.grad.to_dense()
    )
    assert ours.weight.grad.is_sparse == theirs.weight.grad.is_sparse
    if "max_norm" not in options:
        assert torch.equal(*outputs)


@pytest.mark.parametrize("bad", [V, -1])
def test_a_bad_index_is_refused_and_the_device_still_works(bad):
    """On CUDA, torch.nn's layer would leave this process without its GPU."""
    layer = embedlinear.Embedding(V, D, device=DEVICE)
    with pytest.raises(
        IndexError, match=rf"index out of range in self: input\[1\] = {bad}"
    ):
        layer(torch.tensor([0, bad]).to(DEVICE))
    assert layer(torch.tensor([0]).to(DEVICE)).cpu().shape == (1, D)


@pytest.mark.parametrize("shape", [(V,), (5, V), (2, 3, V), (0, V)])
@pytest.mark.parametrize("bias", [True, False])
def test_linear(shape, bias):
    theirs, ours = (
        cls(V, D, bias=bias, device=DEVICE) for cls in (nn.Linear, embedlinear.Linear)
    )
    with torch.no_grad():
        for parameter in theirs.parameters():
            parameter.copy_(whole(*parameter.shape))
    ours.load_state_dict(theirs.state_dict())
    inputs = [whole(*shape).requires_grad_()]
    inputs.append(inputs[0].detach().clone().requires_grad_())
    outputs = [layer(x) for layer, x in zip((ours, theirs), inputs)]
    upstream = whole(*outputs[0].shape)
    for output in outputs:
        output.backward(upstream)
    assert torch.equal(*outputs) and outputs[0].device.type == DEVICE.type
    assert torch.equal(inputs[0].grad, inputs[1].grad)
    for one, other in zip(ours.parameters(), theirs.parameters()):
        assert torch.equal(one.grad, other.grad)


def test_the_two_layers_are_one_map_here_too():
    embedding = embedlinear.Embedding(V, D, device=DEVICE)
    ids = torch.randint(V, (20,)).to(DEVICE)
    assert one_hot(ids, num_classes=V).device.type == DEVICE.type
    result = compare(embedding, linear_from_embedding(embedding), ids)
    assert result.equal and result.embedding_output.device.type == DEVICE.type
