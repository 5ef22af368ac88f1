"""What a result was measured on and with: processor, versions, date; no host name and no paths."""

from __future__ import annotations

import os
import platform
from datetime import datetime, timezone
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import torch

_TELLING = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "avx_vnni", "amx_tile", "amx_bf16", "amx_int8")


def described(threads: int) -> dict[str, Any]:
    """Return processor, the instructions that decide speed, threads and memory."""
    facts = _cpuinfo()
    flags = set(facts.get("flags", "").split())
    return {
        "cpu": facts.get("model name") or platform.processor() or platform.machine(),
        "family_model": [facts.get("cpu family"), facts.get("model")],
        "instructions": [flag for flag in _TELLING if flag in flags],
        "cores": os.cpu_count(),
        "threads": threads,
        "pinned_to": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
        "memory_gib": _memory_gib(),
        "system": platform.system(),
        "python": platform.python_version(),
        "torch_cpu_capability": torch.backends.cpu.get_cpu_capability(),
    }


def packages() -> dict[str, str]:
    """Return the version of every installed package."""
    found = {package.metadata["Name"]: package.version for package in distributions()}
    return dict(sorted(found.items(), key=lambda item: item[0].lower()))


def today() -> str:
    """Return the date in UTC."""
    return datetime.now(timezone.utc).date().isoformat()


def pin(threads: int) -> None:
    """Let torch use so many threads, and one thread one core only, so that ratios are on one core.

    The last core is taken: the first often serves the machine's own interrupts.
    """
    torch.set_num_threads(threads)
    if threads == 1 and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def _cpuinfo() -> dict[str, str]:
    path = Path("/proc/cpuinfo")
    first = path.read_text(encoding="utf-8").split("\n\n")[0] if path.exists() else ""
    pairs = (line.partition(":") for line in first.splitlines())
    return {name.strip(): value.strip() for name, _, value in pairs}


def _memory_gib() -> float | None:
    if "SC_PHYS_PAGES" not in getattr(os, "sysconf_names", {}):
        return None
    return round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30, 1)
