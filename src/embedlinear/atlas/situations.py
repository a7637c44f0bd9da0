"""The situations: ``situations.toml`` sets them up from the functions of this module."""

import pkgutil
import tomllib
from contextlib import contextmanager
from functools import partial
from importlib.resources import files

import torch
from torch import nn
from torch.func import functional_call, jvp, vmap
from torch.nn import functional as F
from torch.nn.utils import prune

from embedlinear.atlas.engine import Situation, Size, one_hot, targets

TABLE = tomllib.loads(files(__package__).joinpath("situations.toml").read_text("utf-8"))


# --- what is put in, and how it is run ---


def mixture(ids, rows, dtype):
    return one_hot(ids, rows, dtype) * 0.75 + 0.25 / rows


def pooled(ids, rows, dtype, by):
    return getattr(one_hot(ids, rows, dtype), by)(0, keepdim=True)


def masked(ids, rows, dtype):
    return one_hot(ids, rows, dtype) * (ids != 0).unsqueeze(-1)


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


def wrapped(layer, given, by):
    return pkgutil.resolve_name(by)(layer)(given)


def once(make):
    """Run what ``make(layer, given)`` returns; it is made at the first call."""

    def run(layer, given):
        if "made" not in vars(layer):
            torch._dynamo.reset()
            vars(layer)["made"] = make(layer, given)
        return vars(layer)["made"](given)

    return run


compiled = once(lambda layer, given: torch.compile(layer))
exported = once(lambda layer, given: torch.export.export(layer, (given,)).module())


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


def drawn(layer):
    torch.manual_seed(0)
    layer.reset_parameters()


def write(embedding, linear, ids, value, looked_up):
    """Put ``value`` into the row of the first index, or into one not looked up."""
    others = set(range(len(embedding.weight))) - {*ids.tolist()}
    row = ids[0] if looked_up else min(others, default=0)
    embedding.weight.data[row, 0] = linear.weight.data[0, row] = value


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
    switch = pkgutil.resolve_name(switch)
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


# --- what the table says ---


def function(name, **options):
    """A function of the table, found when it is called: torch 2.6 has no Muon."""

    def call(*given, **named):
        path = name if "." in name else f"{__name__}.{name}"
        return pkgutil.resolve_name(path)(*given, **named | options)

    return call


def setting(key, given):
    """What a setting of the table stands for."""
    if key == "dtype":
        return getattr(torch, given)
    if key == "also":
        return tuple(Size(*size) for size in given)
    if isinstance(given, str):
        return function(given)
    if isinstance(given, dict):
        given = {k: getattr(torch, v) if k == "dtype" else v for k, v in given.items()}
        return function(**given) if "name" in given else given
    return given


SITUATIONS = {
    name: Situation(**{k: setting(k, given) for k, given in row.get("set", {}).items()})
    for rows in TABLE["groups"].values()
    for name, row in rows.items()
}
