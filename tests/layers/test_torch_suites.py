"""PyTorch's own samples for the two operators, run through our layers."""

import pytest
import torch
from torch.autograd import gradcheck, gradgradcheck
from torch.func import functional_call

from embedlinear import Embedding, Linear
from tests.layers.twins import DTYPES

pytest.importorskip("expecttest", reason="torch.testing._internal needs expecttest")
OPERATORS = ["nn.functional.embedding", "nn.functional.linear"]


@pytest.fixture(scope="module")
def operators():
    """PyTorch's descriptions of the two; the import takes seconds."""
    from torch.testing._internal.common_methods_invocations import op_db

    return {op.name: op for op in op_db if op.name in OPERATORS}


def as_layer(name, sample):
    """A function of its leaves that does what the sample asks, through our layer."""
    if name == "nn.functional.embedding":
        leaves, inputs, ids = {"weight": sample.input}, [], sample.args
        layer = Embedding(*sample.input.shape, **sample.kwargs, device="meta")
    else:
        leaves, inputs, ids = (
            dict(zip(("weight", "bias"), sample.args)),
            [sample.input],
            (),
        )
        sizes = reversed(leaves["weight"].shape)
        layer = Linear(*sizes, bias="bias" in leaves, device="meta")

    def call(*values):
        x, *values = (*ids, *values)
        return functional_call(layer, dict(zip(leaves, values)), (x,))

    return call, [*inputs, *leaves.values()]


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("name", OPERATORS)
def test_samples(operators, name, dtype):
    for sample in operators[name].sample_inputs("cpu", dtype):
        twin = sample.transform(lambda v: v.clone() if torch.is_tensor(v) else v)
        call, leaves = as_layer(name, sample)
        expected = operators[name].op(twin.input, *twin.args, **twin.kwargs)
        torch.testing.assert_close(call(*leaves), expected, check_stride=False)


@pytest.mark.weekly
@pytest.mark.parametrize("name", OPERATORS)
def test_gradcheck(operators, name):
    samples = operators[name].sample_inputs("cpu", torch.float64, requires_grad=True)
    for sample in samples:
        call, leaves = as_layer(name, sample)
        assert gradcheck(call, leaves, check_forward_ad=True, check_batched_grad=True)
        assert gradgradcheck(call, leaves, check_fwd_over_rev=True)
