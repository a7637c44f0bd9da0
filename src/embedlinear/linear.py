"""Linear: one matrix product forward, and the two products of its gradient."""

import math

import torch
from torch import nn

from embedlinear import checks


class Affine(torch.autograd.Function):
    """``x @ weight.T + bias``: x (N, in), weight (out, in), bias (out,) or None."""

    generate_vmap_rule = True  # both passes are plain tensor operations: vmap works

    @staticmethod
    def forward(x, weight, bias):
        return x @ weight.t() if bias is None else torch.addmm(bias, x, weight.t())

    @staticmethod
    def setup_context(ctx, inputs, output):
        x, weight, _ = inputs
        need_x, need_weight, _ = ctx.needs_input_grad
        # The gradient of one factor needs the other; keep only what a gradient needs.
        ctx.save_for_backward(x if need_weight else None, weight if need_x else None)
        ctx.save_for_forward(x, weight)

    @staticmethod
    def backward(ctx, grad):
        x, weight = ctx.saved_tensors
        need_x, need_weight, need_bias = ctx.needs_input_grad
        # conj() changes complex numbers only; the bias was added to every row.
        grad_x = grad @ weight.conj() if need_x else None
        grad_weight = grad.t() @ x.conj() if need_weight else None
        grad_bias = grad.sum(0) if need_bias else None
        return grad_x, grad_weight, grad_bias


class AffineBothModes(Affine):
    """The same with forward mode; torch.compile refuses a Function that has a jvp."""

    @staticmethod
    def jvp(ctx, x_tangent, weight_tangent, bias_tangent):
        x, weight = ctx.saved_tensors
        tangent = x_tangent @ weight.t() + x @ weight_tangent.t()  # the product rule
        return tangent if bias_tangent is None else tangent + bias_tangent


def autocast(t):
    """``t`` in the dtype of torch.autocast, if it is on; float64 does not change."""
    if t is None or t.dtype == torch.float64 or not t.is_floating_point():
        return t
    kind = t.device.type
    if torch.amp.is_autocast_available(kind) and torch.is_autocast_enabled(kind):
        return t.to(torch.get_autocast_dtype(kind))
    return t


class Linear(nn.Module):
    """``y = x @ weight.T + bias``: (*, in_features) in, (*, out_features) out.

    Mirrors https://docs.pytorch.org/docs/stable/generated/torch.nn.Linear.html, but is
    not an ``nn.Linear``: isinstance and quantize_dynamic ignore it, parallelize_module,
    torch.fx and torch.jit.script refuse it.

    ``weight`` (out_features, in_features) and ``bias`` (out_features,) are drawn from
    U(-k, k) with k = 1 / sqrt(in_features); with ``bias=False`` the bias is None.

    Raises TypeError if something is not an int or a tensor, RuntimeError for a negative
    size and for shapes or dtypes that do not fit.
    """

    def __init__(
        self, in_features: int, out_features: int, bias=True, device=None, dtype=None
    ) -> None:
        super().__init__()
        checks.sizes(out_features=out_features, in_features=in_features)
        self.in_features, self.out_features = in_features, out_features
        where = {"device": device, "dtype": dtype}
        self.weight = nn.Parameter(torch.empty(out_features, in_features, **where))
        self.register_parameter("bias", None)
        if bias:
            self.bias = nn.Parameter(torch.empty(out_features, **where))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        nn.init.kaiming_uniform_(self.weight, a=math.sqrt(5))  # this a: U(-k, k)
        if self.bias is not None:
            k = 1 / math.sqrt(self.weight.size(1)) if self.weight.size(1) else 0
            nn.init.uniform_(self.bias, -k, k)

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        checks.tensor("linear", "input", input)
        x, weight, bias = map(autocast, (input, self.weight, self.bias))
        checks.product(x, weight, self)
        if x.layout != torch.strided or weight.layout != torch.strided:
            outputs = x @ weight.t()  # sparse: PyTorch's own product and gradient
            return outputs if bias is None else outputs + bias
        rows = x.flatten(0, -2) if x.dim() > 1 else x.unsqueeze(0)
        affine = Affine if torch.compiler.is_compiling() else AffineBothModes
        return affine.apply(rows, weight, bias).reshape(*x.shape[:-1], weight.size(0))

    @torch.no_grad()
    def set_weight(
        self, weight: torch.Tensor, bias: torch.Tensor | None = None
    ) -> None:
        """Copy ``weight`` (out_features, in_features), and ``bias``, into the layer's.

        An error leaves both unchanged: TypeError if one is not a tensor, RuntimeError
        for a different shape, layout, dtype or device, and for a weight that is
        computed at each forward (weight_norm, pruning, ...).
        """
        checks.replacement(self, "weight", weight)
        if bias is not None:
            checks.replacement(self, "bias", bias)
        self.weight.copy_(weight)  # first: PyTorch refuses a view of the weight itself
        if bias is not None:
            self.bias.copy_(bias)

    def extra_repr(self) -> str:
        sizes = f"in_features={self.in_features}, out_features={self.out_features}"
        return f"{sizes}, bias={self.bias is not None}"
