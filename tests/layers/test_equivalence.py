"""One map, two layers: conversions, and the comparison that proves it."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from embedlinear import Embedding, Linear, one_hot
from embedlinear.equivalence import (
    compare,
    embedding_from_linear,
    linear_from_embedding,
)
from tests.layers.twins import DTYPES, says


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_equal_outputs_and_gradients(data):
    draw = data.draw
    rows, columns = draw(st.integers(1, 8)), draw(st.integers(1, 5))
    options = {
        "padding_idx": draw(st.none() | st.integers(-rows, rows - 1)),
        "max_norm": draw(st.sampled_from([None, 0.7])),
        "sparse": draw(st.booleans()),
        "dtype": draw(st.sampled_from(DTYPES)),
    }
    layers = st.sampled_from([Embedding, nn.Embedding])
    embedding = draw(layers)(rows, columns, **options)
    embedding.requires_grad_(draw(st.booleans()))
    with torch.no_grad():  # a pad that is not zero, too
        embedding.weight += draw(st.sampled_from([0.0, 0.5]))
    before = embedding.weight.detach().clone()
    linear = linear_from_embedding(embedding)
    values = draw(st.lists(st.integers(0, rows - 1), max_size=9))
    indices = torch.tensor(values).to(draw(st.sampled_from([torch.int32, torch.int64])))
    result = compare(embedding, linear, indices)
    assert result.equal and result.output_difference == result.grad_difference == 0.0
    assert result.embedding_grad.shape == result.linear_grad.shape == (rows, columns)
    assert result.embedding_output.shape == (len(indices), columns)
    assert torch.equal(embedding.weight, before)  # max_norm touched a copy only
    assert embedding.weight.grad is None and linear.weight.grad is None
    assert torch.equal(linear.weight.T, embedding(torch.arange(rows)))
    assert linear.weight.requires_grad == embedding.weight.requires_grad


def test_gradients_are_the_ones_that_training_would_see():
    embedding, linear = Embedding(6, 3, padding_idx=2), nn.Linear(6, 3, bias=False)
    linear.load_state_dict({"weight": embedding.weight.T})
    indices, upstream = torch.tensor([[1, 1], [2, 5]]), torch.randn(2, 2, 3)
    result = compare(embedding, linear, indices, upstream)
    embedding(indices).backward(upstream)
    assert torch.equal(result.embedding_grad, embedding.weight.grad)
    linear(one_hot(indices, 6, dtype=torch.float32)).backward(upstream)
    plain = linear.weight.grad.T
    torch.testing.assert_close(result.pad_grad, plain[2])
    others = torch.tensor([0, 1, 3, 4, 5])
    torch.testing.assert_close(result.linear_grad[others], plain[others])


def test_a_difference_is_seen():
    embedding = Embedding(4, 2)
    linear = linear_from_embedding(embedding)
    with torch.no_grad():
        linear.weight[1, 3] += 0.25
    result = compare(embedding, linear, torch.tensor([[0], [3]]))
    assert not result.equal and result.output_difference == pytest.approx(0.25)
    assert result.grad_difference == 0.0 and result.pad_grad is None
    scaled = Embedding(4, 2, scale_grad_by_freq=True)
    result = compare(scaled, linear_from_embedding(scaled), torch.tensor([3, 3]))
    assert result.output_difference == 0.0 and result.grad_difference > 0
    assert not result.equal


def test_equal_is_equality_of_values():
    table = torch.tensor([[-0.0, 1.0], [2.0, 3.0]])
    embedding = Embedding.from_pretrained(table, freeze=False)
    result = compare(embedding, linear_from_embedding(embedding), torch.tensor([0]))
    assert result.equal and result.embedding_output[0, 0].signbit()
    assert not result.linear_output[0, 0].signbit()
    table[1, 0] = float("inf")  # a row that is not even looked up
    result = compare(embedding, linear_from_embedding(embedding), torch.tensor([0]))
    assert not result.equal and result.linear_output.isnan().any()
    assert result.embedding_output.isfinite().all()
    # The infinite row itself agrees: only the products of other words are spoilt.
    assert compare(embedding, linear_from_embedding(embedding), torch.tensor([1])).equal


@pytest.mark.parametrize("name, exact", [("float16", 2048), ("bfloat16", 256)])
def test_the_default_gradient_is_exact_up_to_a_limit(name, exact):
    table = Embedding(2, 5, dtype=getattr(torch, name))  # column 4 gets 2 from each id
    for ids, equal in ((exact // 2, True), (2 * exact, False)):
        indices = torch.zeros(ids, dtype=torch.int64)
        assert compare(table, linear_from_embedding(table), indices).equal == equal


def test_conversions_copy():
    embedding = Embedding(4, 2, dtype=torch.float64)
    state = torch.get_rng_state()
    linear = linear_from_embedding(embedding)
    assert torch.equal(torch.get_rng_state(), state)  # no random number was drawn
    assert repr(linear) == "Linear(in_features=4, out_features=2, bias=False)"
    assert linear.weight.dtype == torch.float64 and linear.weight.is_contiguous()
    again = embedding_from_linear(linear, padding_idx=-1)
    assert repr(again) == "Embedding(4, 2, padding_idx=3)"
    assert torch.equal(again.weight, embedding.weight) and again.weight.is_contiguous()
    assert compare(again, linear, torch.tensor([0, 3, 3])).equal
    nn.init.zeros_(linear.weight)
    assert embedding.weight.ne(0).all() and again.weight.ne(0).all()
    assert not embedding_from_linear(linear.requires_grad_(False)).weight.requires_grad


def test_a_bias_is_folded_in_if_asked():
    linear, ids = Linear(4, 2), torch.tensor([[0, 3]])
    embedding = embedding_from_linear(linear, fold_bias=True)
    torch.testing.assert_close(embedding(ids), linear(one_hot(ids, 4).float()))


def test_refusals():
    words = "linear has a bias", "bias=False", "fold_bias=True"
    says(ValueError, lambda: embedding_from_linear(Linear(4, 2)), *words)
    embedding, ids = Embedding(4, 2), torch.tensor([4])
    words = "(V, D) = (4, 2)", "(D, V) = (2, 4), not (4, 2)", "linear_from_embedding"
    says(ValueError, lambda: compare(embedding, Linear(2, 4), ids), *words)
    linear = linear_from_embedding(embedding)
    says(IndexError, lambda: compare(embedding, linear, ids), "num_embeddings=4")
