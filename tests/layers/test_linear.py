"""Linear against torch.nn.Linear: outputs, gradients, transforms, set_weight, errors."""

import copy
import inspect
import itertools
import pickle
import random
import warnings

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.autograd import forward_ad, gradcheck, gradgradcheck
from torch.func import functional_call, grad, jvp, vmap

from embedlinear import Linear
from embedlinear.linear import AffineBothModes

DTYPES = [torch.float16, torch.bfloat16, torch.float32, torch.float64]


def pair(*sizes, **options):
    """Ours and PyTorch's, drawn from the same seed."""
    with warnings.catch_warnings():  # "zero-element tensors is a no-op", from both
        warnings.simplefilter("ignore")
        torch.manual_seed(3)
        ours = Linear(*sizes, **options)
        torch.manual_seed(3)
        theirs = nn.Linear(*sizes, **options)
    assert torch.equal(ours.weight, theirs.weight)
    assert (ours.bias is None) == (theirs.bias is None)
    assert ours.bias is None or torch.equal(ours.bias, theirs.bias)
    return ours, theirs


def run(layer, x, seed=5):
    """One forward and one backward with a random gradient from above; all that came out."""
    layer.zero_grad()
    x = x.detach().requires_grad_()
    out = layer(x)
    torch.manual_seed(seed)
    out.backward(torch.randn(out.shape).to(out.dtype))
    return [out.detach(), x.grad] + [p.grad for p in layer.parameters()]


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("bias", [True, False])
def test_equals_torch(bias, dtype):
    for (n, m), shape in itertools.product(
        [(3, 5), (8, 8), (1, 1), (0, 3), (3, 0), (40, 7)],
        [(), (0,), (1,), (6,), (2, 3), (2, 0, 3), (2, 1, 3, 1)],
    ):
        ours, theirs = pair(n, m, bias=bias, dtype=dtype)
        x = torch.randn(*shape, n).to(dtype)
        a, b = run(ours, x), run(theirs, x)
        assert a[0].shape == (*shape, m)
        torch.testing.assert_close(a, b)
        assert torch.equal(a[0], b[0])


def test_random_shapes():
    rng = random.Random(0)
    exact = 0
    for _ in range(150):
        n, m = rng.randint(0, 20), rng.randint(0, 20)
        shape = [rng.randint(0, 5) for _ in range(rng.randint(0, 4))]
        dtype = rng.choice(DTYPES)
        ours, theirs = pair(n, m, bias=rng.random() < 0.5, dtype=dtype)
        x = torch.randn(*shape, n).to(dtype)
        a, b = run(ours, x), run(theirs, x)
        torch.testing.assert_close(a, b)
        exact += all(torch.equal(p, q) for p, q in zip(a, b))
    assert (
        exact >= 140
    )  # the same kernels; only vector-shaped gradients may be summed otherwise


def test_non_contiguous_input_and_weight():
    ours, theirs = pair(4, 3)
    for x in (
        torch.randn(4, 6).t(),
        torch.randn(2, 4, 5).transpose(1, 2),
        torch.randn(1, 4).expand(5, 4),
    ):
        torch.testing.assert_close(run(ours, x), run(theirs, x))
    for layer in (ours, theirs):
        layer.weight = nn.Parameter(torch.arange(12.0).view(4, 3).t())
    torch.testing.assert_close(
        run(ours, torch.ones(2, 4)), run(theirs, torch.ones(2, 4))
    )


def test_is_x_times_weight_transposed_plus_bias():
    layer, x = Linear(3, 5), torch.rand(3)
    torch.testing.assert_close(layer(x), x @ layer.weight.T + layer.bias)


def test_complex_gradients_are_conjugated():
    ours, theirs = pair(3, 2, dtype=torch.complex64)
    x = torch.randn(4, 3, dtype=torch.complex64)
    torch.testing.assert_close(run(ours, x), run(theirs, x))


def test_frozen_parts_get_no_gradient_and_keep_nothing_alive():
    x = torch.randn(4, 3, requires_grad=True)
    layer = Linear(3, 2)
    layer.weight.requires_grad_(False)
    out = layer(x)
    out.sum().backward()
    assert (
        layer.weight.grad is None and layer.bias.grad is not None and x.grad is not None
    )
    saved = []
    with torch.autograd.graph.saved_tensors_hooks(
        lambda t: saved.append(t.shape) or t, lambda t: t
    ):
        layer(x)
        assert saved == [torch.Size([2, 3])]  # the weight, not x
        layer.weight.requires_grad_(True)
        saved.clear()
        layer(x.detach())
        assert saved == [torch.Size([4, 3])]  # x, not the weight


def test_output_may_be_changed_in_place():
    for shape in ((3,), (4, 3), (2, 2, 3)):
        results = []
        for layer in pair(3, 2):
            layer(torch.ones(shape)).relu_().sum().backward()
            results.append(layer.weight.grad)
        torch.testing.assert_close(*results)


@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW", "Adagrad"])
def test_twenty_optimiser_steps(name):
    ours, theirs = pair(4, 3)
    for layer in (ours, theirs):
        optimiser = getattr(torch.optim, name)(layer.parameters(), lr=0.1)
        torch.manual_seed(1)
        for _ in range(20):
            optimiser.zero_grad()
            layer(torch.randn(5, 4)).pow(2).sum().backward()
            optimiser.step()
    assert torch.equal(ours.weight, theirs.weight) and torch.equal(
        ours.bias, theirs.bias
    )


@pytest.mark.parametrize(
    "dtype", [torch.float16, torch.float32, torch.float64], ids=str
)
def test_autocast(dtype):
    ours, theirs = pair(4, 3, dtype=dtype)
    x = torch.randn(5, 4).to(dtype)
    for into in (torch.bfloat16, torch.float16):
        results = []
        for layer in (ours, theirs):
            with torch.autocast("cpu", dtype=into):
                results.append(run(layer, x))
                mixed = layer(x.float()) if dtype != torch.float64 else layer(x)
            results[-1].append(mixed.detach())
        assert results[0][0].dtype == (
            torch.float64 if dtype == torch.float64 else into
        )
        assert all(a.dtype == b.dtype and torch.equal(a, b) for a, b in zip(*results))


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("layout", ["coo", "csr", "csc"])
def test_sparse_weight(layout):
    results = []
    for layer in pair(4, 4):
        layer.weight = nn.Parameter(getattr(layer.weight, f"to_sparse_{layout}")())
        x = torch.arange(4.0).requires_grad_()
        out = layer(x)
        weight_grad, x_grad = torch.autograd.grad(
            out, [layer.weight, x], torch.arange(4.0)
        )
        results.append([out.detach(), weight_grad, x_grad])
    torch.testing.assert_close(*results)  # the gradients' layouts included


@pytest.mark.parametrize("bias", [True, False])
def test_gradcheck(bias):
    torch.manual_seed(0)
    x, weight, b = (
        torch.randn(*s, dtype=torch.float64, requires_grad=True)
        for s in ((4, 3), (5, 3), (5,))
    )
    inputs = (x, weight, b if bias else None)
    checks = {"check_forward_ad": True, "check_batched_grad": True}
    assert gradcheck(
        AffineBothModes.apply, inputs, **checks, check_batched_forward_grad=True
    )
    assert gradgradcheck(
        AffineBothModes.apply, inputs, check_fwd_over_rev=True, check_rev_over_rev=True
    )


def test_func_transforms():
    results = []
    for layer in pair(3, 2):
        torch.manual_seed(1)
        x, values = (
            torch.randn(5, 3),
            {k: v.detach() for k, v in layer.named_parameters()},
        )

        def loss(values, x, layer=layer):
            return functional_call(layer, values, (x,)).pow(2).sum()

        many = {k: torch.stack([v, 2 * v]) for k, v in values.items()}
        ones = {k: torch.ones_like(v) for k, v in values.items()}
        with forward_ad.dual_level():
            dual = layer(forward_ad.make_dual(x, torch.ones_like(x)))
            tangent = forward_ad.unpack_dual(dual).tangent.detach()
        results.append(
            (
                vmap(grad(loss), (None, 0))(values, x),
                vmap(grad(loss), (0, None))(many, x),
                jvp(lambda v: loss(v, x), (values,), (ones,)),
                jvp(layer, (x,), (x,))[1].detach(),
                tangent,
            )
        )
    torch.testing.assert_close(results[0], results[1])


@pytest.mark.parametrize("shape", [(3,), (4, 3), (2, 2, 3)], ids=str)
def test_compile_and_export(shape):
    torch._dynamo.reset()
    ours, theirs = pair(3, 2)
    x = torch.randn(shape)
    compiled = torch.compile(ours, backend="aot_eager", fullgraph=True)
    torch.testing.assert_close(run(compiled, x), run(theirs, x))
    program = torch.export.export(ours, (x,))
    torch.testing.assert_close(program.module()(x), theirs(x))


def test_signature_attributes_and_copies():
    ours = inspect.signature(Linear.__init__).parameters
    theirs = inspect.signature(nn.Linear.__init__).parameters
    assert [(p.name, p.default) for p in ours.values()] == [
        (p.name, p.default) for p in theirs.values()
    ]
    assert list(inspect.signature(Linear.forward).parameters) == ["self", "input"]
    assert Linear.__constants__ == nn.Linear.__constants__ and not issubclass(
        Linear, nn.Linear
    )
    for bias in (True, False):
        ours, theirs = pair(3, 2, bias=bias)
        assert repr(ours) == repr(theirs) and set(vars(ours)) == set(vars(theirs))
        assert list(ours.state_dict()) == list(theirs.state_dict())
        ours.load_state_dict(nn.Linear(3, 2, bias=bias).state_dict())
        theirs.load_state_dict(ours.state_dict())
        for again in (copy.deepcopy(ours), pickle.loads(pickle.dumps(ours))):
            assert repr(again) == repr(ours) and torch.equal(again.weight, ours.weight)
            assert (
                type(again) is Linear
                and again.weight.data_ptr() != ours.weight.data_ptr()
            )
        with pytest.raises(RuntimeError, match="size mismatch"):
            ours.load_state_dict(nn.Linear(2, 3, bias=bias).state_dict())
    meta = Linear(3, 2, device="meta", dtype=torch.float64)
    assert meta(torch.zeros(4, 3, device="meta", dtype=torch.float64)).shape == (4, 2)
    assert meta.to_empty(device="cpu").weight.dtype == torch.float64


def test_bound_of_the_draws():
    layer = Linear(100, 50)
    for parameter in (layer.weight, layer.bias):
        assert 0.09 < parameter.abs().max() <= 0.1


# ------------------------------------------------------------------------------------ set_weight


def test_set_weight_copies_and_keeps_the_parameters():
    layer = Linear(3, 2)
    weight, bias = layer.weight, layer.bias
    new = torch.arange(6.0).view(2, 3)
    assert layer.set_weight(new) is None
    assert layer.weight is weight and torch.equal(weight, new) and layer.bias is bias
    layer.set_weight(new + 1, bias=torch.ones(2))
    assert torch.equal(weight, new + 1) and bias.eq(1).all() and bias is layer.bias
    assert weight.data_ptr() != new.data_ptr() and weight.requires_grad
    assert layer(torch.ones(3)).tolist() == [7, 16]


ZEROS = torch.zeros(2, 3)


@pytest.mark.parametrize(
    "weight, bias, expected, words",
    [
        (
            torch.zeros(3, 2),
            None,
            RuntimeError,
            ["weight", "(3, 2)", "(2, 3)", "weight.T"],
        ),
        (torch.zeros(2, 4), None, RuntimeError, ["size mismatch", "(2, 4)", "(2, 3)"]),
        (torch.zeros(3), None, RuntimeError, ["(3,)", "(2, 3)"]),
        (
            ZEROS.double(),
            None,
            RuntimeError,
            ["torch.float64", "weight.to(torch.float32)"],
        ),
        (
            ZEROS.to("meta"),
            None,
            RuntimeError,
            ["same device", "meta", "weight.to('cpu')"],
        ),
        ([[0.0] * 3] * 2, None, TypeError, ["'weight' must be Tensor", "list"]),
        (ZEROS, torch.zeros(3), RuntimeError, ["bias", "(3,)", "(2,)"]),
        (ZEROS, torch.zeros(2).half(), RuntimeError, ["bias", "float16"]),
        (ZEROS, [0.0, 0.0], TypeError, ["'bias' must be Tensor"]),
        (torch.zeros(3, 2), torch.zeros(2), RuntimeError, ["weight.T"]),
    ],
    ids=str,
)
def test_set_weight_refuses_and_changes_nothing(weight, bias, expected, words):
    layer = Linear(3, 2)
    before = copy.deepcopy(layer.state_dict())
    with pytest.raises(expected) as error:
        layer.set_weight(weight, bias)
    for word in words:
        assert word in str(error.value), str(error.value)
    assert all(torch.equal(v, before[k]) for k, v in layer.state_dict().items())


def test_set_weight_refuses_a_bias_where_there_is_none():
    layer = Linear(3, 2, bias=False)
    before = layer.weight.detach().clone()
    with pytest.raises(RuntimeError, match="bias=False"):
        layer.set_weight(ZEROS, torch.zeros(2))
    assert torch.equal(layer.weight, before)
    with pytest.raises(RuntimeError) as error:
        Linear(3, 2).set_weight(torch.zeros(4, 5))
    assert ".T" not in str(error.value)  # only said where it helps


# ---------------------------------------------------------------------------------------- errors


def test_replaced_weight():
    layer = Linear(3, 5)
    with pytest.raises(TypeError):
        layer.weight = torch.zeros(5, 3)
    layer.weight = nn.Parameter(torch.ones(5, 3))
    assert layer(torch.ones(3)).shape == (5,)
    layer.weight = nn.Parameter(torch.ones(3, 5))
    for x in (
        torch.ones(3),
        torch.ones(2, 3),
        torch.ones(2, 5),
    ):  # the last fails on the bias
        with pytest.raises(RuntimeError) as error:
            layer(x)
        for word in (
            "weight was replaced",
            "(3, 5)",
            "(out_features, in_features) = (5, 3)",
        ):
            assert word in str(error.value)
    layer.weight = nn.Parameter(torch.ones(3))
    with pytest.raises(RuntimeError, match="must be 2-D"):
        layer(torch.ones(3))


def test_wrong_inputs():
    layer = Linear(3, 2)
    for shape in ((4,), (5, 4), (2, 5, 4), (0,)):
        with pytest.raises(RuntimeError) as theirs:
            nn.Linear(3, 2)(torch.zeros(shape))
        with pytest.raises(RuntimeError) as error:
            layer(torch.zeros(shape))
        assert str(error.value).startswith("mat1 and mat2 shapes cannot be multiplied")
        if len(shape) > 1:
            assert str(theirs.value) in str(error.value)
        assert "in_features=3" in str(error.value) and str(shape) in str(error.value)
        assert "replaced" not in str(error.value) and "\n" not in str(error.value)
    with pytest.raises(RuntimeError, match=".*both arguments.*1D.*in_features=3"):
        layer(torch.tensor(1.0))
    for dtype, name in (
        (torch.float64, "Double"),
        (torch.int64, "Long"),
        (torch.float16, "Half"),
    ):
        with pytest.raises(RuntimeError) as error:
            layer(torch.zeros(2, 3, dtype=dtype))
        says = f"mat1 and mat2 must have the same dtype, but got {name} and Float"
        assert says in str(error.value) and "input.to(torch.float32)" in str(
            error.value
        )
    for value in ([1.0, 2.0, 3.0], None, 3):
        with pytest.raises(TypeError, match="'input' must be Tensor"):
            layer(value)


@pytest.mark.parametrize("sizes", [(-1, 3), (3, -1), (2.0, 3), (3, "2"), (3, None)])
def test_wrong_sizes(sizes):
    with pytest.raises((TypeError, RuntimeError)) as theirs:
        nn.Linear(*sizes)
    with pytest.raises(type(theirs.value)) as ours:
        Linear(*sizes)
    assert ("in_features" if sizes[1] == 3 else "out_features") in str(ours.value)
    if -1 in sizes:
        assert str(theirs.value) in str(ours.value)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.integers(0, 4), max_size=3),
    st.sampled_from(
        [torch.float32, torch.float64, torch.int64, torch.bool, torch.complex64]
    ),
    st.one_of(st.none(), st.text(), st.floats(), st.lists(st.floats())),
    st.booleans(),
)
def test_every_bad_input_ends_in_its_exception_and_changes_nothing(
    shape, dtype, other, use_other
):
    layer = Linear(3, 2)
    before = copy.deepcopy(layer.state_dict())
    value = other if use_other else torch.zeros(shape, dtype=dtype)
    if not use_other and shape[-1:] == [3] and dtype == torch.float32:
        assert layer(value).shape == (*shape[:-1], 2)
    else:
        with pytest.raises(TypeError if use_other else RuntimeError):
            layer(value)
    assert all(torch.equal(v, before[k]) for k, v in layer.state_dict().items())


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.integers(0, 4), max_size=3),
    st.sampled_from([torch.float32, torch.float64]),
    st.one_of(st.none(), st.lists(st.integers(0, 3), max_size=2)),
)
def test_set_weight_takes_the_right_and_refuses_the_rest(shape, dtype, bias):
    layer = Linear(3, 2)
    before = copy.deepcopy(layer.state_dict())
    arguments = [torch.zeros(shape, dtype=dtype)] + (
        [torch.zeros(bias)] if bias is not None else []
    )
    if shape == [2, 3] and dtype == torch.float32 and bias in (None, [2]):
        layer.set_weight(*arguments)
        assert layer.weight.eq(0).all()
    else:
        with pytest.raises(RuntimeError):
            layer.set_weight(*arguments)
        assert all(torch.equal(v, before[k]) for k, v in layer.state_dict().items())
