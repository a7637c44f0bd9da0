"""What both layers share with torch.nn's: training, transforms, compilers, copies."""

import copy
import inspect
import pickle

import pytest
import torch
from torch import nn
from torch.ao import quantization
from torch.distributed.tensor.parallel import ColwiseParallel
from torch.func import functional_call, grad, jvp, vmap

from embedlinear import Embedding, Linear, essence
from tests.layers.twins import DTYPES, pair, step

IDS = torch.tensor([[1, 1, 0], [2, 5, 1]])
X = torch.linspace(-2, 2, 24).view(2, 4, 3)
EMBEDDING, LINEAR = (Embedding, nn.Embedding, 7, 5), (Linear, nn.Linear, 3, 2)
BY_FREQUENCY = {"padding_idx": 0, "scale_grad_by_freq": True}
LAYERS = {
    "embedding": (*EMBEDDING, {}, IDS),
    "padded": (*EMBEDDING, {"padding_idx": 1}, IDS),
    "by frequency": (*EMBEDDING, BY_FREQUENCY, IDS),
    "short": (*EMBEDDING, {"max_norm": 0.5}, IDS),
    "sparse": (*EMBEDDING, {"padding_idx": 1, "sparse": True}, IDS),
    "linear": (*LINEAR, {}, X),
    "linear without bias": (*LINEAR, {"bias": False}, X),
}


def every(*left_out):
    """Run the test with each kind of layer, but not with those left out."""
    return pytest.mark.parametrize("kind", [k for k in LAYERS if k not in left_out])


def twins(kind, **more):
    """Ours and PyTorch's, and an input."""
    ours, theirs, rows, columns, options, x = LAYERS[kind]
    return pair(ours, theirs, rows, columns, **options, **more), x


@pytest.mark.parametrize("shape", [(), (9,), (4, 5), (0,)], ids=str)
def test_essence(shape):
    """The two layers without options, with torch.nn's outputs and gradients."""
    for name, sizes, x in (
        ("Embedding", (7, 5), torch.randint(7, shape)),
        ("Linear", (3, 2), torch.randn(*shape, 3)),
    ):
        ours, theirs = (getattr(module, name)(*sizes) for module in (essence, nn))
        theirs.load_state_dict(ours.state_dict())
        torch.testing.assert_close(step(ours, x), step(theirs, x))
    drawn = essence.Linear(100, 50).weight  # from U(-0.1, 0.1)
    assert 0.099 < drawn.max() <= 0.1 and -0.1 <= drawn.min() < -0.099


@every("short", "sparse")
def test_output_may_be_changed_in_place(kind):
    layers, x = twins(kind)
    for value in (x, x[0], x[0, 0]):
        for layer in layers:
            layer.zero_grad()
            layer(value).relu_().sum().backward()
        torch.testing.assert_close(*(layer.weight.grad for layer in layers))


OPTIMISERS = ["SGD", "Momentum", "Adagrad", "Adam", "AdamW"]
STEPS = [(kind, name) for kind in ("padded", "linear") for name in OPTIMISERS]
STEPS += [("sparse", name) for name in (*OPTIMISERS[:3], "SparseAdam")]


@pytest.mark.filterwarnings("ignore:Sparse invariant checks")
@pytest.mark.parametrize("kind, name", STEPS)
def test_twenty_optimiser_steps(kind, name):
    options = {"lr": 0.1} | ({"momentum": 0.9} if name == "Momentum" else {})
    layers, x = twins(kind)
    for layer in layers:
        make = getattr(torch.optim, name.replace("Momentum", "SGD"))
        optimiser = make(layer.parameters(), **options)
        for number in range(20):
            optimiser.zero_grad()
            layer(x.roll(number)).pow(2).sum().backward()
            optimiser.step()
    assert all(map(torch.equal, *(layer.parameters() for layer in layers)))


@every("short", "by frequency")  # PyTorch forgets the frequency in the second order
def test_double_backward(kind):
    layers, x = twins(kind)
    results = []
    for layer in layers:
        leaves = list(layer.parameters())
        out = layer(x).pow(3).sum()
        first = torch.autograd.grad(out, leaves, create_graph=True)
        loss = sum(g.to_dense().pow(2).sum() for g in first)
        second = torch.autograd.grad(loss, leaves)
        results.append([g.detach().to_dense() for g in (*first, *second)])
    torch.testing.assert_close(*results)


@every("short", "sparse")
def test_func_transforms(kind):
    layers, x = twins(kind)
    results = []
    for layer in layers:

        def plain(values, x, layer=layer):
            return functional_call(layer, values, (x,)).sum()

        def loss(values, x, layer=layer):
            return functional_call(layer, values, (x,)).pow(2).sum()

        values = {k: v.detach() for k, v in layer.named_parameters()}
        many = {k: torch.stack([v, 2 * v]) for k, v in values.items()}
        results.append(
            [
                vmap(layer)(x),
                vmap(grad(loss), (None, 0))(values, x),
                vmap(grad(plain), (None, 0))(values, x),
                vmap(grad(loss), (0, None))(many, x),
                vmap(loss, (0, None))(many, x),
                jvp(lambda v, f=loss: f(v, x), (values,), (values,)),
                jvp(lambda v, f=loss: grad(f)(v, x), (values,), (values,)),
                jvp(layer, (x,), (x,)) if x.is_floating_point() else (),
            ]
        )
    torch.testing.assert_close(*results)


@pytest.mark.filterwarnings("ignore")
@every()
def test_compile_and_export(kind):
    torch._dynamo.reset()
    (ours, theirs), x = twins(kind)
    sparse = kind == "sparse"  # compiled, its gradient is made outside the graph
    options = {"backend": "eager" if sparse else "aot_eager", "fullgraph": not sparse}
    compiled = torch.compile(ours, **options)
    for mine, other in zip(step(compiled, x), step(theirs, x)):
        torch.testing.assert_close(mine.to_dense(), other.to_dense())
    assert torch.equal(ours.weight, theirs.weight)
    dynamic = ({0: torch.export.Dim("n")},)
    program = torch.export.export(ours, (x,), dynamic_shapes=dynamic)
    more = torch.cat([x, x + 1])
    torch.testing.assert_close(program.module()(more), theirs(more))


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("kind", ["embedding", "linear", "linear without bias"])
def test_autocast(kind, dtype):
    """Autocast changes neither a lookup nor float64."""
    layers, x = twins(kind, dtype=dtype)
    kept = kind == "embedding" or dtype == torch.float64
    mixed = [x.to(dtype), x if dtype != torch.float64 else x.double()]
    for into in (torch.bfloat16, torch.float16):
        for value in [x] if kind == "embedding" else mixed:
            with torch.autocast("cpu", dtype=into):
                ours, theirs = (step(layer, value) for layer in layers)
            assert ours[0].dtype == (dtype if kept else into)
            assert all(a.dtype == b.dtype for a, b in zip(ours, theirs))
            assert all(map(torch.equal, ours, theirs))


@every()
def test_signatures_attributes_state_and_copies(kind):
    (ours, theirs), x = twins(kind)
    for name in ("__init__", "forward", "from_pretrained", "reset_parameters"):
        if hasattr(theirs, name):
            a, b = (inspect.getfullargspec(getattr(m, name)) for m in (ours, theirs))
            assert a[:4] == b[:4]  # names and defaults
    assert repr(ours) == repr(theirs)
    for name in set(vars(theirs) | vars(ours)) - {"_parameters"}:
        assert getattr(ours, name) == getattr(theirs, name)
    nn.init.ones_(theirs.weight)
    ours.load_state_dict(theirs.state_dict())
    theirs.load_state_dict(ours.state_dict())
    for again in (copy.deepcopy(ours), pickle.loads(pickle.dumps(ours))):
        assert repr(again) == repr(ours) and type(again) is type(ours)
        assert again.weight.eq(1).all() and again.weight.requires_grad
        assert again.weight.data_ptr() != ours.weight.data_ptr()
    cls, _, *sizes, options, _ = LAYERS[kind]
    meta = cls(*sizes, **options, device="meta", dtype=torch.float64)
    assert meta.weight.is_meta and meta.weight.dtype == torch.float64
    x = x.double() if x.is_floating_point() else x
    assert meta(x.to("meta")).shape == meta.to_empty(device="cpu")(x).shape


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("kind", ["embedding", "linear"])
def test_what_a_class_of_its_own_misses(kind):
    (ours, theirs), _ = twins(kind)
    assert not isinstance(ours, type(theirs))
    config = quantization.default_dynamic_qconfig
    if kind == "embedding":
        config = quantization.float_qparams_weight_only_qconfig
    for layer in (ours, theirs):
        model, spec = nn.Sequential(layer), {type(layer): config}
        model = quantization.quantize_dynamic(model, spec)
        assert (type(model[0]) is type(layer)) == (layer is ours)
    with pytest.raises(NotImplementedError, match="only support nn.Linear and nn.Emb"):
        ColwiseParallel()._apply(ours, None)  # what parallelize_module calls
    with pytest.raises(TypeError, match="not Proxy"):
        torch.fx.symbolic_trace(ours)
    with pytest.raises(RuntimeError):
        torch.jit.script(ours)
