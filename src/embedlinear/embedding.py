"""Embedding: a lookup gathers rows, and its gradient is added back to those rows."""

import torch
from torch import nn

from embedlinear import checks
from embedlinear.language import say


class Lookup(torch.autograd.Function):
    """Gather rows ``ids`` (N,) of ``weight`` (V, D); scatter-add their gradients."""

    generate_vmap_rule = True  # both passes are plain tensor operations: vmap works

    @staticmethod
    def forward(weight, ids, padding_idx, scale_grad_by_freq, sparse):
        return weight.index_select(0, ids)

    @staticmethod
    def setup_context(ctx, inputs, output):
        weight, ids, ctx.padding_idx, ctx.scale_grad_by_freq, ctx.sparse = inputs
        ctx.shape = weight.shape
        ctx.save_for_backward(ids)  # the gradient does not need the weight's values
        ctx.save_for_forward(ids)

    @staticmethod
    def backward(ctx, grad):
        (ids,) = ctx.saved_tensors
        if ctx.sparse:
            if ctx.scale_grad_by_freq:
                raise RuntimeError(say("sparse-frequency"))
            if ctx.padding_idx is not None:  # the pad is left out, not stored as zeros
                learns = ids != ctx.padding_idx
                ids, grad = ids[learns], grad[learns]
            table = torch.sparse_coo_tensor(
                ids[None], grad, ctx.shape, check_invariants=False
            )
            return table, None, None, None, None
        if ctx.scale_grad_by_freq:
            ones = torch.ones_like(ids)
            count = ids.new_zeros(ctx.shape[0]).index_add_(0, ids, ones)[ids]
            wide = torch.promote_types(grad.dtype, torch.float32)  # half ends at 65504
            grad = grad * (1 / count.to(wide)).to(grad.dtype).unsqueeze(1)
        zeros = grad.new_zeros(()).expand(ctx.shape)  # takes no memory until index_add
        # An id that occurs twice collects both gradients. On a CPU, index_add keeps
        # their order with any number of threads; index_put rounds halves as PyTorch.
        if grad.dtype in (torch.float16, torch.bfloat16):
            table = zeros.index_put((ids,), grad, accumulate=True)
        else:
            table = zeros.index_add(0, ids, grad)
        if ctx.padding_idx is not None:
            table[ctx.padding_idx] = 0  # the pad never learns
        return table, None, None, None, None


class LookupBothModes(Lookup):
    """The same with forward mode; torch.compile refuses a Function that has a jvp."""

    @staticmethod
    def jvp(ctx, weight_tangent, *_):
        (ids,) = ctx.saved_tensors
        return weight_tangent.index_select(0, ids)  # a gather is linear


def renormalise_(weight, ids, max_norm, norm_type):
    """Shorten, in place, the rows ``ids`` that are longer than ``max_norm``."""
    weight = weight.detach()  # the same memory; the shortening is not differentiated
    rows = weight.index_select(0, ids)
    length = torch.linalg.vector_norm(rows, norm_type, dim=1, keepdim=True).double()
    scale = torch.full_like(length, max_norm) / (length + 1e-7)
    rows *= torch.where(length > max_norm, scale, 1.0).to(rows.dtype)
    weight.index_copy_(0, ids.long(), rows)


class Embedding(nn.Module):
    """A table ``weight`` (V, D), drawn from N(0, 1): ids (*) in, rows (*, D) out.

    Mirrors https://docs.pytorch.org/docs/stable/generated/torch.nn.Embedding.html, but
    is not an ``nn.Embedding``: isinstance and quantize_dynamic ignore it,
    parallelize_module, torch.fx and torch.jit.script refuse it, and a complex table can
    be trained.

    Args:
        num_embeddings, embedding_dim: V and D; ids are int32 or int64, from 0 to V-1.
        padding_idx: this row starts as zeros and gets no gradient; -1 is the last row.
        max_norm, norm_type: a looked-up row with a greater p-norm is multiplied, in
            ``weight``, by max_norm / (norm + 1e-7). Rounding can leave it longer.
        scale_grad_by_freq: divide a row's gradient by its count among a call's ids.
        sparse: make ``weight.grad`` a sparse tensor (for SGD, Adagrad, SparseAdam).

    Raises IndexError for an id outside 0..V-1 (see ``checks.index_check``) and for a
    padding_idx that is a float (or 0 in an empty table), AssertionError for another one
    outside the table, TypeError if something else is not an int or a tensor,
    RuntimeError for a negative size, nested ids or another dtype of ids.
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
        _weight: torch.Tensor | None = None,
        _freeze: bool = False,
        device=None,
        dtype=None,
    ) -> None:
        super().__init__()
        checks.sizes(num_embeddings=num_embeddings, embedding_dim=embedding_dim)
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        self.padding_idx = checks.padding_idx(padding_idx, num_embeddings)
        self.max_norm, self.norm_type = max_norm, norm_type
        self.scale_grad_by_freq, self.sparse = scale_grad_by_freq, sparse
        table, size = _weight, (num_embeddings, embedding_dim)
        if table is None:
            table = torch.empty(size, device=device, dtype=dtype)
        words = "Shape of weight does not match num_embeddings and embedding_dim"
        assert tuple(table.shape) == size, f"{words}: {tuple(table.shape)}"
        self.weight = nn.Parameter(table, requires_grad=not _freeze)
        if _weight is None:
            self.reset_parameters()

    def reset_parameters(self) -> None:
        nn.init.normal_(self.weight)
        if self.padding_idx is not None:
            nn.init.zeros_(self.weight[self.padding_idx])

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        weight = self.weight  # read once: a parametrization computes it at each access
        padding_idx = checks.lookup(input, weight, self.padding_idx)
        ids = input.reshape(-1)
        if self.max_norm is not None:
            renormalise_(weight, ids, self.max_norm, self.norm_type)
        gather = Lookup if torch.compiler.is_compiling() else LookupBothModes
        options = (padding_idx, self.scale_grad_by_freq, self.sparse)
        rows = gather.apply(weight, ids, *options)
        return rows.reshape(*input.shape, weight.size(1))

    def extra_repr(self) -> str:
        text = f"{self.num_embeddings}, {self.embedding_dim}"
        usual = {"padding_idx": None, "max_norm": None, "norm_type": 2.0}
        for name, value in (usual | {"scale_grad_by_freq": 0, "sparse": 0}).items():
            if getattr(self, name) != value:
                text += f", {name}={getattr(self, name)}"
        return text

    @classmethod
    def from_pretrained(
        cls,
        embeddings: torch.Tensor,
        freeze: bool = True,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
    ) -> "Embedding":
        """A layer that shares the memory of ``embeddings`` (V, D) and keeps its pad row."""
        checks.tensor("from_pretrained", "embeddings", embeddings)
        shape = tuple(embeddings.shape)
        assert len(shape) == 2, say("pretrained-shape", shape=shape)
        options = (padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse)
        return cls(*shape, *options, _weight=embeddings, _freeze=freeze)
