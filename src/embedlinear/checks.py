"""Argument checks of the layers, and their error messages.

Each function returns if the argument is valid. Otherwise it raises the exception that
PyTorch's layer raises, with PyTorch's words first if they name the problem, then the
argument, its value and the cure. Three things differ: a bool is not accepted as a size
or as padding_idx, a table that is a list gives TypeError, and ``one_hot`` raises what a
lookup would.
"""

import functools
import threading

import torch

from embedlinear.language import say


class _Switch(threading.local):
    on = True  # in every new thread


_switch = _Switch()


class index_check:
    """Switch the check of index ranges on or off in this thread.

    Use it as a call, a ``with`` block or a decorator, like torch.set_grad_enabled. If
    on, a bad index raises an IndexError that names it, before any row is read (this
    waits for a GPU). If off, PyTorch's own operation fails: IndexError on a CPU,
    RuntimeError in ``one_hot`` and in a torch.jit trace, a device-side assert on CUDA,
    after which the process cannot use the GPU. On or off, torch.compile and torch.export put an
    assertion into the graph: RuntimeError, or that assert. (Inductor of torch 2.6 drops
    it: -1 is the last row, as in PyTorch.)
    """

    def __init__(self, enabled: bool) -> None:
        self.enabled, self.before = bool(enabled), _switch.on
        _switch.on = self.enabled

    def __enter__(self):
        _switch.on = self.enabled
        return self

    def __exit__(self, *_):
        _switch.on = self.before

    def __call__(self, function):
        _switch.on = self.before  # decorating a function does not switch yet

        @functools.wraps(function)
        def switched(*args, **kwargs):
            with index_check(self.enabled):
                return function(*args, **kwargs)

        return switched


def is_int(value):
    return hasattr(value, "__index__") and not isinstance(value, bool)


def sizes(**given):
    """Each size must be an int (TypeError) that is not negative (RuntimeError)."""
    for name, value in given.items():
        if not is_int(value):
            raise TypeError(say("size-type", name=name, value=value))
        if value < 0:
            about = {"name": name, "value": value, "sizes": list(given.values())}
            raise RuntimeError(say("size-negative", **about))


def padding_idx(value, rows):
    """Return ``padding_idx`` as 0..rows-1 (negative: from the end), or None."""
    if value is None:
        return None
    if is_int(value) and -rows <= value < rows:
        return int(value) % rows
    error = AssertionError if is_int(value) else TypeError
    if isinstance(value, float) or rows == value == 0:
        error = IndexError  # as in PyTorch
    raise error(say("padding-idx", value=value, first=-rows, last=rows - 1))


def tensor(function, name, value):
    if not isinstance(value, torch.Tensor):
        kind = type(value).__name__
        raise TypeError(say("not-a-tensor", function=function, name=name, kind=kind))


def index_dtype(name, ids):
    if ids.is_nested:
        raise NotImplementedError(say("nested", name=name))
    if ids.dtype not in (torch.int64, torch.int32):
        about = {"name": name, "kind": ids.type(), "dtype": ids.dtype}
        raise RuntimeError(say("index-dtype", **about))


def lookup(ids, weight, padding):
    """Check a lookup of ``ids`` in ``weight``; return ``padding`` as 0..V-1 or None."""
    tensor("embedding", "input", ids)
    index_dtype("input", ids)
    if weight.dim() != 2:
        raise RuntimeError(f"'weight' must be 2-D, but it is {tuple(weight.shape)}.")
    index_range("input", ids, weight.size(0), "num_embeddings")
    return padding_idx(padding, weight.size(0))


def index_range(name, ids, rows, size_name):
    """Every index must be in 0..rows-1; the message names the first that is not."""
    if torch.compiler.is_compiling():  # no values yet: the graph checks later
        problem = f"index out of range in self: {name} must be in 0..{size_name}-1"
        torch._assert_async(((ids >= 0) & (ids < rows)).all(), problem)
        return
    ids = _readable(ids) if _switch.on else None
    if ids is None or not ids.numel():
        return
    low, high = torch.stack(ids.aminmax()).tolist()  # stacked: one wait for the GPU
    if low >= 0 and high < rows:
        return
    place = tuple(((ids < 0) | (ids >= rows)).nonzero()[0].tolist())
    about = {
        "name": f"{name}{list(place) or ''}",
        "value": ids[place].item(),
        "place": place,
        "size_name": size_name,
        "rows": rows,
        "allowed": f"0..{rows - 1}" if rows else "no index",
        "least": max(high, 0) + 1,
    }
    raise IndexError(say("index-range", **about))


def _readable(ids):
    """The plain tensor whose values can be read now, or None if there is none."""
    functorch = torch._C._functorch
    while functorch.is_functorch_wrapped_tensor(ids):  # vmap and grad: look inside
        ids = functorch.get_unwrapped(ids)
    fake = ids.is_meta or isinstance(ids, torch._subclasses.FakeTensor)
    return None if fake or torch.jit.is_tracing() else ids


def product(x, weight, layer):
    """``x @ weight.T`` must be possible."""
    problem = ""
    if x.dim() == 0:
        problem = "both arguments to linear need to be at least 1D, but input is 0D"
    elif weight.dim() != 2 or x.size(-1) != weight.size(1):
        factors = (x.shape[:-1].numel(), x.size(-1)), reversed(weight.shape)
        sizes = " and ".join("x".join(map(str, factor)) for factor in factors)
        problem = f"mat1 and mat2 shapes cannot be multiplied ({sizes})"
    elif x.dtype != weight.dtype:
        kinds = " and ".join(t.type().split(".")[-1][:-6] for t in (x, weight))
        problem = f"mat1 and mat2 must have the same dtype, but got {kinds}"
    if problem:
        about = {
            "problem": problem,
            "shape": tuple(x.shape),
            "dtype": x.dtype,
            "weight": tuple(weight.shape),
            "weight_dtype": weight.dtype,
            "n": layer.in_features,
            "m": layer.out_features,
        }
        raise RuntimeError(say("product", **about))


def replacement(layer, name, new):
    """``set_weight``: ``new`` must be like the Parameter that it is copied into."""
    tensor("set_weight", name, new)
    old = dict(layer.named_parameters(recurse=False)).get(name)
    if old is None:
        problem = "set-none" if getattr(layer, name) is None else "set-computed"
        raise RuntimeError(say(problem, name=name))
    for what in ("shape", "layout", "dtype", "device"):
        about = {"name": name, "expected": getattr(old, what)}
        given, cure = getattr(new, what), f"set-{what}"
        if given != about["expected"]:
            if what == "shape" and new.dim() == 2 and new.t().shape == old.shape:
                cure = "set-transpose"
            about |= {"what": what, "given": given, "cure": say(cure, **about)}
            raise RuntimeError(say("set-differs", **about))
