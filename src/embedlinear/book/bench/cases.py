"""What is measured: each case has variants that do the same in different ways.

A variant is a function to time, with the fewest bytes that it must move (read plus
written, if every array goes through memory once) and the floating-point operations that
it does. Indices are drawn on the CPU, so that every device looks up the same rows.
"""

import itertools
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import nn

from embedlinear import Embedding, linear_from_embedding, one_hot

V, D = 100_000, 64
VOCABULARIES = (100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000)
POOL = 2**20  # indices drawn for a case: that many rows exceed any cache


class Variant(NamedTuple):
    run: Callable
    bytes: int | None = None
    operations: int | None = None


class Case(NamedTuple):
    """``build(device, **size)`` returns the variants; ``kept``: see ``measure``."""

    family: str
    build: Callable
    size: dict
    kept: bool = False


def batches(rows, size, device, *tables):
    """Endless batches of indices; when one repeats, its rows are no longer in a cache.

    All are looked up in ``tables`` once, since the first access to a page costs more.
    """
    drawn = torch.randint(rows, (min(2**14, POOL // size), size)).to(device)
    for weight, ids in itertools.product(tables, drawn.flatten().split(2**12)):
        weight.index_select(0, ids)
    return itertools.cycle(drawn.unbind())


def table(rows, width, device, dtype=torch.float32):
    """A table whose pages all exist, because they were written."""
    return torch.full((rows, width), 0.5, device=device, dtype=dtype)


def gathered(count, width, itemsize=4):
    """The bytes of a lookup: read an index, read its row, write the row."""
    return count * (8 + 2 * width * itemsize)


def roofline(device, numbers, n):
    """The limits of a machine: a copy of float32 ``numbers`` and an n × n product."""
    source = torch.ones(numbers, device=device)
    target, matrix = torch.empty_like(source), torch.ones(n, n, device=device)
    return {
        "copy": Variant(lambda: target.copy_(source), 2 * source.nbytes, 0),
        "product": Variant(lambda: matrix @ matrix, 12 * n * n, 2 * n**3),
    }


def lookup(device, V, D, batch):
    weight = table(V, D, device)
    ids = batches(V, batch, device, weight)
    theirs, ours = (E.from_pretrained(weight) for E in (nn.Embedding, Embedding))
    runs = {"torch.nn": lambda: theirs(next(ids)), "ours": lambda: ours(next(ids))}
    if device.type == "cpu":
        array = weight.numpy()
        runs["numpy"] = lambda: array.take(next(ids).numpy(), axis=0)
    return {name: Variant(run, gathered(batch, D), 0) for name, run in runs.items()}


def product(device, V, D, batch):
    """The lookup and one-hot + Linear, which is split into building and multiplying.

    Above 100,000 rows a one-hot batch takes gigabytes.
    """
    weight = table(V, D, device)
    ids = batches(V, batch, device, weight)
    embedding = nn.Embedding.from_pretrained(weight)
    variants = {"lookup": Variant(lambda: embedding(next(ids)), gathered(batch, D), 0)}
    if V > 100_000:
        return variants
    linear, sums = linear_from_embedding(embedding), 2 * batch * V * D
    written, least = 4 * batch * V + 8 * batch, 4 * (batch * V + V * D + batch * D)

    def build():
        return one_hot(next(ids), num_classes=V, dtype=torch.float32)

    ready = build()
    return variants | {
        "build": Variant(build, written, 0),
        "multiply": Variant(lambda: linear(ready), least, sums),
        "both": Variant(lambda: linear(build()), least + written, sums),
    }


def storage(device, V, D, batch):
    """One table in three types, and stored by columns, like a transpose."""
    rows = table(V, D, device)
    tables = {"float32": rows, "float16": rows.half(), "bfloat16": rows.bfloat16()}
    tables["columns"] = rows.t().contiguous().t()
    ids = batches(V, batch, device, *tables.values())

    def variant(weight):
        layer = nn.Embedding.from_pretrained(weight)
        return Variant(lambda: layer(next(ids)), gathered(batch, D, weight.itemsize), 0)

    return {name: variant(weight) for name, weight in tables.items()}


def backward(device, V, D, batch):
    """Forward and backward: a sparse gradient; up to a million rows, a dense one."""
    weight = table(V, D, device)
    ids = batches(V, batch, device, weight)
    above = torch.ones(batch, D, device=device)

    def variant(E, sparse):
        layer = E.from_pretrained(weight, freeze=False, sparse=sparse)
        # Dense: zeros for every row, then each gradient is read and added to its row.
        scatter, adds = (0, 0) if sparse else (4 * V * D + 12 * batch * D, batch * D)
        return Variant(
            lambda: torch.autograd.grad(layer(next(ids)), layer.weight, above),
            gathered(batch, D) + scatter,
            adds,
        )

    layers = (("", nn.Embedding), ("ours, ", Embedding))
    kinds = itertools.product(layers, ("sparse", "dense")[: 1 + (V <= 1_000_000)])
    variants = {who + kind: variant(E, kind == "sparse") for (who, E), kind in kinds}
    if "dense" in variants:  # what it begins with
        zeros = Variant(lambda: torch.zeros(V, D, device=device), 4 * V * D, 0)
        variants["zeros"] = zeros
    return variants


def optimiser(device, V, D, batch):
    """One step for a given gradient: of the whole table, or of a batch's rows."""
    ids = list(itertools.islice(batches(V, batch, device), 64))
    rows, shape = torch.ones(batch, D, device=device), (V, D)
    dense = [torch.zeros(V, D, device=device).index_add_(0, ids[0], rows)]
    known = {"check_invariants": False}
    sparse = [torch.sparse_coo_tensor(i[None], rows, shape, **known) for i in ids]

    def step(kind, gradients, **options):
        weight, queue = nn.Parameter(table(V, D, device)), itertools.cycle(gradients)
        optimizer = kind([weight], lr=1e-3, **options)

        def run():
            weight.grad = next(queue)
            optimizer.step()

        return run

    whole, part, optim = V * D, batch * D, torch.optim
    # SGD reads weight and gradient, writes the weight; Adam's two means make 7 of these
    # 3.
    sgd, adam = (12 * whole, 2 * whole), (28 * whole, 13 * whole)
    sgd_rows, adam_rows = 12 * part + 8 * batch, 28 * part + 8 * batch
    fused = step(optim.Adam, dense, fused=True)
    return {
        "SGD": Variant(step(optim.SGD, dense), *sgd),
        "SGD, sparse": Variant(step(optim.SGD, sparse), sgd_rows, 2 * part),
        "Adam": Variant(step(optim.Adam, dense), *adam),
        "Adam, fused": Variant(fused, *adam),
        "SparseAdam": Variant(step(optim.SparseAdam, sparse), adam_rows, 13 * part),
    }


def _grid(rows=VOCABULARIES, width=(D,), batch=(1024,)):
    grid = itertools.product(width, batch, rows)
    return [{"V": v, "D": d, "batch": b} for d, b, v in grid]


def _cases():
    yield "roofline", roofline, {"numbers": 2**26, "n": 2048}
    for size in [
        *_grid(batch=(1024, 65_536)),
        *_grid([V], batch=(1, 32, 32_768)),
        *_grid([V], width=(4, 16, 256, 1024)),
        *_grid([10_000_000], width=[128], batch=[32_768]),  # 5 GB
    ]:
        yield "lookup", lookup, size
    for size in _grid():
        large = size["V"] in (100_000, 1_000_000)
        yield "one-hot", product, size, large
        yield "backward", backward, size, large
        if size["V"] <= 1_000_000:
            yield "optimiser", optimiser, size, large
    for size in _grid([100, 1_000, V, 1_000_000], batch=[65_536]):
        yield "storage", storage, size


def _name(family, build, size, kept=False):
    return ", ".join([family, *(f"{key}={value}" for key, value in size.items())])


CASES = {_name(*case): Case(*case) for case in _cases()}
