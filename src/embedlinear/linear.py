"""Linear, written out: one matrix product forward, and the two products of its gradient."""

import math

import torch
from torch import nn

from embedlinear import checks


class Affine(torch.autograd.Function):
    """``x @ weight.T + bias``: x (N, in), weight (out, in), bias (out,) or None; gives (N, out)."""

    generate_vmap_rule = (
        True  # both ways are plain tensor operations, so vmap can follow them
    )

    @staticmethod
    def forward(x, weight, bias):
        return x @ weight.t() if bias is None else torch.addmm(bias, x, weight.t())

    @staticmethod
    def setup_context(ctx, inputs, output):
        x, weight, _ = inputs
        need_x, need_weight, _ = ctx.needs_input_grad
        # Each factor's gradient needs the other factor; what no gradient needs is let go.
        ctx.save_for_backward(x if need_weight else None, weight if need_x else None)
        ctx.save_for_forward(x, weight)

    @staticmethod
    def backward(ctx, grad):
        x, weight = ctx.saved_tensors
        need_x, need_weight, need_bias = ctx.needs_input_grad
        grad_x = (
            grad @ weight.conj() if need_x else None
        )  # conj() matters to complex numbers only
        grad_weight = grad.t() @ x.conj() if need_weight else None
        grad_bias = (
            grad.sum(0) if need_bias else None
        )  # the bias was added to every row
        return grad_x, grad_weight, grad_bias


class AffineBothModes(Affine):
    """The same with forward mode; apart, for torch.compile refuses a Function that has a jvp."""

    @staticmethod
    def jvp(ctx, x_tangent, weight_tangent, bias_tangent):
        x, weight = ctx.saved_tensors
        tangent = x_tangent @ weight.t() + x @ weight_tangent.t()  # the product rule
        return tangent if bias_tangent is None else tangent + bias_tangent


class Linear(nn.Module):
    """``y = x @ weight.T + bias``: ``input`` (*, in_features) to output (*, out_features).

    Mirrors https://docs.pytorch.org/docs/stable/generated/torch.nn.Linear.html

    ``weight`` (out_features, in_features) and ``bias`` (out_features,) are drawn from U(-k, k) with
    k = 1 / sqrt(in_features), on ``device``, as ``dtype``; ``bias=False`` leaves the bias None.

    Raises TypeError for a size that is no integer or an ``input`` that is no tensor, RuntimeError
    for a negative size, a wrong shape or a wrong dtype (of ``input``, or of a replaced weight).
    """

    __constants__ = ["in_features", "out_features"]

    def __init__(self, in_features, out_features, bias=True, device=None, dtype=None):
        super().__init__()
        checks.sizes(out_features=out_features, in_features=in_features)
        self.in_features, self.out_features = in_features, out_features
        made = {"device": device, "dtype": dtype}
        self.weight = nn.Parameter(torch.empty(out_features, in_features, **made))
        made_bias = nn.Parameter(torch.empty(out_features, **made)) if bias else None
        self.register_parameter("bias", made_bias)
        self.reset_parameters()

    def reset_parameters(self):
        nn.init.kaiming_uniform_(
            self.weight, a=math.sqrt(5)
        )  # with this a, just U(-k, k)
        if self.bias is not None:
            k = 1 / math.sqrt(self.weight.size(1)) if self.weight.size(1) > 0 else 0
            nn.init.uniform_(self.bias, -k, k)

    def forward(self, input):
        checks.tensor("linear", "input", input)
        x, weight, bias = checks.autocast(input, self.weight, self.bias)
        checks.product(x, weight, bias, self)
        if (
            x.layout != torch.strided or weight.layout != torch.strided
        ):  # sparse: PyTorch's own
            return x @ weight.t() if bias is None else x @ weight.t() + bias
        rows = x.flatten(0, -2) if x.dim() > 1 else x.unsqueeze(0)
        affine = Affine if torch.compiler.is_compiling() else AffineBothModes
        return affine.apply(rows, weight, bias).reshape(*x.shape[:-1], weight.size(0))

    @torch.no_grad()
    def set_weight(self, weight, bias=None):
        """Copy ``weight`` (out_features, in_features), and ``bias`` if given, into the Parameters.

        TypeError for no tensor, RuntimeError for a wrong shape, dtype, device: nothing changed."""
        checks.replacement("weight", weight, self.weight)
        if bias is not None:
            checks.replacement("bias", bias, self.bias)
            self.bias.copy_(bias)
        self.weight.copy_(weight)

    def extra_repr(self):
        sizes = f"in_features={self.in_features}, out_features={self.out_features}"
        return f"{sizes}, bias={self.bias is not None}"
