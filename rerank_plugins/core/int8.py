"""Linear layers in 8-bit integers on the CPU; knows no architecture and no family.

Weights are rounded once, with one scale per output channel. Inputs are rounded at each call, with one scale per
token, so that a token's result does not depend on what else is in the batch. A product of integers is exact; the
error is that of the rounding, about 1 % of a layer's output. The integer kernel takes unsigned inputs, so they
are shifted by 128.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from rerank_plugins.core.shapes import evened
from rerank_plugins.errors import ArgumentError

if TYPE_CHECKING:
    from torch import Tensor

_SHIFT = 128
_MOST = 127


class Int8(nn.Module):
    """oneDNN's product of 8-bit integers; a ``Kernel`` of ``linears.py``."""

    def __init__(self, weight: Tensor, bias: Tensor | None, activation: nn.Module | None = None) -> None:
        super().__init__()
        scale = weight.abs().amax(1).float().clamp_min(torch.finfo(torch.float32).tiny) / _MOST
        rounded = (weight.float() / scale.unsqueeze(1)).round_().to(torch.int8)
        self._packed = torch.ops.onednn.qlinear_prepack(rounded, None)
        self._scale, self._zeros = scale, torch.zeros(len(scale), dtype=torch.int64)
        self._bias = None if bias is None else bias.float()
        self._activation = activation

    def forward(self, x: Tensor) -> Tensor:
        """Return ``activation(x W^T + b)`` in the precision of ``x``."""
        rounded, scale = quantized(x)
        # In float32 until the bias is in: scaling a bfloat16 product takes torch three times as long.
        product: Tensor = torch.ops.onednn.qlinear_pointwise(
            evened(rounded),
            *(1.0, _SHIFT, self._packed, self._scale, self._zeros),
            *(None, 1.0, 0, torch.float32, "none", [], ""),
        )[..., : x.shape[-2], :].mul_(scale)
        if self._bias is not None:
            product.add_(self._bias)
        product = product.to(x.dtype)
        return product if self._activation is None else self._activation(product)


def quantized(x: Tensor) -> tuple[Tensor, Tensor]:
    """Return ``x`` as integers shifted by 128, and the scale of each token, ``(..., 1)``."""
    exact = x.float()
    # In float32, because a scale rounded to bfloat16 would take the largest value to 128, which is -128 in int8.
    scale = exact.abs().amax(-1, keepdim=True).clamp_min_(torch.finfo(torch.float32).tiny) / _MOST
    # By way of int8, whose conversion is vectorised; flipping the highest bit adds 128.
    rounded = (exact / scale).round_().to(torch.int8).view(torch.uint8).bitwise_xor_(_SHIFT)
    return rounded, scale


def check_int8() -> None:
    """Try the kernel.

    Raises:
        ArgumentError: This torch build or CPU has no such kernel, or it does not give the right product.
    """
    x, weight = torch.eye(8).repeat(2, 2), torch.arange(48.0).reshape(3, 16) - 20
    try:
        found = Int8(weight, None)(x)
    except (AttributeError, RuntimeError, NotImplementedError) as error:
        raise ArgumentError(_UNAVAILABLE) from error
    if not torch.allclose(found, x @ weight.T, atol=0.5):
        raise ArgumentError(_UNAVAILABLE)


_UNAVAILABLE = (
    "quantize='int8' needs torch's oneDNN integer kernels, which this build or CPU does not have. Leave it out."
)
