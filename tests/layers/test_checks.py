"""Invalid arguments of the layers and one_hot, in each mode; messages; index_check."""

import threading

import numpy
import pytest
import torch
from torch import nn, tensor, zeros
from torch.func import vmap

import embedlinear
from embedlinear import Embedding, one_hot
from embedlinear.checks import index_check
from tests.layers.twins import says


def with_weight(layer, weight):
    layer.weight = nn.Parameter(weight)
    return layer


RANGE = "index out of range in self"
DTYPE = "Expected tensor for argument #1 'indices' to have one of the following scalar"
SIZE = "Trying to create tensor with negative dimension -1: [-1, 3]"
PAD = "Padding_idx must be within num_embeddings"
TWO_D = "Embeddings parameter is expected to be 2-dimensional"
OTHER = "Shape of weight does not match num_embeddings and embedding_dim"
WHOLE = "Only Tensors of floating point and complex dtype can require gradients"
BY_COUNT = "embedding_backward: scale_grad_by_freq not supported with sparse gradients"
MATS = "mat1 and mat2 shapes cannot be multiplied"
KINDS = "mat1 and mat2 must have the same dtype, but got"
SPARSE = {"sparse": True, "scale_grad_by_freq": True}
# What is done with PyTorch's layers and with ours, the exception, PyTorch's words in
# both messages (None: it raises or words it otherwise), and what else ours says.
REFUSALS = [
    (lambda m: m.Embedding(10, 3)(tensor([[1, 2], [4, 12]])), IndexError, RANGE,
     "input[1, 1] = 12 at position (1, 1), but num_embeddings=10 allows 0..9", "13 or"),
    (lambda m: m.Embedding(10, 3)(tensor(-1).int()), IndexError, RANGE,
     "input = -1 at position ()", "do not count from the end", "padding_idx"),
    (lambda m: m.Embedding(0, 3)(tensor([0])), IndexError, None, "allows no index"),
    (lambda m: vmap(m.Embedding(5, 3))(tensor([[7, 2]])), IndexError, None, "= 7 at"),
    *((lambda m, d=dtype: m.Embedding(9, 3)(zeros(2, dtype=d)), RuntimeError, DTYPE,
       "Long, Int", str(dtype), "input.long()")
      for dtype in (torch.float32, torch.bool, torch.uint8, torch.int16)),
    (lambda m: m.Embedding(4, 3)([1]), TypeError, "must be Tensor, not list", "input"),
    (lambda m: m.Linear(4, 3)([1]), TypeError, "must be Tensor, not list", "'input'"),
    (lambda m: m.Embedding(-1, 3), RuntimeError, SIZE, "num_embeddings must be 0 or"),
    (lambda m: m.Linear(3, -1), RuntimeError, SIZE, "out_features must be 0 or more"),
    (lambda m: m.Embedding(2.0, 3), TypeError, "empty()", "num_embeddings=int(...)"),
    (lambda m: m.Embedding(True, 3), TypeError, "empty()", "num_embeddings", "True"),
    *((lambda m, p=pad: m.Embedding(4, 3, padding_idx=p), AssertionError, PAD,
       f"padding_idx={pad} ", "from -4 to 3") for pad in (4, -5, 10**30)),
    (lambda m: m.Embedding(4, 3, padding_idx=1.0), IndexError, None, "1.0"),
    (lambda m: m.Embedding(4, 3, padding_idx="1"), TypeError, None, "'1'"),
    (lambda m: m.Embedding(0, 3, padding_idx=0), IndexError, None, "padding_idx=0"),
    (lambda m: m.Embedding.from_pretrained(zeros(3)), AssertionError, TWO_D, "(3,)"),
    (lambda m: m.Embedding.from_pretrained([[1.0]]), TypeError, None, "torch.tensor("),
    (lambda m: m.Embedding.from_pretrained(zeros(3, 2).int(), False), RuntimeError,
     WHOLE),
    (lambda m: m.Embedding(3, 2, _weight=zeros(2, 3)), AssertionError, OTHER, "(2, 3)"),
    (lambda m: with_weight(m.Embedding(4, 3), zeros(3))(tensor([1])), RuntimeError,
     "'weight' must be 2-D", "(3,)"),
    (lambda m: m.Embedding(4, 2, **SPARSE)(tensor([1])).sum().backward(), RuntimeError,
     BY_COUNT, "set one of the two to False"),
    (lambda m: m.Linear(3, 2)(zeros(2, 5, 4)), RuntimeError, f"{MATS} (10x4 and 3x2)",
     "input is (2, 5, 4)", "in_features=3"),
    (lambda m: m.Linear(3, 2)(zeros(0)), RuntimeError, None, MATS, "input is (0,)"),
    (lambda m: m.Linear(3, 2)(tensor(1.0)), RuntimeError, "both arguments to linear"),
    *((lambda m, d=dtype: m.Linear(3, 2)(zeros(2, 3, dtype=d)), RuntimeError,
       f"{KINDS} {name} and Float", str(dtype), "input.to(layer.weight.dtype)")
      for dtype, name in ((torch.float64, "Double"), (torch.int64, "Long"))),
    (lambda m: with_weight(m.Linear(3, 5), zeros(3, 5))(zeros(2, 3)), RuntimeError,
     f"{MATS} (2x3 and 5x3)", "weight is (3, 5)", "weight (5, 3)", "set_weight()"),
]  # fmt: skip


@pytest.mark.parametrize("case", REFUSALS)
def test_refusals(case):
    call, expected, first, *words = case
    with pytest.raises(expected if first else Exception) as theirs:
        call(nn)
    text = says(expected, lambda: call(embedlinear), *words)
    assert first is None or first in text and first in str(theirs.value)


def test_an_index_out_of_range_in_compiled_code():
    """Inductor wraps negative indices; only the assertion in the graph stops them."""
    good, layer = tensor([0, 2]), Embedding(3, 2)
    for function, words in (
        (layer, "input must be in 0..num_embeddings-1"),
        (lambda ids: one_hot(ids, 3), "indices must be in 0..num_classes-1"),
    ):
        for backend in ("eager", "inductor"):
            torch._dynamo.reset()
            compiled = torch.compile(function, backend=backend, fullgraph=True)
            assert torch.equal(compiled(good), function(good))
            for bad in (-1, 3):
                with index_check(False), pytest.raises(RuntimeError) as error:
                    compiled(tensor([0, bad]))
                assert f"{RANGE}: {words}" in str(error.value)
    program = torch.export.export(layer, (good,)).module()
    with pytest.raises(RuntimeError, match=RANGE):
        program(tensor([0, -1]))


@pytest.mark.filterwarnings("ignore")
def test_an_index_out_of_range_in_a_trace():
    traced = torch.jit.trace(Embedding(3, 2), tensor([0, 2]))
    with pytest.raises(RuntimeError, match=RANGE):
        traced(tensor([0, -1]))


def checked():
    """Whether the check is on: only it names num_embeddings."""
    with pytest.raises(IndexError) as error:
        Embedding(3, 2, max_norm=0.1)(tensor([5]))
    return "num_embeddings" in str(error.value)


def test_index_check_is_a_call_a_block_and_a_decorator():
    @index_check(False)
    def off(depth):
        if depth:
            off(depth - 1)
        return checked()

    assert checked() and not off(2) and checked()
    with pytest.raises(KeyError), index_check(False):
        with index_check(True):
            assert checked()
        assert not checked()
        raise KeyError
    assert checked() and off.__name__ == "off"
    index_check(False)
    assert not checked()
    index_check(True)
    assert checked()


def test_index_check_is_per_thread_even_if_blocks_overlap():
    inside, leave, seen = threading.Event(), threading.Event(), []

    def other():
        seen.append(checked())  # a new thread starts with the check on
        with index_check(False):
            inside.set()
            leave.wait(10)
        seen.append(checked())

    with index_check(False):
        thread = threading.Thread(target=other)
        thread.start()
        assert inside.wait(10)
    seen.append(checked())  # although the other block is still open
    leave.set()
    thread.join()
    assert seen == [True, True, True] and checked()


@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")
def test_nested_indices_are_refused_and_the_cure_works():
    layer, parts = Embedding(3, 2), [tensor([0, 1]), tensor([2])]
    ids = torch.nested.nested_tensor(parts, layout=torch.jagged)
    cure = "torch.nested.nested_tensor_from_jagged(result, input.offsets())"
    says(RuntimeError, lambda: layer(ids), "nested", "values()", cure)
    says(RuntimeError, lambda: layer(torch.nested.nested_tensor(parts)), "nested")
    says(RuntimeError, lambda: one_hot(ids, 3), "indices is nested")
    cured = torch.nested.nested_tensor_from_jagged(layer(ids.values()), ids.offsets())
    assert all(map(torch.equal, cured.unbind(), map(layer, parts)))


def test_padding_idx_may_be_any_integer_and_is_read_at_each_call():
    layer = Embedding(4, 3, padding_idx=numpy.int64(-1))
    assert layer.padding_idx == 3 and type(layer.padding_idx) is int
    layer.padding_idx = -4
    layer(tensor([0, 1])).sum().backward()
    assert layer.weight.grad[:, 0].tolist() == [0, 1, 0, 0]
    layer.padding_idx = True
    says(TypeError, lambda: layer(tensor([1])), "padding_idx=True")


# ------------------------------------------------------------------- one_hot


@pytest.mark.filterwarnings("ignore:There is a performance drop")
@pytest.mark.parametrize("shape", [(), (0,), (5,), (2, 3), (2, 0, 3)], ids=str)
def test_one_hot_equals_torch(shape):
    indices = torch.randint(4, shape)
    theirs = nn.functional.one_hot(indices, num_classes=7)
    assert theirs.dtype == one_hot(indices, 7).dtype
    for index_dtype in (torch.int32, torch.int64):
        for dtype in (torch.int64, torch.float32, torch.float16, torch.bool):
            ours = one_hot(indices.to(index_dtype), num_classes=7, dtype=dtype)
            assert ours.dtype == dtype and torch.equal(ours, theirs.to(dtype))
    assert one_hot(indices.to("meta"), 3).shape == (*shape, 3)
    if shape == (2, 3):
        assert torch.equal(vmap(lambda i: one_hot(i, 7))(indices), theirs)


def test_one_hot_never_guesses_the_size():
    words = "num_classes is missing", "largest index", "vocabulary, num_classes=V"
    says(TypeError, lambda: one_hot(tensor([0, 2])), *words)
    says(TypeError, lambda: one_hot(tensor([0]), 2.0), "num_classes must be an int")
    guess = "num_classes must be 0 or more"  # -1 is PyTorch's sign for it
    says(RuntimeError, lambda: one_hot(tensor([0]), -1), guess)
    says(TypeError, lambda: one_hot([1], 3), "'indices' must be Tensor, not list")
    says(RuntimeError, lambda: one_hot(zeros(2), 3), DTYPE, "indices.long()")


def test_a_bad_index_changes_nothing():
    layer = Embedding(6, 3, max_norm=0.01)
    before = layer.weight.detach().clone()
    for bad in (-1, 6, 2**31 - 1, -(2**31)):
        ids = tensor([[0, bad]], dtype=torch.int32)
        says(IndexError, lambda ids=ids: layer(ids), f"input[0, 1] = {bad} ")
        says(IndexError, lambda ids=ids: one_hot(ids, 6), f"indices[0, 1] = {bad} ")
    assert torch.equal(layer.weight, before) and layer.weight.grad is None
