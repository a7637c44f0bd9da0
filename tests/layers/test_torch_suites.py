"""PyTorch's own cases for the two layers, run with our classes in place of PyTorch's.

They come with every torch, in ``torch.testing._internal``: the inputs of
``common_modules``, also the bad ones, and the samples of ``common_methods_invocations``
for ``nn.functional.embedding`` and ``nn.functional.linear``.
"""

import copy
import warnings

import pytest
import torch
from torch import nn
from torch.autograd import gradcheck, gradgradcheck
from torch.func import functional_call

from embedlinear import Embedding, Linear
from tests.layers.twins import DTYPES, pair

pytest.importorskip("expecttest", reason="torch.testing._internal needs expecttest")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from torch.testing._internal.common_modules import ModuleErrorEnum, module_db

OURS = {nn.Embedding: Embedding, nn.Linear: Linear}
INFOS = [info for info in module_db if info.module_cls in OURS]
OPERATORS = ["nn.functional.embedding", "nn.functional.linear"]
CPU = {"device": "cpu", "requires_grad": True, "training": True}


def module_cases(dtypes=DTYPES):
    return [
        pytest.param(info.module_cls, case, dtype, id=f"{info.name}-{number}-{dtype}")
        for info in INFOS
        for dtype in dtypes
        for number, case in enumerate(info.module_inputs_func(info, dtype=dtype, **CPU))
    ]


@pytest.mark.parametrize("theirs, case, dtype", module_cases())
def test_module_inputs(theirs, case, dtype):
    made, given = case.constructor_input, case.forward_input
    options = made.kwargs | {"dtype": dtype}
    layers, results = pair(OURS[theirs], theirs, *made.args, **options), []
    for layer in layers:
        args, kwargs = copy.deepcopy((given.args, given.kwargs))
        out = layer(*args, **kwargs)
        out.sum().backward()
        leaves = [*args, *kwargs.values(), *layer.parameters()]
        results.append([out, *(t.grad for t in leaves if t.requires_grad)])
    torch.testing.assert_close(*results)
    if case.reference_fn is not None and dtype.itemsize > 2:
        expected = case.reference_fn(layers[0], *given.args, **given.kwargs)
        torch.testing.assert_close(results[0][0], expected)


def test_module_error_inputs():
    seen = 0
    for info in INFOS:
        make = info.module_error_inputs_func or (lambda *_, **__: ())
        for case in make(info, dtype=torch.float32, **CPU):
            given, seen = case.module_error_input, seen + 1
            made = given.constructor_input
            with pytest.raises(case.error_type, match=case.error_regex):
                layer = OURS[info.module_cls](*made.args, **made.kwargs)
                assert case.error_on != ModuleErrorEnum.CONSTRUCTION_ERROR
                layer(*given.forward_input.args, **given.forward_input.kwargs)
    assert seen >= 3


@pytest.fixture(scope="module")
def operators():
    """PyTorch's descriptions of the two; the import takes seconds."""
    from torch.testing._internal.common_methods_invocations import op_db

    return {op.name: op for op in op_db if op.name in OPERATORS}


def as_layer(name, sample):
    """A function of its leaves that does what the sample asks, through our layer."""
    if name == "nn.functional.embedding":
        leaves, (ids,) = {"weight": sample.input}, sample.args
        layer = Embedding(*sample.input.shape, **sample.kwargs, device="meta")
        inputs = []
    else:
        leaves = dict(zip(("weight", "bias"), sample.args))
        sizes = reversed(leaves["weight"].shape)
        layer = Linear(*sizes, bias="bias" in leaves, device="meta")
        ids, inputs = None, [sample.input]

    def call(*values):
        x, *values = values if ids is None else (ids, *values)
        return functional_call(layer, dict(zip(leaves, values)), (x,))

    return call, [*inputs, *leaves.values()]


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("name", OPERATORS)
def test_operator_samples(operators, name, dtype):
    for sample in operators[name].sample_inputs("cpu", dtype, requires_grad=False):
        twin = sample.transform(lambda v: v.clone() if torch.is_tensor(v) else v)
        call, leaves = as_layer(name, sample)
        expected = operators[name].op(twin.input, *twin.args, **twin.kwargs)
        torch.testing.assert_close(call(*leaves), expected, check_stride=False)


@pytest.mark.weekly
@pytest.mark.parametrize("name", OPERATORS)
def test_gradcheck_of_operator_samples(operators, name):
    samples = operators[name].sample_inputs("cpu", torch.float64, requires_grad=True)
    for sample in samples:
        call, leaves = as_layer(name, sample)
        assert gradcheck(call, leaves, check_forward_ad=True)
        assert gradgradcheck(call, leaves, check_fwd_over_rev=True)


def test_operator_error_inputs(operators):
    cases = list(operators["nn.functional.embedding"].error_inputs("cpu"))
    for case in cases:
        layer = Embedding(1, 1)
        layer.weight = nn.Parameter(case.sample_input.input)
        with pytest.raises(case.error_type, match=case.error_regex):
            layer(*case.sample_input.args)
    assert len(cases) >= 2
