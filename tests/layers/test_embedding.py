"""Embedding against torch.nn.Embedding: each option, alone and with the others."""

import functools
import itertools
import warnings

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations

from embedlinear import Embedding
from tests.layers import twins
from tests.layers.twins import DTYPES, step

SHAPES = [(), (0,), (40,), (4, 5), (2, 3, 2)]
NORMS = [(None, 2), (1.5, 2.0), (0.7, 1), (True, 3.0), (0.5, float("inf"))]
pair = functools.partial(twins.pair, Embedding, nn.Embedding)


def ids_of(shape, rows=7, dtype=torch.int64):
    torch.manual_seed(7)
    return torch.randint(rows, shape, dtype=dtype)


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
        elif gradient and dtype.itemsize > 2:  # PyTorch fuses scaling and adding
            torch.testing.assert_close(grad_a, grad_b)
        else:
            assert torch.equal(grad_a, grad_b)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_order_of_sums_on_a_cpu_does_not_depend_on_threads(dtype):
    threads, ids = torch.get_num_threads(), ids_of((100_000,), 5)  # they share rows
    torch.set_num_threads(2)
    ours, theirs = (step(layer, ids) for layer in pair(5, 32, dtype=dtype))
    torch.set_num_threads(threads)
    assert all(map(torch.equal, ours, theirs))


def test_pad_row_is_zero_after_a_reset_and_never_learns():
    layer = Embedding(3, 2, padding_idx=-2)
    nn.init.ones_(layer.weight)
    layer.reset_parameters()
    assert layer.padding_idx == 1 and not layer.weight[1].any()
    upstream = torch.tensor([[float("inf"), float("nan")], [1.0, 1.0]])
    layer(torch.tensor([1, 0])).backward(upstream)
    assert layer.weight.grad.tolist() == [[1, 1], [0, 0], [0, 0]]


def test_sparse_gradient_comes_without_a_warning_or_a_pad():
    warns_always = torch.is_warn_always_enabled()
    torch.set_warn_always(True)  # else PyTorch warns only once in a process
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for index in (0, 1):
            layer = Embedding(4, 2, padding_idx=0, sparse=True)
            layer(torch.tensor(index)).sum().backward()
            assert layer.weight.grad._nnz() == index
            assert layer.weight.grad.to_dense().sum() == 2 * index
    torch.set_warn_always(warns_always)


def test_frequency_is_that_of_a_call_and_may_exceed_the_largest_half():
    layer = Embedding(4, 2, scale_grad_by_freq=True)
    for ids in ([[1, 1], [1, 3]], [[1]]):
        layer(torch.tensor(ids)).sum().backward()
    torch.testing.assert_close(layer.weight.grad[:, 0], torch.tensor([0.0, 2, 0, 1]))
    ids = torch.zeros(70_000, dtype=torch.int64)  # more than 65,504
    grads = []
    for layer in pair(2, 1, scale_grad_by_freq=True, dtype=torch.float16):
        layer(ids).sum(1).backward(torch.ones(70_000, dtype=torch.float16))
        grads.append(layer.weight.grad)
    assert torch.equal(*grads) and grads[0][0] > 0


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


def test_changes_in_place_are_noticed():
    for layer in pair(5, 3, max_norm=1.0):  # it changes the weight in place
        product = layer.weight.pow(2).sum()
        assert layer(torch.tensor([1])).requires_grad and layer.weight.is_leaf
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            product.backward()
    layer, ids = Embedding(5, 3), torch.tensor([1, 2])
    out = layer(ids)
    ids.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        out.sum().backward()


def test_a_complex_table_learns_which_pytorch_refuses():
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
    options = (table.t(), False, -1, 2.0, 1.0, True, False)  # not contiguous
    ours, theirs = (cls.from_pretrained(*options) for cls in (Embedding, nn.Embedding))
    assert repr(ours) == repr(theirs) and ours.weight.requires_grad
    ids = torch.tensor([1, 0, 1])
    torch.testing.assert_close(step(ours, ids), step(theirs, ids))
    child = type("Child", (Embedding,), {})
    assert type(child.from_pretrained(table)) is child
    given = Embedding(3, 2, _weight=torch.ones(3, 2), padding_idx=0)
    assert given.weight.requires_grad and given.weight.eq(1).all()
    assert not Embedding(3, 2, _freeze=True).weight.requires_grad
