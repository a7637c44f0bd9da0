"""What is measured: each case has sides that do one job in different ways.

A side is a function to time, with the bytes that it must move at least (what is read plus what is
written, if every array went through memory once) and the floating-point operations that it does.
To add a case, write a function ``(device, **size)`` that returns its sides by name, and name it in
``CASES``. Indices are drawn on the CPU, so that every device looks up the same rows.
"""

import contextlib
import functools
import io
import itertools
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from embedlinear import Embedding, Linear, linear_from_embedding, one_hot
from embedlinear.book.bench import vectors as bench_vectors
from embedlinear.book.bench.vectors import Skipped
from embedlinear.checks import index_check

V, D = 100_000, 64
VOCABULARIES = (100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000)
POOL = (
    2**20
)  # indices drawn for a case: their rows fill no cache of today when the table is large


class Side(NamedTuple):
    run: Callable
    bytes: int | None = None
    operations: int | None = None


class Case(NamedTuple):
    """``build(device, **size)`` returns the sides; ``promised`` is the ratio of second to first."""

    family: str
    build: Callable
    size: dict
    promised: float | None = None

    def sides(self, device):
        made = self.build(device, **self.size)
        return {
            name: run if isinstance(run, Side) else Side(run)
            for name, run in made.items()
        }


def batches(rows, shape, device, *tables):
    """Batches of indices without end: one that comes again finds none of its rows in a cache.

    All are looked up in ``tables`` once: the first visit to a page of memory costs more than any
    later one, and is not what a table in use costs.
    """
    count = min(2**14, max(1, POOL // int(np.prod(shape))))
    drawn = torch.randint(rows, (count, *shape)).to(device)
    for weight, ids in itertools.product(tables, drawn.flatten().split(2**12)):
        weight.index_select(0, ids)
    return itertools.cycle(drawn.unbind())


def table(rows, width, device, dtype=torch.float32):
    return torch.full(
        (rows, width), 0.5, device=device, dtype=dtype
    )  # written, so really there


def gathered(count, width, itemsize=4):
    """The bytes of a lookup: each index is read, its row is read, and written to the output."""
    return count * (8 + 2 * width * itemsize)


# ------------------------------------------------------------------------------------- forward


def lookup(device, V, D, batch):
    weight = table(V, D, device)
    ids = batches(V, (batch,), device, weight)
    theirs, ours = (E.from_pretrained(weight) for E in (nn.Embedding, Embedding))
    sides = {
        "torch.nn": lambda: theirs(next(ids)),
        "ours": lambda: ours(next(ids)),
        "index_select": lambda: weight.index_select(0, next(ids)),
    }
    if device.type == "cpu":
        array, numbers = weight.numpy(), batches(V, (batch,), device, weight)
        sides["numpy"] = lambda: array.take(next(numbers).numpy(), axis=0)
    return {name: Side(run, gathered(batch, D), 0) for name, run in sides.items()}


def product(device, V, D, batch):
    """The lookup beside one-hot + Linear; above 100,000 rows a one-hot batch takes gigabytes."""
    weight = table(V, D, device)
    ids = batches(V, (batch,), device, weight)
    embedding, row = (
        nn.Embedding.from_pretrained(weight),
        torch.arange(batch, device=device),
    )
    ones = torch.ones(batch, device=device)

    def sparse():
        places = torch.stack((row, next(ids)))
        known = {
            "check_invariants": False,
            "is_coalesced": True,
        }  # each row once, in order
        hot = torch.sparse_coo_tensor(places, ones, (batch, V), **known)
        return torch.sparse.mm(hot, weight)

    few, all_ = 2 * batch * D, 2 * batch * V * D  # a product and a sum for each number
    sides = {
        "lookup": Side(lambda: embedding(next(ids)), gathered(batch, D), 0),
        "sparse": Side(sparse, gathered(batch, D) + 2 * 20 * batch, few),
    }
    if V <= 100_000:
        linear = linear_from_embedding(embedding)
        ready = one_hot(next(ids), num_classes=V, dtype=torch.float32)
        least = 4 * (batch * V + V * D + batch * D)
        sides["prebuilt"] = Side(lambda: linear(ready), least, all_)
        sides["built"] = Side(
            lambda: linear(one_hot(next(ids), num_classes=V, dtype=torch.float32)),
            least + 4 * batch * V + 8 * batch,
            all_,
        )
    return sides


def bag(device, V, D, bags, each, training):
    """The mean of the rows of each bag: gathered and then averaged, or in one go."""
    weight = table(V, D, device)
    ids = batches(V, (bags, each), device, weight)
    embedding = nn.Embedding.from_pretrained(
        weight, freeze=not training, sparse=training
    )
    in_one = nn.EmbeddingBag.from_pretrained(
        weight, freeze=not training, mode="mean", sparse=training
    )
    above, count = torch.ones(bags, D, device=device), bags * each

    def both_ways(layer, pool):
        def run():
            out = pool(layer(next(ids)))
            if training:
                torch.autograd.grad(out, layer.weight, above)

        return run

    least = count * (8 + 4 * D) + 4 * bags * D
    return {
        "Embedding, mean": Side(
            both_ways(embedding, lambda rows: rows.mean(dim=1)),
            least + 8 * count * D,
            count * D,
        ),
        "EmbeddingBag": Side(both_ways(in_one, lambda means: means), least, count * D),
    }


def dtypes(device, V, D, batch):
    kinds = (torch.float32, torch.float16, torch.bfloat16)
    layers = [nn.Embedding.from_pretrained(table(V, D, device, kind)) for kind in kinds]
    ids = batches(V, (batch,), device, *(layer.weight for layer in layers))
    return {
        str(kind).split(".")[1]: Side(
            lambda layer=layer: layer(next(ids)), gathered(batch, D, kind.itemsize), 0
        )
        for kind, layer in zip(kinds, layers)
    }


def order(device, V, D, batch):
    """One table, stored row by row, and column by column as Fortran and a transpose store it."""
    rows = table(V, D, device)
    layers = {"rows": rows, "columns": rows.t().contiguous().t()}
    ids = batches(V, (batch,), device, *layers.values())
    layers = {
        name: nn.Embedding.from_pretrained(weight) for name, weight in layers.items()
    }
    least = gathered(batch, D)
    return {
        name: Side(lambda layer=layer: layer(next(ids)), least, 0)
        for name, layer in layers.items()
    }


def paged(device, V, D, batch):
    """A table that lies in a file: look up after reading all of it, or map it into memory."""
    if device.type != "cpu":
        raise Skipped("a file is mapped into the memory of the CPU only")
    folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
    ids = batches(V, (batch,), device)
    file = Path(folder.name) / "table.bin"
    table(V, D, device).numpy().tofile(file)

    def read(kept=folder):  # the folder goes when nobody holds it any more
        return torch.from_numpy(np.fromfile(file, np.float32)).view(V, D)[next(ids)]

    def mapped(kept=folder):
        return torch.from_file(str(file), size=V * D).view(V, D)[next(ids)]

    least = gathered(batch, D)
    return {"read": Side(read, least + 8 * V * D, 0), "mapped": Side(mapped, least, 0)}


# ---------------------------------------------------------------------- backward and optimiser


def backward(device, V, D, batch):
    """Forward and backward, to a sparse gradient and, up to a million rows, to a dense one."""
    weight = table(V, D, device)
    ids = batches(V, (batch,), device, weight)
    above = torch.ones(batch, D, device=device)

    def both_ways(layer):
        return lambda: torch.autograd.grad(layer(next(ids)), layer.weight, above)

    def sides(E, sparse):
        layer = E.from_pretrained(weight, freeze=False, sparse=sparse)
        # Dense: zeros for every row, then each gradient is read and added to its row.
        scatter = 0 if sparse else 4 * V * D + 12 * batch * D
        adds = 0 if sparse else batch * D
        return Side(both_ways(layer), gathered(batch, D) + scatter, adds)

    rows_only = {
        "sparse": sides(nn.Embedding, True),
        "ours, sparse": sides(Embedding, True),
    }
    if V > 1_000_000:
        return rows_only
    zeros = Side(
        lambda: torch.zeros(V, D, device=device), 4 * V * D, 0
    )  # what a dense one fills
    whole = {
        "dense": sides(nn.Embedding, False),
        "ours, dense": sides(Embedding, False),
    }
    return {**whole, **rows_only, "zeros": zeros}


def optimiser(device, V, D, batch):
    """One step, the gradient being there already: of the whole table, or of a batch's rows."""
    ids = [next(batches(V, (batch,), device)) for _ in range(64)]
    rows = torch.ones(batch, D, device=device)
    dense = torch.zeros(V, D, device=device).index_add_(0, ids[0], rows)
    sparse = [
        torch.sparse_coo_tensor(i[None], rows, (V, D), check_invariants=False)
        for i in ids
    ]

    def step(kind, gradients, **options):
        weight, gradients = (
            nn.Parameter(table(V, D, device)),
            itertools.cycle(gradients),
        )
        optimizer = kind([weight], lr=1e-3, **options)

        def run():
            weight.grad = next(gradients)
            optimizer.step()

        return run

    whole, part = V * D, batch * D
    # SGD reads weight and gradient and writes the weight; Adam's two averages make 7 of these 3.
    return {
        "SGD": Side(step(torch.optim.SGD, [dense]), 12 * whole, 2 * whole),
        "SGD, sparse": Side(
            step(torch.optim.SGD, sparse), 12 * part + 8 * batch, 2 * part
        ),
        "Adam": Side(step(torch.optim.Adam, [dense]), 28 * whole, 13 * whole),
        "Adam, fused": Side(
            step(torch.optim.Adam, [dense], fused=True), 28 * whole, 13 * whole
        ),
        "SparseAdam": Side(
            step(torch.optim.SparseAdam, sparse), 28 * part + 8 * batch, 13 * part
        ),
    }


# ------------------------------------------------------------------ our layers beside PyTorch's


def step(layer, x):
    """Forward and backward, as one training step without the optimiser."""

    def run():
        layer.zero_grad(set_to_none=True)
        layer(x).sum().backward()

    return run


def embedding(device, V, D, batch, **options):
    ids, weight = torch.randint(V, (batch,)).to(device), torch.randn(V, D).to(device)
    layers = [
        E.from_pretrained(weight, freeze=False, **options)
        for E in (nn.Embedding, Embedding)
    ]
    return {"torch.nn": step(layers[0], ids), "ours": step(layers[1], ids)}


def linear(device, batch, n, m):
    theirs, ours = nn.Linear(n, m, device=device), Linear(n, m, device=device)
    ours.load_state_dict(theirs.state_dict())
    x, work = torch.randn(batch, n).to(device), 2 * batch * n * m
    least = 4 * (
        3 * n * m + 2 * batch * n + 2 * batch * m
    )  # each matrix, once for each product
    return {
        "torch.nn": Side(step(theirs, x), least, 2 * work),
        "ours": Side(step(ours, x), least, 2 * work),
    }


def range_check(device, V, D, batch, both_ways):
    layer, ids = Embedding(V, D, device=device), torch.randint(V, (batch,)).to(device)
    once = step(layer, ids) if both_ways else lambda: layer(ids)

    def checked(enabled):
        def run():
            with index_check(enabled):
                once()

        return run

    return {"without": checked(False), "with": checked(True)}


def reading(make):
    def silent(run):
        with contextlib.redirect_stderr(
            io.StringIO()
        ):  # no progress bars between our lines
            run()

    def build(device):
        if device.type != "cpu":
            raise Skipped("files are read by the CPU")
        return {name: functools.partial(silent, run) for name, run in make().items()}

    return build


def _series(family, build, *points):
    for size in points:
        name = ", ".join([family, *(f"{key}={value}" for key, value in size.items())])
        yield name, Case(family, build, size)


def _over(rows=VOCABULARIES, width=(D,), batch=(1024,)):
    grid = itertools.product(width, batch, rows)
    return [{"V": v, "D": d, "batch": b} for d, b, v in grid]


_BASE = {"V": V, "D": D}
_BAGS = {"V": 1_000_000, "D": D, "bags": 256, "each": 32}
CASES = dict(
    [
        *_series("lookup", lookup, *_over(batch=(1024, 65_536))),
        *_series("lookup", lookup, *_over([V], batch=(1, 32, 32_768))),
        *_series("lookup", lookup, *_over([V], width=(4, 16, 256, 1024))),
        *_series(
            "lookup", lookup, *_over([10_000_000], width=[128], batch=[32_768])
        ),  # 5 GB
        *_series("one-hot", product, *_over()),
        *_series("backward", backward, *_over()),
        *_series("optimiser", optimiser, *_over(VOCABULARIES[:5])),
        *_series(
            "bag", bag, *({**_BAGS, "training": training} for training in (False, True))
        ),
        *_series("dtype", dtypes, *_over([1_000_000], batch=[65_536])),
        *_series("order", order, *_over([V, 1_000_000])),
        *_series("paged", paged, *_over([1_000_000], batch=[64])),
    ]
)
_EMBEDDING = {
    "embedding, batch 1024": ({"batch": 1024}, 1.15),
    "embedding, batch 1": ({"batch": 1}, 3.0),
    "embedding, batch 1024, padding_idx": ({"batch": 1024, "padding_idx": 0}, 1.15),
    "embedding, batch 1024, max_norm": ({"batch": 1024, "max_norm": 1.0}, None),
    "embedding, batch 1024, by frequency": (
        {"batch": 1024, "scale_grad_by_freq": True},
        None,
    ),
    "embedding, batch 1024, sparse": ({"batch": 1024, "sparse": True}, None),
    "embedding, batch 1, sparse": ({"batch": 1, "sparse": True}, None),
}
_LINEAR = {
    "linear V to D, batch 1024": ({"batch": 1024, "n": V, "m": D}, 1.15),
    "linear V to D, batch 1": ({"batch": 1, "n": V, "m": D}, 3.0),
    "linear D to D, batch 1024": ({"batch": 1024, "n": D, "m": D}, None),
    "linear D to D, batch 1": ({"batch": 1, "n": D, "m": D}, 3.0),
}
_CHECK = {
    f"range check, batch {batch}, {way}": (
        {"batch": batch, "both_ways": way == "both ways"},
        None,
    )
    for batch in (1024, 1)
    for way in ("forward", "both ways")
}
CASES |= {
    name: Case("embedding", embedding, _BASE | s, p)
    for name, (s, p) in _EMBEDDING.items()
}
CASES |= {name: Case("linear", linear, size, p) for name, (size, p) in _LINEAR.items()}
CASES |= {
    name: Case("range check", range_check, _BASE | s, p)
    for name, (s, p) in _CHECK.items()
}
CASES |= {
    name: Case("vectors", reading(make), {}, promised)
    for name, (make, promised) in bench_vectors.CASES.items()
}
