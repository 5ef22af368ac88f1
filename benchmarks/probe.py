"""How fast this machine multiplies matrices now, and at most; knows no models and no libraries.

Sources of the shapes and kernels: the linear layers of the measured models; oneDNN's packed weights, which torch
offers as private operators only, are tried and left out where they are missing.
"""

from __future__ import annotations

import time
from contextlib import suppress
from statistics import median
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Kernel = Callable[[], object]

SHAPES = ((512, 896, 4864), (4096, 768, 3072), (4096, 384, 1536))
"""Rows, inputs and outputs of a product."""
_TORCH = {"float32": torch.float32, "bfloat16": torch.bfloat16}


class Probe:
    """One float32 product, timed just before and after everything else that is timed."""

    def __init__(self, shape: tuple[int, int, int] = SHAPES[0]) -> None:
        self._flops = _flops(shape)
        kernels = list(_kernels("float32", shape))
        self._kernel = min(kernels, key=_seconds)

    def speed(self) -> float:
        """Return GFLOP/s at this moment: the median of three runs."""
        return self._flops / _seconds(self._kernel, warm=True) / 1e9


def limit(dtype: str, shapes: tuple[tuple[int, int, int], ...] = SHAPES) -> float:
    """Return the most GFLOP/s that any kernel reaches on any of the shapes (GOP/s for int8)."""
    return max(_flops(shape) / _seconds(kernel) / 1e9 for shape in shapes for kernel in _kernels(dtype, shape))


def _flops(shape: tuple[int, int, int]) -> int:
    rows, inputs, outputs = shape
    return 2 * rows * inputs * outputs


def _seconds(kernel: Kernel, *, warm: bool = False) -> float:
    """Return the median of three runs, as it is what a longer run would see on the same machine."""
    if not warm:
        kernel()
    taken = []
    for _ in range(3):
        start = time.perf_counter()
        kernel()
        taken.append(time.perf_counter() - start)
    return median(taken)


def _kernels(dtype: str, shape: tuple[int, int, int]) -> Iterator[Kernel]:
    """Yield the products of this shape that work here; the first always does."""
    makers = (_int_mm, _onednn_int8) if dtype == "int8" else (_linear, _onednn)
    for maker in makers:
        with suppress(RuntimeError, AttributeError, TypeError, NotImplementedError):
            kernel = maker(dtype, shape)
            with torch.no_grad():
                kernel()
            yield torch.no_grad()(kernel)


def _operands(dtype: str, shape: tuple[int, int, int]) -> tuple[Any, Any, Any]:
    rows, inputs, outputs = shape
    kind = _TORCH[dtype]
    return (
        torch.randn(rows, inputs, dtype=kind),
        torch.randn(outputs, inputs, dtype=kind),
        torch.randn(outputs, dtype=kind),
    )


def _linear(dtype: str, shape: tuple[int, int, int]) -> Kernel:
    x, weight, bias = _operands(dtype, shape)
    return lambda: torch.nn.functional.linear(x, weight, bias)


def _onednn(dtype: str, shape: tuple[int, int, int]) -> Kernel:
    x, weight, bias = _operands(dtype, shape)
    with torch.no_grad():
        packed = torch.ops.mkldnn._reorder_linear_weight(weight, shape[0])
    return lambda: torch.ops.mkldnn._linear_pointwise(x, packed, bias, "none", [], "")


def _integers(shape: tuple[int, int, int], low: int, kind: torch.dtype) -> tuple[Any, Any]:
    rows, inputs, outputs = shape
    x = torch.randint(low, low + 255, (rows, inputs), dtype=kind)
    return x, torch.randint(-127, 127, (outputs, inputs), dtype=torch.int8)


def _int_mm(_dtype: str, shape: tuple[int, int, int]) -> Kernel:
    x, weight = _integers(shape, -127, torch.int8)
    return lambda: torch._int_mm(x, weight.t())


def _onednn_int8(_dtype: str, shape: tuple[int, int, int]) -> Kernel:
    """Multiply unsigned activations; with signed ones oneDNN falls back to a kernel thousands of times slower."""
    x, weight = _integers(shape, 0, torch.uint8)
    packed = torch.ops.onednn.qlinear_prepack(weight, list(x.shape))
    scales, zeros = torch.rand(shape[2]), torch.zeros(shape[2], dtype=torch.int64)
    bias = torch.randn(shape[2])
    last: tuple[Any, ...] = (bias, 1.0, 0, torch.bfloat16, "none", [], "")
    return lambda: torch.ops.onednn.qlinear_pointwise(x, 0.02, 128, packed, scales, zeros, *last)
