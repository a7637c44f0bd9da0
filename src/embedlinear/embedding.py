"""Embedding, written out: a lookup gathers rows; its gradient adds them back where they were."""

import torch
from torch import nn

from embedlinear import checks


class Lookup(torch.autograd.Function):
    """Gather the rows ``ids`` (N,) of ``weight`` (V, D); scatter-add gradients back to them."""

    generate_vmap_rule = (
        True  # both ways are plain tensor operations, so vmap can follow them
    )

    @staticmethod
    def forward(weight, ids, padding_idx, scale_grad_by_freq, sparse):
        return weight.index_select(0, ids)

    @staticmethod
    def setup_context(ctx, inputs, output):
        weight, ids, *ctx.options = inputs
        ctx.shape = weight.shape
        ctx.save_for_backward(
            ids
        )  # not the weight: the gradient does not depend on its values
        ctx.save_for_forward(ids)

    @staticmethod
    def backward(ctx, grad):
        (ids,), (padding_idx, scale_grad_by_freq, sparse) = (
            ctx.saved_tensors,
            ctx.options,
        )
        if sparse:
            checks.no_frequency_with_sparse(scale_grad_by_freq)
            if padding_idx is not None:  # the pad is left out, not stored as zeros
                ids, grad = ids[ids != padding_idx], grad[ids != padding_idx]
            table = torch.sparse_coo_tensor(
                ids[None], grad, ctx.shape, check_invariants=False
            )
            return table, None, None, None, None
        if scale_grad_by_freq:
            count = ids.new_zeros(ctx.shape[0]).index_add_(
                0, ids, torch.ones_like(ids)
            )[ids]
            grad = grad * (1 / count.to(grad.dtype)).unsqueeze(1)
        # An id met twice collects both gradients, always in the same order: index_add keeps it
        # with many threads, index_put in half precision, where it rounds each sum as PyTorch does.
        half = grad.dtype in (torch.float16, torch.bfloat16)
        zeros = grad.new_zeros(()).expand(
            ctx.shape
        )  # costs no memory until it is added to
        table = (
            zeros.index_put((ids,), grad, True)
            if half
            else zeros.index_add(0, ids, grad)
        )
        if padding_idx is not None:
            table[padding_idx] = 0  # the pad never learns
        return table, None, None, None, None


class LookupBothModes(Lookup):
    """The same with forward mode; apart, for torch.compile refuses a Function that has a jvp."""

    @staticmethod
    def jvp(ctx, weight_tangent, *_):
        return weight_tangent.index_select(
            0, ctx.saved_tensors[0]
        )  # a gather is linear


def renormalise_(weight, ids, max_norm, norm_type):
    """Shorten to ``max_norm``, in place, those of the rows ``ids`` that are longer."""
    weight = (
        weight.detach()
    )  # the same memory, but the shortening is not differentiated
    rows = weight.index_select(0, ids)
    length = torch.linalg.vector_norm(rows, norm_type, dim=1, keepdim=True).double()
    scale = torch.full_like(length, max_norm) / (length + 1e-7)
    rows *= torch.where(length > max_norm, scale, 1.0).to(rows.dtype)
    weight.index_copy_(0, ids.long(), rows)


class Embedding(nn.Module):
    """A table ``weight`` (V, D), drawn from N(0, 1): ``input`` (*) goes in, rows (*, D) come out.

    Mirrors https://docs.pytorch.org/docs/stable/generated/torch.nn.Embedding.html

    Args:
        num_embeddings (int): V, the number of rows; ``input`` is int32 or int64, 0..V-1.
        embedding_dim (int): D, the size of a row.
        padding_idx (int, optional): this row starts as zeros and gets no gradient; -1: the last.
        max_norm, norm_type (float): looked-up rows of a greater p-norm are shortened in ``weight``.
        scale_grad_by_freq (bool): divide a row's gradient by its count in the mini-batch.
        sparse (bool): make ``weight.grad`` a sparse tensor (for SGD, Adagrad, SparseAdam).
        device, dtype: of ``weight``. _weight, _freeze: private, as PyTorch's; not for you.

    Raises IndexError for an index outside 0..V-1 (``checks.index_check`` can switch that off) or
    a float ``padding_idx``, AssertionError for one outside the table or ``embeddings`` not 2-D,
    RuntimeError for a negative size or another index dtype, TypeError for what is no int or tensor.
    """

    __constants__ = (
        "num_embeddings embedding_dim padding_idx max_norm norm_type".split()
    )
    __constants__ += ["scale_grad_by_freq", "sparse"]

    def __init__(self, num_embeddings, embedding_dim, padding_idx=None, max_norm=None,
                 norm_type=2.0, scale_grad_by_freq=False, sparse=False, _weight=None,
                 _freeze=False, device=None, dtype=None):  # fmt: skip
        super().__init__()
        checks.table(
            _weight, num_embeddings=num_embeddings, embedding_dim=embedding_dim
        )
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        self.padding_idx = checks.padding_idx(padding_idx, num_embeddings)
        self.max_norm, self.norm_type, self.sparse = max_norm, norm_type, sparse
        self.scale_grad_by_freq = scale_grad_by_freq
        if _weight is None:
            table = torch.empty(
                num_embeddings, embedding_dim, device=device, dtype=dtype
            )
            self.weight = nn.Parameter(table, requires_grad=not _freeze)
            self.reset_parameters()
        else:
            self.weight = nn.Parameter(_weight, requires_grad=not _freeze)

    def reset_parameters(self):
        nn.init.normal_(self.weight)
        if self.padding_idx is not None:
            nn.init.zeros_(self.weight[self.padding_idx])

    def forward(self, input):
        padding_idx = checks.lookup(input, self.weight, self.padding_idx)
        ids = input.reshape(-1)
        if self.max_norm is not None:
            renormalise_(self.weight, ids, self.max_norm, self.norm_type)
        gather = Lookup if torch.compiler.is_compiling() else LookupBothModes
        rows = gather.apply(
            self.weight, ids, padding_idx, self.scale_grad_by_freq, self.sparse
        )
        return rows.reshape(*input.shape, self.weight.size(1))

    def extra_repr(self):
        text = f"{self.num_embeddings}, {self.embedding_dim}"
        for name, usual in zip(self.__constants__[2:], (None, None, 2, False, False)):
            text += (
                f", {name}={getattr(self, name)}"
                if getattr(self, name) != usual
                else ""
            )
        return text

    @classmethod
    def from_pretrained(cls, embeddings, freeze=True, padding_idx=None, max_norm=None,
                        norm_type=2.0, scale_grad_by_freq=False, sparse=False):  # fmt: skip
        """Return a new layer over the memory of ``embeddings`` (V, D); its pad row stays as is."""
        checks.pretrained(embeddings, freeze)
        return cls(*embeddings.shape, padding_idx, max_norm, norm_type, scale_grad_by_freq,
                   sparse, _weight=embeddings, _freeze=freeze)  # fmt: skip
