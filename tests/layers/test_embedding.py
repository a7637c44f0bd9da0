"""Embedding against torch.nn.Embedding: each option, alone and with the others."""

import functools
import itertools
import warnings

import pytest
import torch
from torch import nn
from torch.func import functional_call, jvp, vmap
from torch.nn.utils import parametrizations

from embedlinear import Embedding
from tests.layers import twins
from tests.layers.twins import DTYPES, step

SHAPES = [(), (0,), (1,), (9,), (40,), (2, 0, 3), (4, 5), (2, 3, 2)]
NORMS = [(None, 2), (1.5, 2.0), (0.7, 1), (True, 3.0), (0.5, float("inf"))]
pair = functools.partial(twins.pair, Embedding, nn.Embedding)


def ids_of(shape, rows=7, dtype=torch.int64):
    return torch.randint(rows, shape, generator=torch.Generator().manual_seed(7)).to(
        dtype
    )


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("max_norm, norm_type", NORMS)
@pytest.mark.parametrize("padding_idx", [None, 0, -2])
@pytest.mark.parametrize("gradient", [None, "scale_grad_by_freq", "sparse"])
def test_equals_torch(gradient, padding_idx, max_norm, norm_type, dtype):
    options = {"padding_idx": padding_idx, "max_norm": max_norm, "norm_type": norm_type}
    options |= {"dtype": dtype} | ({gradient: True} if gradient else {})
    for shape, index_dtype in zip(SHAPES, itertools.cycle([torch.int64, torch.int32])):
        if shape == () and gradient == "sparse" and padding_idx is not None:
            continue  # PyTorch's own backward fails here: "too many indices for tensor"
        ours, theirs = pair(7, 5, **options)
        ids = ids_of(shape, dtype=index_dtype).transpose(0, -1)  # not contiguous
        before = ids.clone()
        (a, grad_a), (b, grad_b) = step(ours, ids), step(theirs, ids)
        assert torch.equal(ids, before)
        assert a.dtype == b.dtype and torch.equal(a, b)
        assert torch.equal(ours.weight, theirs.weight)  # max_norm: the same rows
        assert grad_a.layout == grad_b.layout and grad_a.dtype == grad_b.dtype
        if gradient == "sparse":
            assert grad_a.is_coalesced() == grad_b.is_coalesced()
            assert torch.equal(grad_a._indices(), grad_b._indices())
            assert torch.equal(grad_a._values(), grad_b._values())
        elif gradient and dtype.itemsize > 2:
            torch.testing.assert_close(
                grad_a, grad_b
            )  # PyTorch fuses scaling and adding
        else:
            assert torch.equal(grad_a, grad_b)


def test_order_of_sums_on_a_cpu_does_not_depend_on_threads():
    threads, ids = torch.get_num_threads(), ids_of((3000,), 50)
    try:
        torch.set_num_threads(2)
        for dtype in DTYPES:
            ours, theirs = pair(50, 32, dtype=dtype)
            assert torch.equal(step(ours, ids)[1], step(theirs, ids)[1])
    finally:
        torch.set_num_threads(threads)


def test_pad_row_starts_zero_and_never_learns():
    layer = Embedding(6, 4, padding_idx=-2)
    assert layer.padding_idx == 4
    assert layer.weight[4].eq(0).all() and layer.weight[:4].ne(0).all()
    nn.init.ones_(layer.weight)
    layer.reset_parameters()
    assert layer.weight[4].eq(0).all() and layer.weight[0].ne(1).all()
    upstream = torch.tensor([[float("inf"), float("nan")], [1.0, 1.0]])
    layer = Embedding(3, 2, padding_idx=1)
    layer(torch.tensor([1, 0])).backward(upstream)
    assert layer.weight.grad.tolist() == [[1, 1], [0, 0], [0, 0]]


def test_sparse_gradient_comes_without_a_warning_or_a_pad():
    always = torch.is_warn_always_enabled()
    try:
        torch.set_warn_always(True)  # else PyTorch warns only once in a process
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for index, count in ((1, 1), (0, 0)):
                layer = Embedding(4, 2, padding_idx=0, sparse=True)
                layer(torch.tensor(index)).sum().backward()
                assert layer.weight.grad._nnz() == count
                assert layer.weight.grad.to_dense().sum() == 2 * count
    finally:
        torch.set_warn_always(always)


def test_frequency_is_that_of_a_call_and_may_exceed_the_largest_half():
    layer = Embedding(4, 2, scale_grad_by_freq=True)
    layer(torch.tensor([[1, 1], [1, 3]])).backward(torch.ones(2, 2, 2))
    torch.testing.assert_close(layer.weight.grad[:, 0], torch.tensor([0.0, 1, 0, 1]))
    layer(torch.tensor([1])).sum().backward()
    torch.testing.assert_close(layer.weight.grad[1, 0], torch.tensor(2.0))
    ids = torch.zeros(70_000, dtype=torch.int64)  # more than 65,504
    layers = pair(2, 1, scale_grad_by_freq=True, dtype=torch.float16)
    for layer in layers:
        layer(ids).backward(torch.ones(70_000, 1, dtype=torch.float16))
    ours, theirs = (layer.weight.grad for layer in layers)
    assert torch.equal(ours, theirs) and ours[0] > 0


def test_max_norm_rewrites_looked_up_rows_only():
    layer = Embedding(5, 3, max_norm=1.0)
    with torch.no_grad():
        layer.weight.copy_(torch.arange(15.0).view(5, 3))
    before, pointer = layer.weight.detach().clone(), layer.weight.data_ptr()
    layer(torch.tensor([4, 2, 4]))
    assert layer.weight.data_ptr() == pointer
    assert torch.equal(layer.weight[[0, 1, 3]], before[[0, 1, 3]])
    expected = nn.functional.normalize(before[[2, 4]])
    torch.testing.assert_close(layer.weight[[2, 4]], expected)


def test_max_norm_is_neither_reached_nor_kept_exactly():
    """The factor is max_norm / (norm + 1e-7), and the product is rounded."""
    for limit, share in ((1e-4, 0.9999), (1e-6, 0.9901)):
        for cls in (Embedding, nn.Embedding):  # a row ten times as long as the limit
            table = torch.tensor([[10 * limit, 0.0]])
            row = cls.from_pretrained(table, max_norm=limit)(torch.tensor([0]))
            assert row[0, 0].item() == pytest.approx(share * limit, rel=1e-5)
    ours, theirs = pair(1000, 50, max_norm=1.0, dtype=torch.bfloat16)
    first = ours(torch.arange(1000)).detach().clone()
    assert 1.001 < first.double().norm(dim=1).max() < 1.01
    assert torch.equal(first, theirs(torch.arange(1000)))
    assert not torch.equal(ours(torch.arange(1000)), first)  # some are shortened again


def test_max_norm_holds_for_a_weight_that_is_computed():
    results = []
    for layer in pair(4, 3, max_norm=0.5):
        layer = parametrizations.weight_norm(layer, dim=0)
        results.append(step(layer, torch.tensor([1, 2, 1])))
    assert results[0][0].norm(dim=1).max() < 0.51
    assert all(map(torch.equal, *results))


@pytest.mark.filterwarnings("ignore:There is a performance drop")
def test_max_norm_and_autograd():
    """It counts as an in-place change, is not differentiated, and vmap refuses it."""
    results = []
    ids, weight = torch.tensor([1, 1, 2]), 3 * torch.ones(5, 3)
    for layer in pair(5, 3, max_norm=1.0):
        product = layer.weight.pow(2).sum()
        assert layer(ids).requires_grad and layer.weight.is_leaf
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            product.backward()

        def lookup(weight, layer=layer):
            return functional_call(layer, {"weight": weight}, (ids,))

        forward = jvp(lookup, (weight.clone(),), (torch.ones(5, 3),))
        leaf = weight.clone().requires_grad_()
        reverse = torch.autograd.grad(lookup(2 * leaf).sum(), leaf)
        results.append([*forward, *reverse])
        with pytest.raises(RuntimeError, match="vmap"):
            vmap(layer)(torch.tensor([[1, 2], [2, 3]]))
    torch.testing.assert_close(*results)


def test_indices_changed_before_backward_are_noticed():
    layer, ids = Embedding(5, 3), torch.tensor([1, 2])
    out = layer(ids)
    ids.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        out.sum().backward()


def test_a_complex_table_learns():
    """It is the one thing that PyTorch's layer refuses and this one does."""
    ours, theirs = pair(3, 2, dtype=torch.complex64)
    assert step(ours, torch.tensor([1]))[1][1].ne(0).all()
    with pytest.raises(RuntimeError, match="complex"):
        step(theirs, torch.tensor([1]))


def test_from_pretrained():
    table = torch.randn(4, 3)
    before = table.clone()
    layer = Embedding.from_pretrained(table, padding_idx=1)
    assert layer.weight.data_ptr() == table.data_ptr() and torch.equal(table, before)
    assert not layer.weight.requires_grad
    assert (layer.num_embeddings, layer.embedding_dim) == (4, 3)
    options = (table.t(), False, -1, 2.0, 1.0, True, False)  # not contiguous
    ours, theirs = (cls.from_pretrained(*options) for cls in (Embedding, nn.Embedding))
    assert repr(ours) == repr(theirs) and ours.weight.requires_grad
    ids = torch.tensor([1, 0, 1])
    torch.testing.assert_close(step(ours, ids), step(theirs, ids))

    class Child(Embedding):
        pass

    assert type(Child.from_pretrained(table)) is Child
    whole = Embedding.from_pretrained(torch.arange(6).view(3, 2))
    assert whole(torch.tensor(2)).tolist() == [4, 5]
    given = Embedding(3, 2, _weight=torch.ones(3, 2), _freeze=True, padding_idx=0)
    assert not given.weight.requires_grad and given.weight.eq(1).all()
    assert not Embedding(3, 2, _freeze=True).weight.requires_grad
