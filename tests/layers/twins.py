"""What the tests of the layers share: our layer and PyTorch's, and one step of each."""

import warnings

import pytest
import torch

DTYPES = [torch.float16, torch.bfloat16, torch.float32, torch.float64]


def pair(ours, theirs, *sizes, **options):
    """One layer of each class, drawn from the same seed: the same numbers."""
    layers = []
    with warnings.catch_warnings():  # "zero-element tensors is a no-op", from both
        warnings.simplefilter("ignore")
        for cls in (ours, theirs):
            torch.manual_seed(3)
            layers.append(cls(*sizes, **options))
    assert all(map(torch.equal, *(layer.state_dict().values() for layer in layers)))
    return layers


def step(layer, x):
    """Forward and backward with a random upstream gradient: all results."""
    layer.zero_grad()
    if x.is_floating_point() or x.is_complex():
        x = x.detach().requires_grad_()
    out = layer(x)
    torch.manual_seed(5)
    out.backward(torch.randn(out.shape).to(out))
    leaves = [t for t in (x, *layer.parameters()) if t.requires_grad]
    return [out.detach(), *(leaf.grad for leaf in leaves)]


def says(expected, call, *words):
    """``call`` raises ``expected``, in one line that holds all the words."""
    with pytest.raises(expected) as error:
        call()
    text = str(error.value)
    assert "\n" not in text and all(word in text for word in words), text
    return text
