"""Run one situation on both layers, and say how what comes out differs."""

import re
import warnings
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from textwrap import shorten
from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional as F

STEPS = 20
STAGES = ("outputs", "gradients", "steps")
KINDS = ("same", "values", "close", "different", "impossible")  # from the best on
SLACK = 32  # units in the last place
ROOM = 160  # characters of an error


class Verdict(NamedTuple):
    """What came out at one stage, in the worst size.

    ``kind``: ``same`` bit for bit, signs of zero included; ``values``, equal but for
    signs of zero; ``close``, at most 32 units in the last place of the largest number
    apart, or of 1; ``different``; ``impossible``, because of an error. ``apart``: the
    largest difference. ``note``: the error, or the dtypes that are not equal, or nan.
    """

    kind: str
    apart: float | None = None
    note: str = ""

    @property
    def refused(self):
        """The layers that raise an error."""
        refused = re.findall(r"(?:^|; )(Embedding|Linear): ", self.note)
        return tuple(refused) if self.kind == "impossible" else ()


class Size(NamedTuple):
    rows: int
    columns: int
    ids: tuple[int, ...] | str  # of digits
    seed: int


SIZES = (
    Size(7, 4, "202512", seed=0),  # word 2 three times; 3, 4 and 6 never
    Size(50, 64, tuple((i * i + 3 * i) % 47 for i in range(500)), seed=1),
)


def one_hot(ids, rows, dtype):
    return F.one_hot(ids.long(), rows).to(dtype)


@dataclass(frozen=True)
class Situation:
    """What differs from the plain case; ``run`` runs both sides, unless ``lookup`` or
    ``product`` runs its own."""

    rows: int | None = None
    dtype: torch.dtype = torch.float32
    embedding: dict = field(default_factory=dict)  # arguments of the constructors
    linear: dict = field(default_factory=dict)
    ids: Callable = lambda ids: ids
    vector: Callable = one_hot
    each: Callable = lambda layer: None  # done to both
    prepare: Callable = lambda embedding, linear, ids: None
    around: Callable = nullcontext
    run: Callable = lambda layer, given: layer(given)
    lookup: Callable | None = None
    product: Callable | None = None
    parts: int = 1  # a batch in this many backward passes,
    rotate: bool = False  # or each step has the next of them
    adjust: Callable = lambda parameters: None  # between backward and step
    optimiser: Callable = partial(torch.optim.SGD, lr=0.1)
    linear_optimiser: Callable | None = None
    also: tuple[Size, ...] = ()  # sizes in which a search found a worse verdict
    weekly: bool = False  # it takes seconds


def build(situation, classes, size):
    """Both layers with the same table, and the indices."""
    s, rows = situation, size.rows if situation.rows is None else situation.rows
    generator = torch.Generator().manual_seed(size.seed)
    table = torch.randn(rows, size.columns, generator=generator, dtype=torch.float64)
    embedding = classes[0](rows, size.columns, **s.embedding).to(s.dtype)
    linear = classes[1](rows, size.columns, **{"bias": False, **s.linear})
    linear = linear if "dtype" in s.linear else linear.to(s.dtype)
    if embedding.padding_idx is not None:
        table[embedding.padding_idx] = 0
    with torch.no_grad():
        embedding.weight.copy_(table.to(s.dtype))
        linear.weight.copy_(table.to(s.dtype).T)
    ids = s.ids(torch.tensor([*map(int, size.ids)], dtype=torch.int64))
    s.each(embedding)
    s.each(linear)
    s.prepare(embedding, linear, ids)
    return embedding, linear, ids


def targets(shape):
    return torch.arange(shape.numel(), dtype=torch.float64).cos().reshape(shape)


def loss(output):
    wide = torch.complex128 if output.is_complex() else torch.float64
    apart = output.to(wide) - targets(output.shape)
    return apart.abs().pow(2).sum() / output.shape[-1]


def outcome(situation, classes, size, stage, side):
    """What one side gives at one stage; for a weight, as (rows, columns)."""
    s = situation
    torch.manual_seed(size.seed)
    *layers, ids = build(s, classes, size)
    layer, run = layers[side], (s.lookup, s.product)[side] or s.run
    rows, dtype = layers[0].weight.shape[0], layers[1].weight.dtype
    given = s.vector(ids, rows=rows, dtype=dtype) if side else ids
    parts, parameters = given.tensor_split(s.parts), list(layer.parameters())

    def backward(parts):
        for part in parts:
            with s.around():
                value = loss(run(layer, part))
                value.backward()
        s.adjust(parameters)
        return value

    if stage == "outputs":
        with s.around():
            return run(layer, given)
    if stage == "gradients":
        backward(parts)
        # The table itself, also under a parametrization or a mask.
        result = max(parameters, key=torch.numel).grad
    else:
        optimiser = (side and s.linear_optimiser or s.optimiser)(parameters)
        for step in range(STEPS):

            def closure(now=[parts[step % s.parts]] if s.rotate else parts):
                optimiser.zero_grad()
                return backward(now)

            optimiser.step(closure)
        result = layer.weight
    return result.T if side else result


def compare(a, b):
    """The verdict on two tensors; nan is equal to nan."""
    a, b = (t.detach().to_dense() if t.is_sparse else t.detach() for t in (a, b))
    if a.shape != b.shape:
        return Verdict("different", None, f"{list(a.shape)}, {list(b.shape)}")
    kinds = [str(t.dtype).removeprefix("torch.") for t in (a, b)]
    note, eps = "" if a.dtype == b.dtype else ", ".join(kinds), torch.finfo(a.dtype).eps
    a, b = (torch.view_as_real(t) if t.is_complex() else t for t in (a, b))
    a, b = a.double(), b.double()
    equal = (a == b) | (a.isnan() & b.isnan())
    if bool(equal.all()) and not note:
        signs = (a.signbit() == b.signbit()) | a.isnan()
        return Verdict("same" if bool(signs.all()) else "values", 0.0)
    apart = (a - b).abs().masked_fill(equal, 0)
    if not bool(apart.isfinite().all()):
        return Verdict("different", None, "nan")
    apart, largest = apart.max().item(), max(a[a.isfinite()].abs().max().item(), 1.0)
    near = apart <= SLACK * eps * largest and not note
    return Verdict("close" if near else "different", apart, note)


def kinds(verdicts):
    """What must be the same elsewhere: the kind by stage, and who refuses."""
    return {stage: (v.kind, *v.refused) for stage, v in verdicts.items()}


def judge(situation, embedding=None, linear=None, sizes=None, stages=STAGES):
    """The verdicts ``{stage: Verdict}`` on a situation: the worst of all sizes."""
    classes = embedding or nn.Embedding, linear or nn.Linear
    sizes = SIZES + situation.also if sizes is None else sizes
    verdicts = {}
    for stage in stages:
        found = [_at_one_size(situation, classes, size, stage) for size in sizes]
        verdicts[stage] = max(found, key=lambda v: (KINDS.index(v.kind), v.apart or 0))
    return verdicts


def _at_one_size(situation, classes, size, stage):
    results, errors = [], []
    for side, name in enumerate(("Embedding", "Linear")):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                results.append(outcome(situation, classes, size, stage, side))
        except Exception as error:
            text = shorten(str(error), ROOM, placeholder=" …")
            errors.append(f"{name}: {type(error).__name__}: {text}")
    if errors:
        return Verdict("impossible", None, "; ".join(errors))
    return compare(*results)
