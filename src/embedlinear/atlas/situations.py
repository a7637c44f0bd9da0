"""The situations: ``situations.toml`` sets them up from the functions of this module."""

import tomllib
from contextlib import contextmanager
from functools import partial
from importlib.resources import files

import torch
from torch import nn
from torch.func import functional_call, jvp, vmap
from torch.nn import functional as F
from torch.nn.utils import parametrizations, prune
from torch.utils.checkpoint import checkpoint

from embedlinear.atlas.engine import Situation, Size, one_hot, targets

TABLE = tomllib.loads(files(__package__).joinpath("situations.toml").read_text("utf-8"))


# --- what is put in, and how it is run ---


def mixture(ids, rows, dtype):
    return one_hot(ids, rows, dtype) * 0.75 + 0.25 / rows


def weighted_bag(embedding, ids):
    weight = embedding.weight
    every = torch.arange(len(weight)).expand(len(ids), -1)
    shares = mixture(ids, len(weight), weight.dtype)
    return F.embedding_bag(every, weight, per_sample_weights=shares, mode="sum")


def bag(embedding, ids, mode):
    return F.embedding_bag(ids[None], embedding.weight, mode=mode)


def with_weight(layer, given, weight):
    return functional_call(layer, {"weight": weight}, (given,))


def tied(layer, given):
    weight = layer.weight
    return layer(given) @ (weight if given.is_floating_point() else weight.T)


def rows_apart(embedding, ids):
    total = 0
    for start, part in enumerate(embedding.weight.split(4)):
        local = ids - 4 * start
        inside = (local >= 0) & (local < len(part))
        found = with_weight(embedding, local.where(inside, 0), part)
        total = total + found * inside.unsqueeze(1)
    return total


def rows_apart_product(linear, x):
    parts = zip(x.split(4, dim=1), linear.weight.split(4, dim=1))
    return sum(with_weight(linear, piece, weight) for piece, weight in parts)


def columns_apart(layer, given):
    halves = layer.weight.chunk(2, dim=0 if given.is_floating_point() else 1)
    return torch.cat([with_weight(layer, given, half) for half in halves], 1)


def gradient(result, of):
    return torch.autograd.grad(result, of, create_graph=True)[0]


def with_its_gradient(layer, given):
    output = layer(given)
    return output * (1 + gradient(output.pow(2).mean(), layer.weight).pow(2).sum())


def to_the_input(layer, given):
    given = given.clone().requires_grad_()
    return gradient(layer(given).pow(2).sum(), given)


def along_itself(layer, given):
    weight = (layer.weight,)
    return jvp(partial(with_weight, layer, given), weight, weight)[1]


def many_tables(layer, given):
    stack = torch.stack([layer.weight, 2 * layer.weight])
    return vmap(partial(with_weight, layer, given))(stack).sum(0)


def once(make):
    """Run what ``make(layer, given)`` returns; it is made at the first call."""

    def run(layer, given):
        if "made" not in vars(layer):
            torch._dynamo.reset()
            vars(layer)["made"] = make(layer, given)
        return vars(layer)["made"](given)

    return run


def quantised(layer, given):
    engine, config = torch.ao.quantization, "float_qparams_weight_only_qconfig"
    if given.is_floating_point():
        config = "default_dynamic_qconfig"
    spec = {"": None, "0": getattr(engine, config)}
    return engine.quantize_dynamic(nn.Sequential(layer), spec)(given)


def state_of_the_other(linear, x):
    linear.load_state_dict({"weight": linear.weight.detach().T.clone()})
    return linear(x)


# --- what is done to the tables ---


def write(value, looked_up):
    """Put ``value`` into the row of the first index, or into one not looked up."""

    def prepare(embedding, linear, ids):
        others = set(range(len(embedding.weight))) - {*ids.tolist()}
        row = ids[0] if looked_up else min(others, default=0)
        embedding.weight.data[row, 0] = linear.weight.data[0, row] = value

    return prepare


def to_both(change):
    return lambda embedding, linear, ids: [
        change(layer) for layer in (embedding, linear)
    ]


def same_mask(embedding, linear, ids):
    mask = torch.arange(embedding.weight.numel()).reshape(embedding.weight.shape) % 3
    prune.custom_from_mask(embedding, "weight", mask != 0)
    prune.custom_from_mask(linear, "weight", mask.T != 0)


def to_the_minimum(embedding, linear, ids):
    """Each row is the mean of its targets: the gradient is zero but for rounding."""
    wanted = targets(torch.Size((len(ids), embedding.weight.shape[1])))
    members = one_hot(ids, len(embedding.weight), torch.float64)
    means = members.T @ wanted / members.sum(0).clamp(min=1).unsqueeze(1)
    embedding.weight.data.copy_(means)
    linear.weight.data.copy_(means.T)


@contextmanager
def switched(switch, on, off):
    switch(on)
    try:
        yield
    finally:
        switch(off)


@contextmanager
def one_process():
    group = torch.distributed
    group.init_process_group("gloo", store=group.HashStore(), rank=0, world_size=1)
    try:
        yield
        group.barrier()  # torch 2.6 can hang if it destroys a group still at work
    finally:
        group.destroy_process_group()


# --- what the table's words stand for ---

precision = partial(switched, torch.set_float32_matmul_precision, off="highest")
WORDS = {
    "ids": {
        "distinct": torch.unique,
        "first": lambda ids: ids[:1],
        "none": lambda ids: ids[:0],
        "int32": lambda ids: ids.int(),
        "int16": lambda ids: ids.short(),
        "float": lambda ids: ids.float(),
        "two dimensions": lambda ids: ids.expand(2, -1),
        "past the end": lambda ids: ids + 1000,
        "negative": lambda ids: -1 - ids,
    },
    "vector": {
        "guessed": lambda ids, rows, dtype: F.one_hot(ids).to(dtype),
        "integers": lambda ids, rows, dtype: F.one_hot(ids, rows),
        "mixture": mixture,
        "counts": lambda *given: one_hot(*given).sum(0, keepdim=True),
        "shares": lambda *given: one_hot(*given).mean(0, keepdim=True),
        "masked": lambda ids, *given: one_hot(ids, *given) * (ids != 0).unsqueeze(-1),
    },
    "run": {
        **{mode: partial(bag, mode=mode) for mode in ("sum", "mean", "max")},
        "compiled": once(lambda layer, given: torch.compile(layer)),
        "exported": once(
            lambda layer, given: torch.export.export(layer, (given,)).module()
        ),
        "checkpoint": partial(checkpoint, use_reentrant=False),
        "vmap": lambda layer, given: vmap(layer)(given),
        "ddp": lambda layer, given: nn.parallel.DistributedDataParallel(layer)(given),
    },
    "prepare": {
        "frozen": to_both(lambda layer: layer.requires_grad_(False)),
        "drawn": to_both(
            lambda layer: [torch.manual_seed(0), layer.reset_parameters()]
        ),
        "minus zero": write(-0.0, looked_up=True),
        "nan": write(float("nan"), looked_up=False),
        "infinity": write(float("inf"), looked_up=False),
        "subnormal": write(1e-40, looked_up=True),
        "weight_norm": to_both(parametrizations.weight_norm),
        "spectral_norm": to_both(parametrizations.spectral_norm),
        "orthogonal": to_both(parametrizations.orthogonal),
    },
    "around": {
        "autocast": partial(torch.autocast, "cpu", torch.bfloat16),
        "autocast off": partial(torch.autocast, "cpu", enabled=False),
        "high": partial(precision, "high"),
        "medium": partial(precision, "medium"),
        "deterministic": partial(
            switched, torch.use_deterministic_algorithms, True, False
        ),
        "flush": partial(switched, torch.set_flush_denormal, True, False),
    },
    "adjust": {
        "norm": partial(nn.utils.clip_grad_norm_, max_norm=0.5),
        "value": partial(nn.utils.clip_grad_value_, clip_value=0.1),
    },
}
WORDS["lookup"] = WORDS["product"] = WORDS["run"]


def by(name, **options):
    """An optimiser, looked up when it is made: torch 2.6 has no Muon."""
    return lambda parameters: getattr(torch.optim, name)(parameters, **options)


def value(key, given):
    """What a setting of the table stands for."""
    if key.endswith("optimiser"):
        return by(**given)
    if key in WORDS:
        return WORDS[key].get(given) or globals()[given]
    if key == "dtype":
        return getattr(torch, given)
    if key == "also":
        return tuple(Size(*size) for size in given)
    return {k: value(k, v) for k, v in given.items()} if key == "linear" else given


def situation(settings):
    settings = dict(settings)
    if "run" in settings:
        settings["lookup"] = settings["product"] = settings.pop("run")
    return Situation(**{key: value(key, given) for key, given in settings.items()})


SITUATIONS = {
    name: situation(row.get("set", {}))
    for rows in TABLE["groups"].values()
    for name, row in rows.items()
}
