"""The note's claims C1 to C20: a function tests each on ``torch.nn``, on a CPU.

A function returns the result of each case, from which the verdict follows, and the
values that the row on the page ``source-check`` reports.
"""

import inspect
from dataclasses import dataclass
from math import inf

import torch
from torch import nn
from torch.nn import functional as F

from embedlinear.atlas import SITUATIONS, judge

SIZES = ((3, 5), (10, 4), (100, 64))
SHAPES = ((), (6,), (2, 3))


@dataclass(frozen=True)
class Tried:
    """The result of testing a claim."""

    claimed: list  #: in each case, whether the note is right
    values: dict  #: what the row reports, by name
    condition: list | None = None  #: in each case, whether the condition holds
    corrected: list | None = None  #: in each case, whether the corrected claim is true

    @property
    def verdict(self):
        """The verdict's key in claims.toml; ValueError if the cases support none."""
        if self.claimed and all(self.claimed):
            return "holds"
        if any(self.claimed) and self.claimed == self.condition:
            return "holds with a condition"
        if self.corrected and all(self.corrected):
            return "does not hold"
        if any(self.claimed) and self.condition is None and self.corrected is None:
            return "depends"
        raise ValueError(f"these cases support no verdict: {self}")


def lookups(**options):
    """An Embedding of each size, and indices of each shape."""
    for rows, width in SIZES:
        for shape in SHAPES:
            torch.manual_seed(1)
            yield nn.Embedding(rows, width, **options), torch.randint(rows, shape)


def error(function, *arguments):
    """The name of the error that a call raises, or None."""
    try:
        function(*arguments)
    except Exception as raised:
        return type(raised).__name__


def near(one, other):
    return torch.allclose(one, other, atol=1e-5)


def c1():
    claimed = []
    for layer, ids in lookups():
        vectors, every = layer(ids), layer(torch.arange(layer.num_embeddings))
        claimed.append(vectors.shape == (*ids.shape, layer.embedding_dim))
        claimed.append(len(every.unique(dim=0)) == layer.num_embeddings)
    values = {"given": tuple(ids.shape), "shape": tuple(vectors.shape)}
    return Tried(claimed, values | {"same": torch.equal(vectors, layer(ids))})


def c2():
    claimed, condition = [], []
    for layer, ids in lookups():
        past = torch.cat([ids.flatten(), torch.tensor([layer.num_embeddings])])
        raised, negative = error(layer, past), error(layer, -past)
        meta = error(layer.to("meta"), past.to("meta"))
        claimed += [raised == "IndexError", meta is not None]
        condition += [True, False]
    pad = nn.Embedding(3, 5, padding_idx=-1).padding_idx
    values = {"raised": raised, "negative": negative, "meta": claimed[-1]}
    return Tried(claimed, values | {"rows": 3, "pad": pad}, condition)


def c3():
    def changed(layer, ids, **options):
        before = layer.weight.detach().clone()
        layer(ids).sum().backward()
        torch.optim.SGD(layer.parameters(), lr=0.1, **options).step()
        return (layer.weight != before).any(dim=1)

    claimed = []
    for layer, ids in lookups():
        other = nn.Embedding(*layer.weight.shape)
        claimed.append(bool((layer.weight != other.weight).any(dim=1).all()))
        claimed.append(bool(changed(layer, ids)[ids].all()))
    layer, ids = nn.Embedding(10, 4), torch.tensor([2, 7])
    plain = int(changed(layer, ids).sum())
    decay = int(changed(layer, ids, weight_decay=0.1).sum())
    values = {"used": len(ids), "rows": 10, "plain": plain, "decay": decay}
    return Tried(claimed, values)


def c4():
    words = torch.arange(3).repeat(20)  # 优, 良 and 差, equally often

    def change(labels, seed):
        """How training changes the cosines of 优 and 良, and of 优 and 差."""
        torch.manual_seed(seed)
        model = nn.Sequential(nn.Embedding(3, 5), nn.Linear(5, 1), nn.Flatten(0))
        table = model[0].weight
        before = F.cosine_similarity(table[:1], table[1:]).detach()
        optimizer = torch.optim.SGD(model.parameters(), lr=2.0)
        for _ in range(60):
            optimizer.zero_grad()
            F.binary_cross_entropy_with_logits(model(words), labels.float()).backward()
            optimizer.step()
        return (F.cosine_similarity(table[:1], table[1:]) - before).tolist()

    random = torch.randint(2, words.shape, generator=torch.Generator().manual_seed(1))
    labels = {"extreme": words != 1, "good": words != 2, "random": random}
    seen = {name: [change(y, seed) for seed in range(3)] for name, y in labels.items()}
    claimed = [good < -0.1 and poor > 0.1 for y in seen.values() for good, poor in y]
    means = {name: torch.tensor(y).mean(dim=0) for name, y in seen.items()}
    return Tried(claimed, means)


def c5():
    def zero(layer):
        return not layer(torch.tensor([1])).any()

    layer, values = nn.Embedding(3, 5, padding_idx=1), torch.ones(3, 5)
    claimed = [zero(layer)]
    layer.weight.data.copy_(values)
    claimed.append(zero(layer))
    layer.reset_parameters()
    claimed.append(zero(layer))
    loaded = nn.Embedding.from_pretrained(values, freeze=False, padding_idx=1)
    claimed.append(zero(loaded))
    loaded(torch.tensor([1, 2])).sum().backward()
    gradient = bool(loaded.weight.grad[1].any())
    torch.optim.AdamW(loaded.parameters(), lr=0.1, weight_decay=0.1).step()
    names = ("new", "copied", "reset", "loaded")
    more = {"gradient": gradient, "decayed": loaded.weight[1, 0].item()}
    return Tried(claimed, dict(zip(names, claimed)) | more, [True, False, True, False])


def c6():
    def lengths(dtype):
        torch.manual_seed(1)
        layer = nn.Embedding(1000, 16, max_norm=1.5, dtype=dtype)
        layer(torch.arange(999))  # does not look up the last row
        return layer.weight.detach().double().norm(dim=1)

    single, half = lengths(torch.float32), lengths(torch.bfloat16)
    exact = nn.Embedding.from_pretrained(torch.tensor([[3.0, 4.0]]), max_norm=5.0)
    kept = exact(torch.tensor([0])).tolist() == [[3.0, 4.0]]
    claimed = [bool(single[:-1].max() < 1.5 * (1 + 1e-6)), bool(single[-1] < 1.5)]
    values = {
        "other": claimed[1],
        "kept": kept,
        "over": half[:-1].max().item() / 1.5 - 1,
    }
    return Tried(claimed, values, condition=[True, False])


def c7():
    claimed, changed = [], False
    for p in (1.0, 2.0, 3.0, inf):
        for layer, ids in lookups(max_norm=1.5, norm_type=p):
            rows = layer.weight.detach()[ids].clone()
            length = torch.linalg.vector_norm(rows, p, dim=-1, keepdim=True)
            wanted = torch.where(length > 1.5, rows * 1.5 / length, rows)
            claimed.append(near(layer(ids), wanted))
        for layer, ids in lookups(norm_type=p):
            changed |= not torch.equal(layer(ids), layer.weight.detach()[ids])
    return Tried(claimed, {"default": nn.Embedding(1, 1).norm_type, "changed": changed})


def c8():
    def gradient(*calls, scaled=True):
        layer = nn.Embedding(5, 3, scale_grad_by_freq=scaled)
        sum(layer(torch.tensor(ids)).sum() for ids in calls).backward()
        return layer.weight.grad[2, 0].item()

    calls = [[2, 1], [2, 2, 1], [2, 2, 2, 1]]
    divisors = [gradient(ids, scaled=False) / gradient(ids) for ids in calls]
    counts = [ids.count(2) for ids in calls]
    # A frequency in a dictionary belongs to the word: no call would change the divisor.
    claimed = [divisor == divisors[0] for divisor in divisors[1:]]
    corrected = [abs(n - divisor) < 1e-4 for n, divisor in zip(counts, divisors)]
    twice = gradient([2, 2], [2, 2])
    values = {"count": counts[-1], "divisor": divisors[-1], "twice": twice}
    return Tried(claimed, values, corrected=corrected)


def c9():
    def normal(values):
        """Kolmogorov's distance to N(0, 1) is below 2 / √n, but once in 1,500 draws."""
        values = values.detach().flatten().double().sort().values
        share = torch.arange(1, len(values) + 1) / len(values)
        distance = (share - torch.special.ndtr(values)).abs().max()
        return bool(distance < 2 / len(values) ** 0.5)

    claimed = []
    for rows, width in ((100, 1000), (10_000, 64)):
        torch.manual_seed(1)
        weight = nn.Embedding(rows, width, padding_idx=0).weight.detach()
        claimed += [normal(weight[1:]), normal(weight[0])]
    inputs = (100, 10_000)
    linear = tuple(nn.Linear(n, 64).weight.std().item() for n in inputs)
    values = {"std": weight[1:].std().item(), "pad": weight[0].tolist()[0]}
    return Tried(
        claimed, values | {"inputs": inputs, "linear": linear}, [True, False] * 2
    )


def c10():
    claimed = [torch.equal(layer(ids), layer.weight[ids]) for layer, ids in lookups()]
    layer, last = nn.Embedding(3, 5), torch.tensor([-1])
    brackets = torch.equal(layer.weight[last], layer.weight[2:])
    return Tried(claimed, {"brackets": brackets, "lookup": error(layer, last)})


def parameters(layer):
    """Names and defaults of what its constructor takes, without the private ones."""
    found = inspect.signature(layer).parameters.values()
    return {one.name: one.default for one in found if not one.name.startswith("_")}


def c11():
    listed = ["num_embeddings", "embedding_dim", "padding_idx"]
    listed += ["max_norm", "norm_type", "scale_grad_by_freq"]
    names = parameters(nn.Embedding)
    claimed = [name in names for name in listed]
    claimed.append(isinstance(nn.Embedding(3, 5).weight, nn.Parameter))
    others = [f"`{name}`" for name in names if name not in listed]
    return Tried(claimed, {"others": others, "weight": "weight" in names})


def c12():
    trained = {}
    for marked in (True, False):
        for freeze in (True, False):
            matrix = torch.rand(3, 5, requires_grad=marked)
            layer = nn.Embedding.from_pretrained(matrix, freeze=freeze)
            trained[marked, freeze] = layer.weight.requires_grad
    default = parameters(nn.Embedding.from_pretrained)["freeze"]
    return Tried(
        [is_trained == marked for (marked, _), is_trained in trained.items()],
        {"marked": trained[True, default], "unmarked": trained[False, False]},
        corrected=[is_trained != freeze for (_, freeze), is_trained in trained.items()],
    )


def c13(accuracies):
    """``accuracies``: ``{start: (30 labels, 1,000 early, late)}``, from the page."""
    base = accuracies["random"][1]
    return Tried([one[1] > base + 0.15 for one in accuracies.values()][1:], accuracies)


def c14():
    claimed, condition = [], []
    for bias in (True, False):
        for size in SIZES:
            torch.manual_seed(1)
            layer, (x, y) = nn.Linear(*size, bias=bias), torch.randn(2, 4, size[0])
            claimed.append(near(layer(2 * x + 3 * y), 2 * layer(x) + 3 * layer(y)))
            condition.append(not bias)
    layer = nn.Linear(3, 5)
    y = layer(torch.zeros(3))
    values = {"size": len(y), "bias": torch.equal(y, layer.bias)}
    return Tried(claimed, values, condition)


def c15():
    names, listed = parameters(nn.Linear), ["in_features", "out_features", "bias"]
    others = [f"`{name}`" for name in names if name not in listed]
    return Tried(
        [list(names) == listed],
        {"number": len(names), "others": others, "bias": str(names["bias"])},
        corrected=[list(names) == [*listed, "device", "dtype"]],
    )


def c16():
    claimed = []
    for size in SIZES:
        for shape in SHAPES:
            torch.manual_seed(1)
            layer, x = nn.Linear(*size), torch.randn(*shape, size[0])
            claimed.append(near(layer(x), x @ layer.weight.T + layer.bias))
    return Tried(claimed, {"tried": len(claimed), "equal": sum(claimed)})


def c17():
    layer, new = nn.Linear(3, 5), torch.rand(5, 3)
    assigned = error(setattr, layer, "weight", new)
    copied = error(layer.weight.data.copy_, new) is None
    loaded = error(layer.load_state_dict, {"weight": new, "bias": layer.bias}) is None
    layer.weight = nn.Parameter(new.T)
    values = {"assigned": assigned, "copied": copied, "loaded": loaded}
    values |= {"shape": tuple(layer.weight.shape), "call": error(layer, torch.rand(3))}
    claimed = [assigned is not None, not copied, not loaded]
    return Tried(claimed, values, condition=[True, False, False])


def c18():
    claimed, condition = [], []
    for rows, width in SIZES:
        embedding, linear = nn.Embedding(rows, width), nn.Linear(rows, width)
        fraction = error(embedding, torch.rand(4))
        outputs = linear(torch.rand(100, rows))
        words = error(linear, F.one_hot(torch.arange(rows)).float())
        one_more = error(linear, F.one_hot(torch.arange(rows + 1)).float())
        claimed += [fraction is not None, len(outputs.unique(dim=0)) == 100]
        claimed += [words is None, one_more is None]
        condition += [True, True, True, False]
    return Tried(claimed, {"fraction": fraction, "one_more": one_more}, condition)


def c19():
    rows, found = {"plain": "plain", "padded": "padding", "scaled": "frequency"}, {}
    rows["limited"] = "max-norm"
    for name, row in rows.items():
        verdicts = judge(SITUATIONS[row], stages=("outputs", "gradients"))
        kinds = {verdict.kind for verdict in verdicts.values()}
        found[name] = kinds <= {"same", "values", "close"}
    ids = torch.arange(10)
    sizes = {"index": ids.itemsize, "hot": F.one_hot(ids).float().itemsize}
    return Tried(list(found.values()), found | sizes, [True, False, False, False])


def c20():
    claimed = []
    for layer, ids in lookups():
        ids = ids.clamp(max=layer.num_embeddings - 2)
        before = layer(ids)
        layer.weight.data[-1] = torch.nan  # a broken row that is not looked up
        lookup = torch.equal(layer(ids), before)
        hot = F.one_hot(ids, num_classes=layer.num_embeddings).float()
        product = bool((hot @ layer.weight).isnan().all())
        claimed += [lookup, product]
    return Tried(claimed, {"lookup": not lookup, "product": product})
