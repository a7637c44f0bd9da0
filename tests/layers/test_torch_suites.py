"""PyTorch's own cases for the two layers, run with our classes in place of PyTorch's.

They come with every torch, in ``torch.testing._internal``: the inputs of ``common_modules`` (also
the bad ones), the older ones of ``common_nn``, and the operators' samples of
``common_methods_invocations`` for ``nn.functional.embedding`` and ``nn.functional.linear``.
"""

import copy
import pickle
import re
import warnings

import pytest
import torch
from torch import nn
from torch.autograd import gradcheck, gradgradcheck
from torch.func import functional_call

from embedlinear import Embedding, Linear

pytest.importorskip("expecttest", reason="torch.testing._internal needs expecttest")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from torch.testing._internal import common_modules, common_nn
    from torch.testing._internal.common_modules import ModuleErrorEnum, module_db
    from torch.testing._internal.common_utils import freeze_rng_state

OURS = {nn.Embedding: Embedding, nn.Linear: Linear}
DTYPES = [torch.float16, torch.bfloat16, torch.float32, torch.float64]
INFOS = {info.module_cls: info for info in module_db if info.module_cls in OURS}


def module_cases():
    for theirs, info in INFOS.items():
        for dtype in DTYPES:
            for training in (True, False):
                inputs = info.module_inputs_func(
                    info,
                    device="cpu",
                    dtype=dtype,
                    requires_grad=True,
                    training=training,
                )
                for number, case in enumerate(inputs):
                    name = f"{theirs.__name__}-{number}-{dtype}-{training}"
                    yield pytest.param(theirs, case, dtype, training, id=name)


def build(cls, case, dtype):
    torch.manual_seed(0)
    arguments = case.constructor_input
    return cls(*arguments.args, **{**arguments.kwargs, "dtype": dtype, "device": "cpu"})


def test_the_cases_are_still_there():
    assert set(INFOS) == set(OURS) and len(list(module_cases())) >= 40
    assert len(LEGACY) >= 5
    assert sum(1 for _ in error_cases()) >= 3


@pytest.mark.parametrize("theirs, case, dtype, training", list(module_cases()))
def test_module_inputs(theirs, case, dtype, training):
    """What test_modules.py asks: forward, reference, gradients, pickle, repr, dtype."""
    ours, reference = build(OURS[theirs], case, dtype), build(theirs, case, dtype)
    ours.train(training), reference.train(training)
    assert repr(ours) == repr(reference)
    assert all(
        torch.equal(a, b) for a, b in zip(ours.parameters(), reference.parameters())
    )
    results = []
    for layer in (ours, reference):
        args, kwargs = copy.deepcopy(
            (case.forward_input.args, case.forward_input.kwargs)
        )
        out = layer(*args, **kwargs)
        out.sum().backward()
        inputs = [t for t in (*args, *kwargs.values()) if t.requires_grad]
        results.append(
            [out, *(p.grad for p in layer.parameters()), *(t.grad for t in inputs)]
        )
    torch.testing.assert_close(*results)
    assert all(p.dtype == dtype for p in ours.parameters())
    args, kwargs = case.forward_input.args, case.forward_input.kwargs
    if case.reference_fn is not None and dtype.itemsize > 2:
        expected = case.reference_fn(ours, *args, **kwargs)
        torch.testing.assert_close(ours(*args, **kwargs), expected)
    again = pickle.loads(pickle.dumps(ours))
    torch.testing.assert_close(again(*args, **kwargs), results[0][0])
    if dtype == torch.float64:
        names = list(dict(ours.named_parameters()))
        tensors = [t for t in (*args, *kwargs.values())]

        def call(*values):
            inputs, parameters = values[: len(tensors)], values[len(tensors) :]
            return functional_call(ours, dict(zip(names, parameters)), tuple(inputs))

        if theirs is nn.Embedding and tensors[0].numel() > 100:
            tensors[0] = tensors[0][:2, :6]
        values = (*tensors, *(p.detach().requires_grad_() for p in ours.parameters()))
        assert gradcheck(call, values, check_forward_ad=True)
        assert gradgradcheck(call, values)


def error_cases():
    for theirs, info in INFOS.items():
        if info.module_error_inputs_func:
            for case in info.module_error_inputs_func(
                info,
                device="cpu",
                dtype=torch.float32,
                requires_grad=False,
                training=True,
            ):
                yield theirs, case


def test_module_error_inputs():
    for theirs, case in error_cases():
        given = case.module_error_input
        make = (OURS[theirs], given.constructor_input)
        if case.error_on == ModuleErrorEnum.CONSTRUCTION_ERROR:
            with pytest.raises(case.error_type, match=case.error_regex):
                make[0](*make[1].args, **make[1].kwargs)
        else:
            layer = make[0](*make[1].args, **make[1].kwargs)
            with pytest.raises(case.error_type, match=case.error_regex):
                layer(*given.forward_input.args, **given.forward_input.kwargs)


# --------------------------------------------------------------------------- common_nn, the older

LEGACY = [
    case
    for case in [*common_nn.module_tests, *common_nn.get_new_module_tests()]
    if case.get("module_name") in ("Embedding", "Linear")
    or case.get("fullname", "").startswith("Embedding_")
]


@pytest.mark.parametrize(
    "case", LEGACY, ids=lambda c: c.get("desc") or c.get("fullname", "plain")
)
def test_legacy_module_tests(case, monkeypatch):
    monkeypatch.setattr(nn, "Embedding", Embedding)
    monkeypatch.setattr(nn, "Linear", Linear)
    case = {k: v for k, v in case.items() if k not in ("default_dtype", "decorator")}
    if "module_name" in case:
        case["constructor"] = getattr(nn, case.pop("module_name"))
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        test = common_nn.NewModuleTest(**case)
        layer = test.constructor(*test.constructor_args)
        assert type(layer).__module__.startswith("embedlinear")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            test(LegacyHarness())
    finally:
        torch.set_default_dtype(before)


class LegacyHarness(common_nn.NNTestCase):
    """The parts of test_nn.py's TestNN that NewModuleTest calls."""

    def runTest(self):
        pass

    def _forward(self, module, input):
        with freeze_rng_state():
            return module(*input) if isinstance(input, tuple) else module(input)

    def _backward(self, module, input, output, grad_output, create_graph=False):
        output.backward(grad_output, retain_graph=True, create_graph=create_graph)
        return (
            input.grad
            if isinstance(input, torch.Tensor)
            else tuple(i.grad for i in input)
        )

    def _get_parameters(self, module):
        parameters = list(module.parameters())
        return parameters, [p.grad for p in parameters]

    def _zero_grad_parameters(self, module):
        module.zero_grad(set_to_none=False) if module.weight.grad is not None else None


# ------------------------------------------------------------- common_methods_invocations: samples

OPERATORS = ("nn.functional.embedding", "nn.functional.linear")


@pytest.fixture(scope="module")
def operators():
    """PyTorch's descriptions of the two; imported here because it takes seconds, for every worker of pytest."""
    from torch.testing._internal.common_methods_invocations import op_db

    return {op.name: op for op in op_db if op.name in OPERATORS}


def layer_over(name, sample):
    """One of our layers that does what the sample asks of the function, and its input."""
    if name == "nn.functional.embedding":
        weight, (ids,) = sample.input, sample.args
        layer = Embedding(*weight.shape, **sample.kwargs, device="meta")
        return layer, {"weight": weight}, ids
    weight, bias = (*sample.args, None)[:2]
    layer = Linear(weight.size(1), weight.size(0), bias=bias is not None, device="meta")
    values = {"weight": weight} if bias is None else {"weight": weight, "bias": bias}
    return layer, values, sample.input


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("name", OPERATORS)
def test_operator_samples(operators, name, dtype):
    op = operators[name]
    for requires_grad in (True, False):
        for sample in op.sample_inputs("cpu", dtype, requires_grad=requires_grad):
            twin = sample.transform(
                lambda v: v.detach().clone() if isinstance(v, torch.Tensor) else v
            )
            layer, values, x = layer_over(name, sample)
            out = functional_call(layer, values, (x,))
            torch.testing.assert_close(
                out, op.op(twin.input, *twin.args, **twin.kwargs), check_stride=False
            )
            if requires_grad and dtype == torch.float64:
                names, leaves = list(values), list(values.values())

                def call(x, *leaves, layer=layer, names=names):
                    return functional_call(layer, dict(zip(names, leaves)), (x,))

                assert gradcheck(call, (x, *leaves), check_forward_ad=True)
                assert gradgradcheck(call, (x, *leaves), check_fwd_over_rev=True)


def test_operator_error_inputs(operators):
    seen = 0
    for case in operators["nn.functional.embedding"].error_inputs("cpu"):
        sample = case.sample_input
        layer = Embedding(1, 1)
        layer.weight = nn.Parameter(sample.input)
        with pytest.raises(case.error_type, match=re.compile(case.error_regex)):
            layer(*sample.args)
        seen += 1
    assert seen >= 2
    assert common_modules.module_db
