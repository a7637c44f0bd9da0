"""One map, two layers: conversions, and the comparison that proves it."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from embedlinear import (
    Embedding,
    Linear,
    compare,
    embedding_from_linear,
    linear_from_embedding,
    one_hot,
)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_equal_outputs_and_gradients(data):
    rows, columns = data.draw(st.integers(1, 8)), data.draw(st.integers(1, 5))
    padding_idx = data.draw(st.one_of(st.none(), st.integers(-rows, rows - 1)))
    index_dtype = data.draw(st.sampled_from([torch.int32, torch.int64]))
    dtype = data.draw(
        st.sampled_from([torch.float16, torch.bfloat16, torch.float32, torch.float64])
    )
    indices = data.draw(st.lists(st.integers(0, rows - 1), max_size=9))
    embedding = Embedding(
        rows,
        columns,
        padding_idx=padding_idx,
        max_norm=data.draw(st.sampled_from([None, 0.7])),
        sparse=data.draw(st.booleans()),
        dtype=dtype,
    )
    with torch.no_grad():  # a pad that is not zero, too
        embedding.weight += data.draw(st.sampled_from([0.0, 0.5]))
    before = embedding.weight.detach().clone()
    linear = linear_from_embedding(embedding)
    result = compare(embedding, linear, torch.tensor(indices, dtype=index_dtype))
    assert result.equal and result.output_difference == result.grad_difference == 0.0
    assert result.embedding_grad.shape == result.linear_grad.shape == (rows, columns)
    assert result.embedding_output.shape == (len(indices), columns)
    assert torch.equal(
        embedding.weight, before
    )  # max_norm included: only copies were touched
    assert embedding.weight.grad is None and linear.weight.grad is None


def test_gradients_are_the_ones_that_training_would_see():
    torch.manual_seed(0)
    embedding = Embedding(6, 3, padding_idx=2)
    linear = linear_from_embedding(embedding)
    indices, upstream = torch.tensor([[1, 1], [2, 5]]), torch.randn(2, 2, 3)
    result = compare(embedding, linear, indices, upstream)
    embedding(indices).backward(upstream)
    assert torch.equal(result.embedding_grad, embedding.weight.grad)
    linear(one_hot(indices, 6, dtype=torch.float32)).backward(upstream)
    plain = linear.weight.grad.T
    torch.testing.assert_close(result.pad_grad, plain[2])
    assert plain[2].ne(0).any() and result.linear_grad[2].eq(0).all()
    torch.testing.assert_close(result.pad_grad, upstream[1, 0])
    keep = [0, 1, 3, 4, 5]
    torch.testing.assert_close(result.linear_grad[keep], plain[keep])
    assert result.grad_difference < 1e-6


def test_without_padding_there_is_no_pad_gradient():
    embedding = Embedding(4, 2)
    assert (
        compare(embedding, linear_from_embedding(embedding), torch.tensor([1])).pad_grad
        is None
    )


def test_a_difference_is_seen():
    embedding = Embedding(4, 2)
    linear = linear_from_embedding(embedding)
    with torch.no_grad():
        linear.weight[1, 3] += 0.25
    result = compare(embedding, linear, torch.tensor([[0], [3]]))
    assert not result.equal and result.output_difference == pytest.approx(0.25)
    assert result.grad_difference == 0.0
    scaled = Embedding(4, 2, scale_grad_by_freq=True)
    result = compare(scaled, linear_from_embedding(scaled), torch.tensor([3, 3]))
    assert (
        result.output_difference == 0.0
        and result.grad_difference > 0
        and not result.equal
    )
    empty = compare(embedding, linear, torch.zeros(0, dtype=torch.long))
    assert empty.equal and empty.output_difference == 0.0


def test_compare_takes_pytorchs_layers_and_frozen_ones():
    embedding = nn.Embedding(5, 3, padding_idx=0)
    linear = nn.Linear(5, 3, bias=False)
    with torch.no_grad():
        linear.weight.copy_(embedding.weight.T)
    embedding.requires_grad_(False)
    with torch.no_grad():
        assert compare(embedding, linear, torch.tensor([0, 4, 4])).equal


def test_linear_from_embedding_copies():
    state = torch.get_rng_state()
    embedding = Embedding(4, 2, dtype=torch.float64)
    torch.set_rng_state(state)
    torch.manual_seed(7)
    expected = torch.rand(1)
    torch.manual_seed(7)
    linear = linear_from_embedding(embedding)
    assert torch.equal(torch.rand(1), expected)  # no random number was drawn
    assert isinstance(linear, Linear) and linear.bias is None
    assert (linear.in_features, linear.out_features) == (4, 2)
    assert linear.weight.dtype == torch.float64 and linear.weight.is_contiguous()
    assert (
        torch.equal(linear.weight.T, embedding.weight) and linear.weight.requires_grad
    )
    with torch.no_grad():
        linear.weight.zero_()
    assert embedding.weight.ne(0).all()
    frozen = Embedding.from_pretrained(torch.randn(4, 2))
    assert not linear_from_embedding(frozen).weight.requires_grad


def test_linear_from_embedding_with_max_norm_holds_what_lookups_return():
    embedding = Embedding(5, 3, max_norm=0.5)
    before = embedding.weight.detach().clone()
    linear = linear_from_embedding(embedding)
    assert torch.equal(embedding.weight, before)
    assert torch.equal(linear.weight.T, embedding(torch.arange(5)))


def test_embedding_from_linear():
    linear = Linear(4, 2, bias=False)
    embedding = embedding_from_linear(linear, padding_idx=-1)
    assert isinstance(embedding, Embedding) and embedding.padding_idx == 3
    assert (
        torch.equal(embedding.weight, linear.weight.T)
        and embedding.weight.is_contiguous()
    )
    assert embedding.weight.requires_grad
    assert compare(embedding, linear, torch.tensor([0, 3, 3])).equal
    with torch.no_grad():
        embedding.weight.zero_()
    assert linear.weight.ne(0).all()
    linear.requires_grad_(False)
    assert not embedding_from_linear(linear).weight.requires_grad


def test_bias_is_refused_or_folded_in():
    linear = Linear(4, 2)
    with pytest.raises(ValueError) as error:
        embedding_from_linear(linear)
    for word in ("bias", "bias=False", "fold_bias=True"):
        assert word in str(error.value)
    before = linear.weight.detach().clone()
    embedding = embedding_from_linear(linear, fold_bias=True)
    assert torch.equal(linear.weight, before)
    indices = torch.tensor([[0, 3]])
    torch.testing.assert_close(embedding(indices), linear(one_hot(indices, 4).float()))


def test_compare_refuses_layers_that_do_not_fit():
    with pytest.raises(ValueError) as error:
        compare(Embedding(4, 2), Linear(2, 4, bias=False), torch.tensor([0]))
    for word in ("(4, 2)", "(2, 4)", "linear_from_embedding"):
        assert word in str(error.value)
    embedding = Embedding(4, 2)
    with pytest.raises(IndexError, match="num_embeddings=4"):
        compare(embedding, linear_from_embedding(embedding), torch.tensor([4]))
