"""Linear against torch.nn.Linear: outputs and gradients; set_weight."""

import copy
import functools
import itertools

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, parametrize, prune

from embedlinear import Linear
from tests.layers import twins
from tests.layers.twins import DTYPES, says, step

pair = functools.partial(twins.pair, Linear, nn.Linear)


@pytest.mark.parametrize("dtype", [*DTYPES, torch.complex64], ids=str)
@pytest.mark.parametrize("bias", [True, False])
def test_equals_torch(bias, dtype):
    sizes = [(3, 5), (0, 3), (3, 0), (40, 7)]
    shapes = [(), (0,), (6,), (2, 0, 3), (2, 1, 3, 1)]
    for (n, m), shape in itertools.product(sizes, shapes):
        ours, theirs = pair(n, m, bias=bias, dtype=dtype)
        x = torch.randn(n, *shape).movedim(0, -1).to(dtype)  # not contiguous
        if dtype.itemsize > 2:  # of such halves PyTorch rounds the product and the sum
            torch.testing.assert_close(step(ours, x), step(theirs, x))
        a, b = step(ours, x.contiguous()), step(theirs, x.contiguous())
        assert a[0].shape == (*shape, m) and torch.equal(a[0], b[0])
        torch.testing.assert_close(a, b)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("layout", ["coo", "csr", "csc"])
def test_sparse_weight(layout):
    layers = pair(4, 4)
    for layer in layers:
        layer.weight = nn.Parameter(getattr(layer.weight, f"to_sparse_{layout}")())
    x = torch.arange(4.0)
    torch.testing.assert_close(*(step(layer, x) for layer in layers))  # layouts as well


def test_frozen_parts_get_no_gradient_and_keep_nothing_alive():
    layer, x, saved = Linear(3, 2), torch.randn(4, 3, requires_grad=True), []
    hooks = (lambda t: saved.append(t.shape) or t), (lambda t: t)
    with torch.autograd.graph.saved_tensors_hooks(*hooks):
        layer.weight.requires_grad_(False)
        layer(x).sum().backward()
        assert layer.weight.grad is None and layer.bias.grad is not None
        layer.weight.requires_grad_(True)
        layer(x.detach())
    assert saved == [(2, 3), (4, 3)]  # the weight and not x, x and not the weight


# ---------------------------------------------------------------- set_weight


def test_set_weight_copies_and_keeps_the_parameters():
    layer, new = Linear(3, 2, bias=False), torch.randn(3, 2)
    says(RuntimeError, lambda: layer.set_weight(new.T, torch.ones(2)), "bias=True")
    layer = Linear(3, 2)
    weight, bias = layer.weight, layer.bias
    words = "[3, 2]", "[2, 3]", "pass weight.T"
    says(RuntimeError, lambda: layer.set_weight(new), *words)
    assert layer.set_weight(new.T) is None
    assert layer.weight is weight and torch.equal(weight, new.T) and layer.bias is bias
    layer.set_weight(new.T + 1, bias=torch.ones(2))
    assert torch.equal(weight, new.T + 1) and bias.eq(1).all() and bias is layer.bias
    assert weight.data_ptr() != new.data_ptr() and weight.requires_grad


SQUARE = torch.zeros(3, 3)
WRONG = [
    (torch.zeros(3, 2), None, ["weight: it is torch.Size([3, 2])", "are fixed"]),
    (torch.zeros(2, 3), None, ["weight", "expected torch.Size([3, 3])"]),
    (SQUARE.double(), None, ["float64", "weight.to(torch.float32)"]),
    (SQUARE.to("meta"), None, ["meta", "weight.to('cpu')"]),
    (SQUARE.to_sparse(), None, ["sparse_coo", "weight.to_dense()"]),
    ([[0.0] * 3] * 3, None, ["'weight' must be Tensor", "list"]),
    (SQUARE, torch.zeros(2), ["bias", "[2]", "[3]"]),
    (SQUARE, torch.zeros(3).half(), ["bias", "float16", "bias.to(torch.float32)"]),
    (SQUARE, torch.zeros(3).to_sparse(), ["bias", "bias.to_dense()"]),
    (SQUARE, [0.0] * 3, ["'bias' must be Tensor"]),
    (lambda layer: layer.weight.t(), torch.ones(3), ["clone"]),  # PyTorch: they overlap
]


@pytest.mark.parametrize("weight, bias, words", WRONG)
def test_set_weight_refuses_and_changes_nothing(weight, bias, words):
    layer = Linear(3, 3)
    before = copy.deepcopy(layer.state_dict())
    weight = weight(layer) if callable(weight) else weight
    expected = TypeError if list in (type(weight), type(bias)) else RuntimeError
    says(expected, lambda: layer.set_weight(weight, bias), *words)
    assert all(map(torch.equal, layer.state_dict().values(), before.values()))


COMPUTED = [
    (parametrizations.weight_norm, parametrize.remove_parametrizations),
    (nn.utils.weight_norm, nn.utils.remove_weight_norm),
    (lambda layer: prune.random_unstructured(layer, "weight", 0.5), prune.remove),
]


@pytest.mark.filterwarnings("ignore:.*weight_norm.* is deprecated")
@pytest.mark.parametrize("compute, undo", COMPUTED)
def test_set_weight_refuses_a_weight_that_is_computed(compute, undo):
    """What is copied into it would be lost at the next forward."""
    layer, new = compute(Linear(3, 2)), torch.zeros(2, 3)
    before = layer.weight.detach().clone()
    says(RuntimeError, lambda: layer.set_weight(new), "computed", undo.__name__)
    assert torch.equal(layer.weight, before)
    undo(layer, "weight")
    layer.set_weight(new)
    assert layer(torch.ones(3)).equal(layer.bias)
