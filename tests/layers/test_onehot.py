"""one_hot against torch.nn.functional.one_hot, and the traps it closes."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.func import vmap

from embedlinear import one_hot


@pytest.mark.parametrize("index_dtype", [torch.int32, torch.int64], ids=str)
@pytest.mark.parametrize("shape", [(), (0,), (5,), (2, 3), (2, 0, 3)], ids=str)
def test_equals_torch(shape, index_dtype):
    indices = torch.randint(4, shape)
    ours = one_hot(indices.to(index_dtype), num_classes=7)
    theirs = torch.nn.functional.one_hot(indices, num_classes=7)
    assert (
        ours.dtype == torch.int64
        and ours.shape == (*shape, 7)
        and torch.equal(ours, theirs)
    )
    for dtype in (torch.float32, torch.float16, torch.bool, torch.uint8):
        assert torch.equal(one_hot(indices, 7, dtype=dtype), theirs.to(dtype))
        assert one_hot(indices, 7, dtype=dtype).dtype == dtype


def test_other_ways_in():
    indices = torch.tensor([[0, 2], [1, 1]])
    plain = one_hot(indices, 3)
    assert torch.equal(vmap(lambda i: one_hot(i, 3))(indices), plain)
    assert one_hot(indices.to("meta"), 3).shape == (2, 2, 3)
    compiled = torch.compile(lambda i: one_hot(i, 3), backend="eager", fullgraph=True)
    assert torch.equal(compiled(indices), plain)
    assert one_hot(torch.zeros(0, dtype=torch.long), 0).shape == (0, 0)


def test_never_guesses_the_size():
    with pytest.raises(TypeError) as error:
        one_hot(torch.tensor([0, 2]))
    for word in ("num_classes", "largest index", "vocabulary"):
        assert word in str(error.value)


def test_errors():
    with pytest.raises(IndexError) as error:
        one_hot(torch.tensor([[0, 3]]), 3)
    for word in ("indices[0, 1] = 3", "num_classes=3", "0..2", "4 or more"):
        assert word in str(error.value)
    with pytest.raises(IndexError, match=r"indices = -1 "):
        one_hot(torch.tensor(-1), 3)
    with pytest.raises(RuntimeError, match=r"torch.float32.*indices.long\(\)"):
        one_hot(torch.zeros(2), 3)
    with pytest.raises(TypeError, match="'indices' must be Tensor, not list"):
        one_hot([1], 3)
    for bad in (2.0, "3", True):
        with pytest.raises(TypeError, match="num_classes"):
            one_hot(torch.tensor([0]), bad)
    with pytest.raises(RuntimeError, match="num_classes must be 0 or more, not -1"):
        one_hot(torch.tensor([0]), -1)  # PyTorch's sign for "guess"


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(-3, 6), max_size=6), st.integers(0, 5))
def test_rows_sum_to_one_or_it_is_an_error(indices, num_classes):
    if all(0 <= i < num_classes for i in indices):
        rows = one_hot(torch.tensor(indices, dtype=torch.int32), num_classes)
        assert (
            rows.sum(1).eq(1).all() and rows.argmax(1).tolist() == indices
            if indices
            else True
        )
    else:
        with pytest.raises(IndexError):
            one_hot(torch.tensor(indices, dtype=torch.int32), num_classes)
