"""How much memory was held at most, in this process and on its GPUs; knows no model, and imports no torch."""

from __future__ import annotations

import sys
from typing import Any


def peak_memory_mib() -> float | None:
    """Return the most memory that this process has held so far; None where the system does not tell (Windows)."""
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # bytes on macOS, KiB elsewhere
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10


def reset_gpu_peak() -> None:
    """Let ``gpu_peak_mib`` count from what is held now."""
    for device, cuda in _gpus():
        cuda.reset_peak_memory_stats(device)


def gpu_peak_mib() -> float | None:
    """Return the most memory that tensors held since the reset, on all CUDA devices together; None without one."""
    peaks = [cuda.max_memory_allocated(device) for device, cuda in _gpus()]
    return sum(peaks) / 2**20 if peaks else None


def _gpus() -> list[tuple[int, Any]]:
    """Return each device with torch's module for it; where torch was not imported, nothing runs on a GPU here."""
    cuda = getattr(sys.modules.get("torch"), "cuda", None)
    if cuda is None or not cuda.is_initialized():
        return []
    return [(device, cuda) for device in range(cuda.device_count())]
