"""Choices that depend on the machine: device, precision, and how many tokens fit one forward."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from rerank_plugins.errors import ArgumentError, ArgumentTypeError

if TYPE_CHECKING:
    from transformers import PreTrainedModel

CPU_TOKENS = 2048
"""Speed is flat from 1024 tokens on; more only costs memory."""
GPU_TOKENS = 32768
_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


def resolve_devices(device: str | Sequence[str] | None) -> tuple[torch.device, ...]:
    """Return the devices, each of which gets a copy of the model; ``None`` is CUDA if present, else the CPU.

    Raises:
        ArgumentError: There is no such device, none is named, or they are of several kinds.
        ArgumentTypeError: A device is not a string.
    """
    if device is None:
        return (torch.device("cuda" if torch.cuda.is_available() else "cpu"),)
    names = list(device) if isinstance(device, Sequence) and not isinstance(device, str) else [device]
    found = tuple(_resolve_device(name) for name in names)
    if len({one.type for one in found}) != 1:
        raise ArgumentError(
            f"device={names!r}: name at least one device, all of one kind, because each gets an equal share."
        )
    return found


def _resolve_device(device: object) -> torch.device:
    if not isinstance(device, str):
        raise ArgumentTypeError(f"device must be a string or a list of strings, got {type(device).__name__}.")
    try:
        found = torch.device(device)
        torch.empty(0, device=found)
    except (RuntimeError, AssertionError) as error:
        raise ArgumentError(
            f"device={device!r} cannot be used: {str(error).splitlines()[0]} Use 'cpu', 'cuda', 'cuda:1' or 'mps'."
        ) from error
    return found


def resolve_dtype(dtype: str, device: torch.device) -> torch.dtype:
    """Return the precision of the weights; ``"auto"`` is bfloat16 on CUDA and float32 elsewhere.

    Raises:
        ArgumentError: The name is not known, or float16 was asked for on a CPU.
    """
    if dtype == "auto":
        return torch.bfloat16 if device.type == "cuda" else torch.float32
    if dtype not in _DTYPES:
        raise ArgumentError(f"dtype={dtype!r} is not known; use 'auto', {', '.join(map(repr, _DTYPES))}.")
    if dtype == "float16" and device.type == "cpu":
        raise ArgumentError("dtype='float16' is many times slower on a CPU; use 'float32' or 'bfloat16'.")
    return _DTYPES[dtype]


def batch_budget(batch_tokens: int | None, model: PreTrainedModel) -> int:
    """Return how many tokens one forward may hold.

    On CUDA at most half of the free memory is used, at an estimate of the widest activations per token.

    Raises:
        ArgumentError: ``batch_tokens`` is not positive.
        ArgumentTypeError: ``batch_tokens`` is not an int.
    """
    if batch_tokens is None:
        return _free_budget(model) if model.device.type == "cuda" else CPU_TOKENS
    if isinstance(batch_tokens, bool) or not isinstance(batch_tokens, int):
        raise ArgumentTypeError(f"batch_tokens must be an int or None, got {type(batch_tokens).__name__}.")
    if batch_tokens <= 0:
        raise ArgumentError(f"batch_tokens must be > 0, got {batch_tokens}. Use None to have it chosen.")
    return batch_tokens


def _free_budget(model: PreTrainedModel) -> int:
    free, _ = torch.cuda.mem_get_info(model.device)
    widest = 12 * model.config.hidden_size + 3 * getattr(model.config, "intermediate_size", 0)
    per_token = widest * torch.finfo(model.dtype).bits // 8
    return int(max(1024, min(GPU_TOKENS, free // 2 // per_token)))
