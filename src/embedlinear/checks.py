"""What the layers refuse, and how they say it.

Every function here returns quickly when all is well. When something is wrong it raises the
exception that PyTorch raises, with PyTorch's own words first (so that a search finds them), then
the argument, the value, where it stands, what was expected, and the cure.
"""

import operator

import torch


class NotATensorError(TypeError, AttributeError):
    """A table that is no tensor. PyTorch stumbles over ``.dim()`` and raises AttributeError; what
    it means is TypeError. This is both, so that either ``except`` catches it."""


class index_check:
    """Turn the check of index ranges on or off; like ``torch.set_grad_enabled``, call or ``with``.

    >>> index_check(False)                  # off from here on
    >>> with index_check(False): ...        # off in this block only

    Off saves reading the smallest and the largest index. On the CPU a bad index then still ends in
    PyTorch's bare IndexError. On CUDA it ends in a device-side assert, reported later and
    elsewhere, after which the process can use the GPU no more; with the check on (the default) it
    is refused before any kernel sees it, at the price of waiting for the GPU once per lookup.
    Inside torch.compile, torch.export, a trace, or on the meta device no value can be read, so
    there is no check there.
    """

    enabled = True

    def __init__(self, enabled):
        self.before = index_check.enabled
        index_check.enabled = bool(enabled)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        index_check.enabled = self.before

    def __repr__(self):
        return f"index_check(enabled={index_check.enabled})"


# ---------------------------------------------------------------------------------- constructors


def sizes(**given):
    """Each size must be an integer (TypeError) that is not negative (RuntimeError)."""
    for name, value in given.items():
        if isinstance(value, torch.SymInt):
            continue
        if isinstance(value, bool) or not hasattr(value, "__index__"):
            raise TypeError(
                f"empty(): {name} must be an int, but it is {value!r}, a {type(value).__name__}. "
                f"A table has a whole number of rows and columns: write {name}=int(...)."
            )
    for name, value in given.items():
        if value < 0:
            raise RuntimeError(
                f"Trying to create tensor with negative dimension {value}: "
                f"{[int(v) for v in given.values()]}. {name} must be 0 or more, not {value}."
            )


def padding_idx(value, rows):
    """Return ``padding_idx`` as 0..rows-1 (negative ones count from the end), or None."""
    if value is None:
        return None
    if isinstance(value, float):
        raise IndexError(
            f"only integers are valid indices: padding_idx is {value!r}, a float. "
            f"Write padding_idx=int(...), the number of the row that pads."
        )
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(
            f"padding_idx must be an int or None, but it is {value!r}, a {type(value).__name__}. "
            f"It is the number of the row that pads, not a switch."
        )
    place = operator.index(value)
    if rows == 0 and place == 0:
        raise IndexError(
            "index 0 is out of bounds for dimension 0 with size 0: padding_idx=0 names a row, but "
            "num_embeddings is 0. Count the padding row in num_embeddings."
        )
    if not -rows <= place < rows:
        raise AssertionError(
            f"Padding_idx must be within num_embeddings: padding_idx={place}, but the rows of a "
            f"table with num_embeddings={rows} are 0..{rows - 1} (or {-rows}..-1 from the end). "
            f"Count the padding row in num_embeddings."
        )
    return place % rows


def table(weight, **given):
    """Sizes to make a table of must be good; a given ``_weight`` must have them."""
    if weight is None:
        return sizes(**given)
    rows, columns = given.values()
    if list(weight.shape) != [rows, columns]:
        raise AssertionError(
            f"Shape of weight does not match num_embeddings and embedding_dim: _weight is "
            f"{tuple(weight.shape)}, expected ({rows}, {columns}). "
            f"Embedding.from_pretrained(weight) reads the sizes from the tensor."
        )


def pretrained(embeddings, freeze):
    """``from_pretrained`` takes a 2-D tensor, and a floating one if it is to be trained."""
    if not isinstance(embeddings, torch.Tensor):
        cure = (
            "torch.from_numpy(...)"
            if hasattr(embeddings, "__array__")
            else "torch.tensor(...)"
        )
        raise NotATensorError(
            f"from_pretrained(): embeddings must be a Tensor of shape (num_embeddings, "
            f"embedding_dim), not {type(embeddings).__name__}. Wrap it: {cure}."
        )
    if embeddings.dim() != 2:
        raise AssertionError(
            f"Embeddings parameter is expected to be 2-dimensional, (num_embeddings, "
            f"embedding_dim); embeddings is {embeddings.dim()}-dimensional, with shape "
            f"{tuple(embeddings.shape)}. For a single vector write embeddings.unsqueeze(0)."
        )
    if not freeze and not (embeddings.is_floating_point() or embeddings.is_complex()):
        raise RuntimeError(
            f"Only Tensors of floating point and complex dtype can require gradients: embeddings "
            f"is {embeddings.dtype} and freeze=False. Write embeddings.float(), or freeze it."
        )


# ---------------------------------------------------------------------------------------- lookup


def tensor(function, name, value):
    """``value`` must be a tensor."""
    if not isinstance(value, torch.Tensor):
        raise TypeError(
            f"{function}(): argument '{name}' must be Tensor, not {type(value).__name__}. "
            f"Wrap it: torch.tensor(...)."
        )


def lookup(ids, weight, padding):
    """Check a lookup of ``ids`` in ``weight``; return ``padding_idx`` as 0..V-1 or None."""
    tensor("embedding", "input", ids)
    if weight.dim() != 2:
        raise RuntimeError(
            f"'weight' must be 2-D, (num_embeddings, embedding_dim), but its shape is "
            f"{tuple(weight.shape)}."
        )
    index_dtype("input", ids)
    index_range("input", ids, weight.size(0), "num_embeddings")
    return (
        None if padding is None else padding_idx(padding, weight.size(0) or padding + 1)
    )


def index_dtype(name, ids):
    """Indices are int32 or int64: uint8 would wrap, bool is a mask, a float is no position."""
    if ids.dtype not in (torch.int64, torch.int32):
        raise RuntimeError(
            f"Expected tensor for argument #1 'indices' to have one of the following scalar types: "
            f"Long, Int; but got {ids.type()} instead: {name} has dtype {ids.dtype}. "
            f"Convert it where it is made: {name}.long()."
        )


def index_range(name, ids, rows, size_name):
    """Every index must be one of 0..rows-1; the message names the first that is not."""
    if not index_check.enabled or (ids := _readable(ids)) is None or not ids.numel():
        return
    low, high = torch.stack(
        ids.aminmax()
    ).tolist()  # together: on CUDA, one wait and not two
    if low >= 0 and high < rows:
        return
    place = tuple(((ids < 0) | (ids >= rows)).nonzero()[0].tolist())
    value = ids[place].item()
    at = f"[{', '.join(map(str, place))}]" if place else ""
    allowed = f"0..{rows - 1}" if rows else "none: there are no rows"
    cure = (
        "A negative index does not count from the end here; to pad, use a real row and name it "
        "with padding_idx (padding_idx=-1 means the last row, not an index -1)."
        if value < 0
        else f"{size_name} must be the largest index + 1, here {high + 1} or more: count the "
        f"padding and unknown tokens in the vocabulary too, and take the indices from the same one."
    )
    raise IndexError(
        f"index out of range in self: {name}{at} = {value} at position {place}, but "
        f"{size_name}={rows} allows {allowed}. {cure}"
    )


def _readable(ids):
    """The plain tensor whose values can be read now, or None where there are none to read."""
    if torch.compiler.is_compiling() or torch.jit.is_tracing():
        return None
    functorch = torch._C._functorch
    while functorch.is_functorch_wrapped_tensor(ids):  # vmap and grad wrap: look inside
        ids = functorch.get_unwrapped(ids)
    return None if ids.is_meta or isinstance(ids, torch._subclasses.FakeTensor) else ids


def no_frequency_with_sparse(scale_grad_by_freq):
    """PyTorch scales no sparse gradient by frequency; refuse it in backward, as PyTorch does."""
    if scale_grad_by_freq:
        raise RuntimeError(
            "embedding_backward: scale_grad_by_freq not supported with sparse gradients. "
            "Set sparse=False or scale_grad_by_freq=False."
        )


# ---------------------------------------------------------------------------------------- linear


def autocast(*tensors):
    """Under ``torch.autocast``, give tensors its dtype; a float64 stays, as in PyTorch."""
    kind = tensors[0].device.type
    if not torch.amp.is_autocast_available(kind) or not torch.is_autocast_enabled(kind):
        return tensors
    dtype = torch.get_autocast_dtype(kind)
    return tuple(
        t.to(dtype)
        if t is not None and t.is_floating_point() and t.dtype != torch.float64
        else t
        for t in tensors
    )


def product(x, weight, bias, layer):
    """``x @ weight.T + bias`` must be possible."""
    if x.dim() == 0:
        raise RuntimeError(
            "both arguments to linear need to be at least 1D, but input is 0D: a single number, "
            f"where in_features={layer.in_features} are expected. Write input.reshape(1, -1)."
        )
    expected = (layer.out_features, layer.in_features)
    replaced = (
        f" The weight was replaced: it is {tuple(weight.shape)}, but this layer was made for "
        f"(out_features, in_features) = {expected}; set_weight() refuses such a tensor."
        if tuple(weight.shape) != expected
        else ""
    )
    if weight.dim() != 2:
        raise RuntimeError(
            f"'weight' must be 2-D, (out_features, in_features).{replaced}"
        )
    if x.size(-1) != weight.size(1):
        raise RuntimeError(
            f"mat1 and mat2 shapes cannot be multiplied "
            f"({x.shape[:-1].numel()}x{x.size(-1)} and {weight.size(1)}x{weight.size(0)}): the "
            f"last dimension of input must be in_features={layer.in_features}, but input has shape "
            f"{tuple(x.shape)}.{replaced}"
        )
    if x.dtype != weight.dtype:
        raise RuntimeError(
            f"mat1 and mat2 must have the same dtype, but got {_short(x)} and {_short(weight)}: "
            f"input is {x.dtype}, weight is {weight.dtype}. Write input.to({weight.dtype})."
        )
    if bias is not None and tuple(bias.shape) not in ((weight.size(0),), (1,), ()):
        raise RuntimeError(
            f"The expanded size of the tensor ({weight.size(0)}) must match the existing size: "
            f"bias is {tuple(bias.shape)}, but weight gives {weight.size(0)} outputs.{replaced}"
        )


def _short(tensor):
    return tensor.type().rsplit(".", 1)[-1].removesuffix("Tensor")


def replacement(name, new, old):
    """``set_weight``: ``new`` must be a tensor of the shape, dtype and device of ``old``."""
    tensor("set_weight", name, new)
    if old is None:
        raise RuntimeError(
            f"set_weight(): {name} was given, but this layer was made with {name}=False. "
            f"Make it with Linear(..., {name}=True), or leave the argument out."
        )
    if new.shape != old.shape:
        fits = new.dim() == 2 and new.t().shape == old.shape
        cure = (
            f"Its transpose fits: pass {name}.T (PyTorch keeps (out_features, in_features))."
            if fits
            else "A layer keeps its sizes for life: make a new Linear for another shape."
        )
        raise RuntimeError(
            f"set_weight(): size mismatch for {name}: it is {tuple(new.shape)}, expected "
            f"{tuple(old.shape)}. {cure}"
        )
    if new.dtype != old.dtype:
        raise RuntimeError(
            f"set_weight(): {name} has dtype {new.dtype}, but the layer has {old.dtype}. "
            f"Pass {name}.to({old.dtype}), or convert the layer first."
        )
    if new.device != old.device:
        raise RuntimeError(
            f"set_weight(): expected all tensors to be on the same device, but {name} is on "
            f"{new.device} and the layer on {old.device}. Pass {name}.to('{old.device}')."
        )
