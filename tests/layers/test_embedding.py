"""Embedding against torch.nn.Embedding: outputs, gradients, options, errors, and copies."""

import copy
import inspect
import itertools
import pickle
import random
import subprocess
import sys
import warnings

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.autograd import gradcheck, gradgradcheck
from torch.func import functional_call, grad, hessian, jvp, vmap

from embedlinear import Embedding
from embedlinear.checks import index_check
from embedlinear.embedding import LookupBothModes

DTYPES = [torch.float16, torch.bfloat16, torch.float32, torch.float64]
SHAPES = [(), (0,), (1,), (9,), (40,), (2, 0, 3), (4, 5), (2, 3, 2)]


def pair(rows=7, columns=5, **options):
    """Ours and PyTorch's, drawn from the same seed."""
    torch.manual_seed(3)
    ours = Embedding(rows, columns, **options)
    torch.manual_seed(3)
    theirs = nn.Embedding(rows, columns, **options)
    assert torch.equal(ours.weight, theirs.weight)
    return ours, theirs


def run(layer, ids, seed=5):
    """One forward and one backward with a random gradient from above."""
    layer.weight.grad = None
    out = layer(ids)
    torch.manual_seed(seed)
    out.backward(torch.randn(out.shape).to(out.dtype))
    return out.detach(), layer.weight.grad


def ids_of(shape, rows, dtype=torch.int64, seed=0):
    return torch.randint(rows, shape, generator=torch.Generator().manual_seed(seed)).to(
        dtype
    )


# ------------------------------------------------------------------------ against torch.nn, grid

OPTIONS = [
    {
        "padding_idx": p,
        "max_norm": m,
        "norm_type": n,
        "scale_grad_by_freq": f,
        "sparse": s,
    }
    for p, (m, n), f, s in itertools.product(
        [None, 0, -2],
        [(None, 2.0), (1.5, 2.0), (0.7, 1.0)],
        [False, True],
        [False, True],
    )
    if not (f and s)
]


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize(
    "options", OPTIONS, ids=lambda o: "-".join(str(v) for v in o.values())
)
def test_equals_torch(options, dtype):
    for shape, index_dtype in zip(SHAPES, itertools.cycle([torch.int64, torch.int32])):
        if shape == () and options["sparse"] and options["padding_idx"] is not None:
            continue  # PyTorch's own backward fails here: "too many indices for tensor"
        ours, theirs = pair(dtype=dtype, **options)
        ids = ids_of(shape, 7, index_dtype, seed=len(shape))
        before = ids.clone()
        (a, grad_a), (b, grad_b) = run(ours, ids), run(theirs, ids)
        assert torch.equal(ids, before)
        assert a.dtype == b.dtype and torch.equal(a, b)
        assert torch.equal(
            ours.weight, theirs.weight
        )  # max_norm: the same rows, rewritten
        assert grad_a.layout == grad_b.layout and grad_a.dtype == grad_b.dtype
        if options["sparse"]:
            assert grad_a.is_coalesced() == grad_b.is_coalesced()
            assert torch.equal(grad_a._indices(), grad_b._indices())
            assert torch.equal(grad_a._values(), grad_b._values())
        elif options["scale_grad_by_freq"] and dtype in (torch.float32, torch.float64):
            torch.testing.assert_close(
                grad_a, grad_b
            )  # PyTorch fuses scaling and adding
        else:
            assert torch.equal(grad_a, grad_b)


def test_random_shapes_and_options():
    rng = random.Random(0)
    for trial in range(150):
        rows, columns = rng.randint(1, 30), rng.randint(0, 9)
        options = {
            "padding_idx": rng.choice([None, rng.randrange(-rows, rows)]),
            "scale_grad_by_freq": rng.random() < 0.3,
            "dtype": rng.choice(DTYPES),
        }
        if columns:  # the norm of nothing is left to PyTorch
            options["max_norm"] = rng.choice([None, 0.5, 2, True])
            options["norm_type"] = rng.choice([1, 2, 3.0, float("inf")])
        shape = [rng.randint(0, 4) for _ in range(rng.randint(0, 3))]
        ours, theirs = pair(rows, columns, **options)
        ids = ids_of(shape, rows, rng.choice([torch.int32, torch.int64]), seed=trial)
        (a, grad_a), (b, grad_b) = run(ours, ids), run(theirs, ids)
        assert torch.equal(a, b) and torch.equal(ours.weight, theirs.weight)
        torch.testing.assert_close(grad_a, grad_b)


def test_order_of_sums_does_not_depend_on_threads():
    threads = torch.get_num_threads()
    ids = ids_of((3000,), 50)
    try:
        torch.set_num_threads(2)
        for dtype in DTYPES:
            ours, theirs = pair(50, 32, dtype=dtype)
            assert torch.equal(run(ours, ids)[1], run(theirs, ids)[1])
    finally:
        torch.set_num_threads(threads)


def test_sparse_gradient_of_a_single_index_beside_a_pad():
    for index, count in ((1, 1), (0, 0)):
        layer = Embedding(4, 2, padding_idx=0, sparse=True)
        layer(torch.tensor(index)).sum().backward()
        assert (
            layer.weight.grad._nnz() == count
            and layer.weight.grad.to_dense().sum() == 2 * count
        )


def test_sparse_gradient_comes_without_a_warning():
    code = (  # in a process of its own, for PyTorch warns only once in each
        "import torch; from embedlinear import Embedding\n"
        "Embedding(4, 2, sparse=True)(torch.tensor([1, 1])).sum().backward()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert "Warning" not in done.stderr


def test_non_contiguous_indices_and_weight():
    ours, theirs = pair()
    for ids in (ids_of((4, 6), 7).t()[::2], ids_of((1, 5), 7).expand(3, 5)):
        assert all(torch.equal(a, b) for a, b in zip(run(ours, ids), run(theirs, ids)))
    table = torch.randn(5, 7).t()
    ours, theirs = (
        E.from_pretrained(table, freeze=False) for E in (Embedding, nn.Embedding)
    )
    assert all(torch.equal(a, b) for a, b in zip(run(ours, ids), run(theirs, ids)))


def test_pad_row_starts_zero_and_never_learns():
    layer = Embedding(6, 4, padding_idx=-2)
    assert layer.padding_idx == 4
    assert layer.weight[4].eq(0).all() and layer.weight[:4].ne(0).all()
    _, gradient = run(layer, torch.tensor([4, 1, 4, 4]))
    assert gradient[4].eq(0).all() and gradient[1].ne(0).any()
    with torch.no_grad():
        layer.weight.fill_(1)
    layer.reset_parameters()
    assert layer.weight[4].eq(0).all() and layer.weight[0].ne(1).all()


def test_pad_gradient_is_zero_even_if_infinite():
    layer = Embedding(3, 2, padding_idx=1)
    layer(torch.tensor([1, 0])).backward(
        torch.tensor([[float("inf"), float("nan")], [1.0, 1.0]])
    )
    assert layer.weight.grad.tolist() == [[1, 1], [0, 0], [0, 0]]


def test_frequency_is_that_of_the_batch():
    layer = Embedding(4, 2, scale_grad_by_freq=True)
    layer(torch.tensor([[1, 1], [1, 3]])).backward(torch.ones(2, 2, 2))
    torch.testing.assert_close(
        layer.weight.grad[:, 0], torch.tensor([0.0, 1.0, 0.0, 1.0])
    )


def test_max_norm_rewrites_looked_up_rows_only():
    layer = Embedding(5, 3, max_norm=1.0)
    with torch.no_grad():
        layer.weight.copy_(torch.arange(15.0).view(5, 3))
    before, pointer = layer.weight.detach().clone(), layer.weight.data_ptr()
    out = layer(torch.tensor([4, 2, 4]))
    assert layer.weight.data_ptr() == pointer
    assert torch.equal(layer.weight[[0, 1, 3]], before[[0, 1, 3]])
    torch.testing.assert_close(out.norm(dim=1), torch.ones(3))
    torch.testing.assert_close(
        layer.weight[[2, 4]], nn.functional.normalize(before[[2, 4]])
    )


def test_max_norm_counts_as_an_inplace_change():
    for E in (nn.Embedding, Embedding):
        layer = E(3, 2, max_norm=1.0)
        product = layer.weight.pow(2).sum()
        layer(torch.tensor([0]))
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            product.backward()
        assert layer(torch.tensor([0])).requires_grad and layer.weight.is_leaf


def test_indices_changed_before_backward_are_noticed():
    layer, ids = Embedding(5, 3), torch.tensor([1, 2])
    out = layer(ids)
    ids.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        out.sum().backward()


def test_output_may_be_changed_in_place():
    for ids in (torch.tensor([1, 2]), torch.tensor([[1, 2], [2, 2]]), torch.tensor(1)):
        ours, theirs = pair()
        for layer in (ours, theirs):
            layer(ids).relu_().sum().backward()
        assert torch.equal(ours.weight.grad, theirs.weight.grad)


# ----------------------------------------------------------------------------------- optimisers


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize(
    "name", ["SGD", "Momentum", "Adam", "AdamW", "Adagrad", "SparseAdam"]
)
def test_twenty_optimiser_steps(name, sparse):
    if sparse != (name == "SparseAdam") and name in ("Adam", "AdamW", "SparseAdam"):
        pytest.skip("PyTorch has no such pair")
    make = {
        "Momentum": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9),
    }.get(name, lambda p: getattr(torch.optim, name)(p, lr=0.1))
    ours, theirs = pair(padding_idx=2, sparse=sparse)
    for layer in (ours, theirs):
        optimiser = make(layer.parameters())
        for step in range(20):
            optimiser.zero_grad()
            layer(ids_of((4, 3), 7, seed=step)).pow(2).sum().backward()
            optimiser.step()
    assert torch.equal(ours.weight, theirs.weight)
    assert ours.weight[2].eq(0).all()


# ----------------------------------------------------------------------------------- transforms


@pytest.mark.parametrize("by_frequency", [False, True])
def test_gradcheck(by_frequency):
    weight = torch.randn(5, 3, dtype=torch.float64, requires_grad=True)
    ids = torch.tensor([0, 1, 1, 4])

    def lookup(weight):
        return LookupBothModes.apply(weight, ids, None, by_frequency, False)

    if not by_frequency:  # scaled on purpose: then the gradient is not the derivative
        assert gradcheck(lookup, weight, check_forward_ad=True, check_batched_grad=True)
        assert gradgradcheck(
            lookup, weight, check_fwd_over_rev=True, check_rev_over_rev=True
        )

    def backward(upstream):
        out = lookup(weight)
        return torch.autograd.grad(out, weight, upstream, create_graph=True)[0]

    upstream = torch.randn(4, 3, dtype=torch.float64, requires_grad=True)
    assert gradcheck(backward, upstream)


def test_double_backward_leaves_out_the_pad():
    results = []
    for layer in pair(padding_idx=1, dtype=torch.float64):
        out = layer(torch.tensor([1, 2, 2]))
        (first,) = torch.autograd.grad(
            out.pow(3).sum(), layer.weight, create_graph=True
        )
        first.pow(2).sum().backward()
        results.append((first.detach(), layer.weight.grad))
    torch.testing.assert_close(results[0], results[1])


def test_sparse_double_backward():
    results = []
    for layer in pair(padding_idx=1, sparse=True):
        out = layer(torch.tensor([1, 2, 2]))
        (first,) = torch.autograd.grad(
            out.pow(3).sum(), layer.weight, create_graph=True
        )
        first.to_dense().pow(2).sum().backward()
        results.append(layer.weight.grad.to_dense())
    torch.testing.assert_close(*results)


def test_func_transforms():
    ids = torch.tensor([[1, 1, 0], [2, 5, 1]])
    results = []
    for layer in pair(padding_idx=0, scale_grad_by_freq=True):

        def loss(weight, ids, layer=layer):
            return functional_call(layer, {"weight": weight}, (ids,)).pow(2).sum()

        def plain(weight, ids, layer=layer):
            return functional_call(layer, {"weight": weight}, (ids,)).sum()

        weight = layer.weight.detach()
        many = torch.stack([weight, 2 * weight])
        results.append(
            (
                vmap(layer)(ids),
                vmap(grad(loss), (None, 0))(weight, ids),
                vmap(grad(plain), (None, 0))(weight, ids),
                vmap(grad(loss))(many, ids),
                vmap(loss, (0, None))(many, ids),
                jvp(lambda w: loss(w, ids), (weight,), (torch.ones_like(weight),)),
            )
        )
    torch.testing.assert_close(results[0], results[1])
    ours = pair()[0]
    assert (
        hessian(lambda w: functional_call(ours, {"weight": w}, (ids,)).sum())(
            ours.weight
        ).any()
        == 0
    )


def test_max_norm_is_not_differentiated_in_either_mode():
    results = []
    ids, weight = torch.tensor([1, 1, 2]), 3 * torch.ones(5, 3)
    for layer in pair(max_norm=1.0):

        def lookup(weight, layer=layer):
            return functional_call(layer, {"weight": weight}, (ids,))

        forward = jvp(lookup, (weight.clone(),), (torch.ones(5, 3),))
        leaf = weight.clone().requires_grad_()
        (reverse,) = torch.autograd.grad(lookup(2 * leaf).sum(), leaf)
        results.append([*forward, reverse])
    torch.testing.assert_close(*results)


def test_vmap_with_max_norm_says_no_as_pytorch_does():
    for layer in pair(max_norm=1.0):
        with pytest.raises(RuntimeError, match="vmap"):
            vmap(layer)(torch.tensor([[1, 2], [2, 3]]))


@pytest.mark.parametrize(
    "options",
    [{}, {"padding_idx": 1}, {"max_norm": 0.5}, {"scale_grad_by_freq": True}],
    ids=str,
)
def test_compile_and_export(options):
    ids = torch.tensor([[1, 1], [3, 2]])
    torch._dynamo.reset()
    ours, theirs = pair(**options)
    compiled = torch.compile(ours, backend="aot_eager", fullgraph=True)
    (a, _), (b, grad_b) = run(compiled, ids), run(theirs, ids)
    assert torch.equal(a, b) and torch.equal(ours.weight, theirs.weight)
    torch.testing.assert_close(ours.weight.grad, grad_b)
    program = torch.export.export(
        ours, (ids,), dynamic_shapes=({0: torch.export.Dim("n")},)
    )
    more = torch.tensor([[0, 6], [5, 2], [1, 1]])
    assert torch.equal(program.module()(more), theirs(more))


def test_compiled_sparse_works_outside_the_graph():
    torch._dynamo.reset()
    ours, theirs = pair(sparse=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run(torch.compile(ours, backend="eager"), torch.tensor([1, 2, 1]))
    assert torch.equal(
        ours.weight.grad.to_dense(), run(theirs, torch.tensor([1, 2, 1]))[1].to_dense()
    )


def test_autocast_leaves_a_lookup_alone():
    ours, theirs = pair()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        a, b = run(ours, torch.tensor([1, 1, 2])), run(theirs, torch.tensor([1, 1, 2]))
    assert (
        a[0].dtype == torch.float32
        and torch.equal(a[0], b[0])
        and torch.equal(a[1], b[1])
    )


# ----------------------------------------------------------------------------- the public surface


def test_signatures_are_those_of_torch():
    for name in ("__init__", "from_pretrained"):
        ours = inspect.signature(getattr(Embedding, name)).parameters
        theirs = inspect.signature(getattr(nn.Embedding, name)).parameters
        assert [(p.name, p.default) for p in ours.values()] == [
            (p.name, p.default) for p in theirs.values()
        ]
    assert list(inspect.signature(Embedding.forward).parameters) == ["self", "input"]
    assert Embedding.__constants__ == nn.Embedding.__constants__
    assert not issubclass(Embedding, nn.Embedding)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"padding_idx": 0},
        {"padding_idx": -1, "max_norm": 1},
        {
            "max_norm": True,
            "norm_type": 1.0,
            "scale_grad_by_freq": True,
            "sparse": True,
        },
    ],
    ids=str,
)
def test_repr_attributes_state_pickle_and_copy(options):
    ours, theirs = pair(**options)
    assert repr(ours) == repr(theirs)
    for name in nn.Embedding.__constants__:
        assert getattr(ours, name) == getattr(theirs, name)
    assert set(vars(ours)) == set(vars(theirs))
    theirs.load_state_dict(ours.state_dict())
    ours.load_state_dict(nn.Embedding(7, 5).state_dict())
    ours.load_state_dict(theirs.state_dict())
    for again in (copy.deepcopy(ours), pickle.loads(pickle.dumps(ours))):
        assert repr(again) == repr(ours) and torch.equal(again.weight, ours.weight)
        assert again.weight.data_ptr() != ours.weight.data_ptr()
        assert type(again) is Embedding and again.weight.requires_grad


def test_dtype_device_and_meta():
    layer = Embedding(
        4, 2, device="meta", dtype=torch.float64, padding_idx=1, max_norm=1.0
    )
    assert layer.weight.is_meta and layer.weight.dtype == torch.float64
    assert layer(torch.zeros(3, dtype=torch.long, device="meta")).shape == (3, 2)
    assert layer.to_empty(device="cpu")(torch.tensor([1])).shape == (1, 2)
    assert Embedding(4, 2).half().weight.dtype == torch.float16


def test_from_pretrained():
    table = torch.randn(4, 3)
    before = table.clone()
    layer = Embedding.from_pretrained(table, padding_idx=1)
    assert layer.weight.data_ptr() == table.data_ptr() and torch.equal(table, before)
    assert not layer.weight.requires_grad and (
        layer.num_embeddings,
        layer.embedding_dim,
    ) == (4, 3)
    options = (False, -1, 2.0, 1.0, True, False)
    ours = Embedding.from_pretrained(table, *options)
    theirs = nn.Embedding.from_pretrained(table, *options)
    assert repr(ours) == repr(theirs) and ours.weight.requires_grad

    class Child(Embedding):
        pass

    assert type(Child.from_pretrained(table)) is Child
    assert Embedding.from_pretrained(torch.arange(6).view(3, 2))(
        torch.tensor(2)
    ).tolist() == [4, 5]


# ---------------------------------------------------------------------------------------- errors


def says(error, *words):
    for word in words:
        assert word in str(error.value), str(error.value)
    assert "\n" not in str(error.value)


def test_index_out_of_range_says_which_where_and_how_many():
    layer = Embedding(10, 3)
    with pytest.raises(IndexError) as error:
        layer(torch.tensor([[1, 2, 3], [4, 12, 15]]))
    says(
        error,
        "index out of range in self",
        "input[1, 1] = 12",
        "(1, 1)",
        "num_embeddings=10",
    )
    says(error, "0..9", "16 or more", "vocabulary")
    with pytest.raises(IndexError) as error:
        layer(torch.tensor(-1, dtype=torch.int32))
    says(
        error,
        "index out of range in self",
        "input = -1",
        "position ()",
        "0..9",
        "padding_idx",
    )
    with pytest.raises(IndexError) as error:
        layer(torch.tensor([9, 10]))
    says(error, "input[1] = 10")
    with pytest.raises(IndexError) as error:
        Embedding(0, 3)(torch.tensor([0]))
    says(error, "no rows")
    with pytest.raises(IndexError):
        Embedding(3, 0)(torch.tensor([3]))
    assert layer(torch.tensor([0, 9])).shape == (2, 3)


def test_index_out_of_range_inside_vmap():
    with pytest.raises(IndexError, match=r"input\[1, 0\] = 7"):
        vmap(Embedding(5, 3))(torch.tensor([[1, 2], [7, 2]]))


def test_range_check_can_be_switched_off_and_comes_back():
    layer, bad = Embedding(3, 2, max_norm=0.1), torch.tensor([5])
    with index_check(False):
        with pytest.raises(IndexError) as error:
            layer(bad)
        assert "num_embeddings" not in str(error.value)  # PyTorch's own words only
        with index_check(True), pytest.raises(IndexError, match="num_embeddings"):
            layer(bad)
        assert not index_check.enabled
    assert index_check.enabled
    index_check(False)
    assert (
        not index_check.enabled
        and repr(index_check(True)) == "index_check(enabled=True)"
    )
    with pytest.raises(IndexError, match="num_embeddings"):
        layer(bad)


@pytest.mark.parametrize(
    "dtype",
    [torch.float32, torch.float64, torch.bool, torch.uint8, torch.int8, torch.int16],
    ids=str,
)
def test_index_dtype(dtype):
    with pytest.raises(RuntimeError) as error:
        Embedding(10, 3)(torch.zeros(2, dtype=dtype))
    says(
        error,
        "Expected tensor for argument #1 'indices' to have one of the following scalar",
    )
    says(error, "Long, Int", str(dtype), "input.long()")


def test_other_wrong_inputs():
    for value in ([1, 2], 3, None):
        with pytest.raises(TypeError) as error:
            Embedding(4, 3)(value)
        says(error, "'input' must be Tensor", type(value).__name__, "torch.tensor")
    for shape in ((3,), (3, 3, 3)):
        layer = Embedding(4, 3)
        layer.weight = nn.Parameter(torch.zeros(shape))
        with pytest.raises(RuntimeError) as error:
            layer(torch.tensor([1]))
        says(error, "'weight' must be 2-D", str(shape))


@pytest.mark.parametrize(
    "sizes", [(-1, 3), (3, -1), (2.0, 3), (3, "2"), (True, 3), (3, None)]
)
def test_wrong_sizes(sizes):
    with pytest.raises((TypeError, RuntimeError)) as theirs:
        nn.Embedding(*sizes)
    with pytest.raises(type(theirs.value)) as ours:
        Embedding(*sizes)
    says(ours, "num_embeddings" if sizes[1] == 3 else "embedding_dim")
    if -1 in sizes:
        says(
            ours,
            f"Trying to create tensor with negative dimension -1: [{sizes[0]}, {sizes[1]}]",
        )


@pytest.mark.parametrize(
    "padding_idx, expected",
    [(4, AssertionError), (-5, AssertionError), (9.5, IndexError), (1.0, IndexError),
     ("1", TypeError), (True, TypeError)],
)  # fmt: skip
def test_wrong_padding_idx(padding_idx, expected):
    with pytest.raises(expected) as error:
        Embedding(4, 3, padding_idx=padding_idx)
    says(error, "padding_idx")
    if expected is AssertionError:
        says(
            error, "Padding_idx must be within num_embeddings", str(padding_idx), "0..3"
        )
    with pytest.raises(IndexError):
        Embedding(0, 3, padding_idx=0)
    layer = Embedding(4, 3)
    layer.padding_idx = padding_idx
    with pytest.raises(expected):
        layer(torch.tensor([1]))


def test_padding_idx_may_be_any_integer():
    import numpy

    layer = Embedding(4, 3, padding_idx=numpy.int64(-1))
    assert layer.padding_idx == 3 and type(layer.padding_idx) is int
    layer.padding_idx = -4
    assert run(layer, torch.tensor([0, 1]))[1][0].eq(0).all()


def test_wrong_tables():
    with pytest.raises(AssertionError) as error:
        Embedding.from_pretrained(torch.zeros(3))
    says(
        error,
        "Embeddings parameter is expected to be 2-dimensional",
        "(3,)",
        "unsqueeze",
    )
    for value in ([[1.0]], torch.zeros(2, 2).numpy()):
        for expected in (
            TypeError,
            AttributeError,
        ):  # what it means, and what PyTorch raises
            with pytest.raises(expected) as error:
                Embedding.from_pretrained(value)
        says(error, "embeddings must be a Tensor", type(value).__name__)
    with pytest.raises(RuntimeError) as error:
        Embedding.from_pretrained(torch.zeros(3, 2, dtype=torch.int64), freeze=False)
    says(error, "Only Tensors of floating point", "torch.int64", ".float()")
    with pytest.raises(AssertionError) as error:
        Embedding(3, 2, _weight=torch.zeros(2, 3))
    says(
        error,
        "Shape of weight does not match num_embeddings and embedding_dim",
        "(2, 3)",
    )
    layer = Embedding(3, 2, _weight=torch.ones(3, 2), _freeze=True, padding_idx=0)
    assert not layer.weight.requires_grad and layer.weight.eq(1).all()
    assert not Embedding(3, 2, _freeze=True).weight.requires_grad


def test_sparse_with_frequency_is_refused_in_backward():
    for layer in pair(sparse=True, scale_grad_by_freq=True):
        out = layer(torch.tensor([1, 1]))
        with pytest.raises(
            RuntimeError, match="scale_grad_by_freq not supported with sparse"
        ):
            out.sum().backward()


# ------------------------------------------------------------------------ any bad input at all

shapes = st.lists(st.integers(0, 3), max_size=3)


@st.composite
def bad_inputs(draw):
    """An input for Embedding(6, ...) and the exception that it must end in."""
    kind = draw(st.sampled_from(["range", "dtype", "type"]))
    if kind == "type":
        return draw(
            st.one_of(st.none(), st.integers(), st.text(), st.lists(st.integers()))
        ), TypeError
    if kind == "dtype":
        wrong = [torch.float16, torch.float32, torch.float64, torch.bool, torch.uint8, torch.int8,
                 torch.int16, torch.complex64]  # fmt: skip
        return torch.zeros(
            draw(shapes), dtype=draw(st.sampled_from(wrong))
        ), RuntimeError
    dtype = draw(st.sampled_from([torch.int32, torch.int64]))
    limit = torch.iinfo(dtype).max
    ids = draw(st.lists(st.integers(0, 5), min_size=1, max_size=12))
    bad = draw(st.one_of(st.integers(-limit - 1, -1), st.integers(6, limit)))
    ids[draw(st.integers(0, len(ids) - 1))] = bad
    ids = torch.tensor(ids, dtype=dtype)
    if draw(st.booleans()):
        ids = ids.reshape(1, -1, 1)
    return ids, IndexError


@settings(max_examples=150, deadline=None)
@given(bad_inputs(), st.booleans())
def test_every_bad_input_ends_in_its_exception_and_changes_nothing(case, shorten):
    value, expected = case
    layer = Embedding(6, 3, max_norm=0.01 if shorten else None)
    before = layer.weight.detach().clone()
    with pytest.raises(expected) as error:
        layer(value)
    assert torch.equal(layer.weight, before) and layer.weight.grad is None
    if expected is IndexError:
        first = next(v for v in value.flatten().tolist() if not 0 <= v < 6)
        place = (value == first).nonzero()[0].tolist()
        says(error, f"input[{', '.join(map(str, place))}] = {first} ", "0..5")


@settings(max_examples=80, deadline=None)
@given(
    st.one_of(
        st.integers(-9, -1), st.floats(), st.booleans(), st.text(max_size=2), st.none()
    ),
    st.booleans(),
)
def test_every_bad_size_ends_in_its_exception(value, first):
    expected = RuntimeError if type(value) is int else TypeError
    with pytest.raises(expected):
        Embedding(value, 3) if first else Embedding(3, value)


@settings(max_examples=80, deadline=None)
@given(
    st.one_of(
        st.integers(4), st.integers(max_value=-5), st.floats(), st.booleans(), st.text()
    )
)
def test_every_bad_padding_idx_ends_in_its_exception(value):
    by_type = {int: AssertionError, float: IndexError, bool: TypeError, str: TypeError}
    with pytest.raises(by_type[type(value)]):
        Embedding(4, 3, padding_idx=value)
