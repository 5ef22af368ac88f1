"""Linear layers by the fastest kernel the machine has; knows no architecture and no family.

torch's own float32 product runs at about half the speed of some AMD cores, where oneDNN with weights packed ahead
reaches all of it; elsewhere the two are equal. ``fastest`` times both once. The oneDNN operators are not public:
where a torch build lacks them or they do not give torch's own result, torch's own product is used.
"""

from __future__ import annotations

from functools import cache
from time import perf_counter
from typing import TYPE_CHECKING, Protocol

import torch
from torch import nn
from torch.nn.functional import gelu, linear, silu

from rerank_plugins.core.shapes import evened

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    Activation = Callable[[Tensor], Tensor]

_WORTH_PACKING = {torch.float32: 0.97, torch.bfloat16: 1.03}
"""Packed weights are used from this share of torch's own time down; its bfloat16 product is oneDNN's as well."""


class Kernel(Protocol):
    """Makes a linear layer, activation included, from a weight ``(out, in)`` and a bias ``(out,)``."""

    def __call__(self, weight: Tensor, bias: Tensor | None, activation: nn.Module | None = None) -> nn.Module:
        """Return a module ``(..., in) -> (..., out)``, which holds the only copy of the weight it needs."""
        ...


class Plain(nn.Module):
    """torch's own product; the ``Kernel`` for every device."""

    def __init__(self, weight: Tensor, bias: Tensor | None, activation: nn.Module | None = None) -> None:
        super().__init__()
        self.weight, self.bias = weight, bias
        self._activation = activation

    def forward(self, x: Tensor) -> Tensor:
        """Return ``activation(x W^T + b)``."""
        product = linear(x, self.weight, self.bias)
        return product if self._activation is None else self._activation(product)


class Packed(nn.Module):
    """oneDNN's product with weights packed ahead and the activation fused; the ``Kernel`` for CPUs it suits."""

    def __init__(self, weight: Tensor, bias: Tensor | None, activation: nn.Module | None = None) -> None:
        super().__init__()
        self._packed = torch.ops.mkldnn._reorder_linear_weight(weight)
        self._bias = bias
        self._fused = fused_name(activation)
        self._activation = activation if self._fused == _NOTHING else None

    def forward(self, x: Tensor) -> Tensor:
        """Return ``activation(x W^T + b)``."""
        name, algorithm = self._fused
        product: Tensor = torch.ops.mkldnn._linear_pointwise(
            evened(x), self._packed, self._bias, name, [], algorithm
        )[..., : x.shape[-2], :]
        return product if self._activation is None else self._activation(product)


def fastest(dtype: torch.dtype, device: torch.device) -> Kernel:
    """Return the kernel to use for weights of this precision on this device."""
    return Packed if device.type == "cpu" and packing_pays(dtype) else Plain


@cache
def packing_pays(dtype: torch.dtype) -> bool:
    """Return whether packed weights are exact and faster here; takes about 0.1 s, once per precision."""
    if not torch.backends.mkldnn.is_available():
        return False
    generator = torch.Generator().manual_seed(0)
    x, weight = (torch.randn(size, generator=generator).to(dtype) for size in ((512, 512), (1024, 512)))
    with torch.inference_mode():
        try:
            kernels = (Plain(weight, None, nn.SiLU()), Packed(weight, None, nn.SiLU()))
            plain, packed = (kernel(x) for kernel in kernels)
        except (AttributeError, RuntimeError):
            return False
        exact = torch.allclose(
            plain.float(), packed.float(), atol=1e-3, rtol=2e-2 if dtype != torch.float32 else 1e-4
        )
        return exact and _time(kernels[1], x) < _time(kernels[0], x) * _WORTH_PACKING.get(dtype, 1)


def _time(kernel: nn.Module, x: Tensor) -> float:
    """Return the least of some seconds, because other work on the machine only adds to them."""
    times = []
    for _ in range(7):
        start = perf_counter()
        kernel(x)
        times.append(perf_counter() - start)
    return min(times)


_NOTHING = ("none", "")
_PROBE = (-6.0, -2.0, -0.7, -0.1, 0.0, 0.3, 1.1, 2.5, 6.0)


def fused_name(activation: nn.Module | None) -> tuple[str, str]:
    """Return oneDNN's ``(name, algorithm)`` of an activation, told by its values, or ``("none", "")``."""
    if activation is None:
        return _NOTHING
    probe = torch.tensor(_PROBE)
    values = activation(probe)
    known = {
        ("gelu", "none"): gelu(probe),
        ("gelu", "tanh"): gelu(probe, approximate="tanh"),
        ("swish", ""): silu(probe),
    }
    same = (name for name, expected in known.items() if torch.allclose(values, expected, atol=1e-6, rtol=0))
    return next(same, _NOTHING)
