"""Refuses a model that a configuration declares far larger than its files; knows no family and loads nothing.

A few bytes of JSON could otherwise claim all memory, or hours, before a tensor of a wrong shape is noticed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from rerank_plugins.errors import CheckpointMismatchError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from torch import Tensor
    from transformers import PreTrainedModel

_LIMITS = (
    (re.compile(r"layers$"), 0, 256),
    (re.compile(r"^(num|n)_|(heads|experts|labels)$|_scalar$"), 0, 2**14),
    (re.compile(r"(size|dim|rank|positions|position_embeddings)$|^d_"), -1, 2**24),
    (re.compile(r"(?<!length)$"), -(2**53), 2**53),
)
"""Least and most that a number in ``config.json`` may be, by its key: far above any real model, yet built soon.

-1 stands for "none" in some sizes; lengths may be as large as transformers' own 1e30 for "no limit".
"""
_SLACK = 2
"""How many parameters a model may have for each that is in the files: one matrix may serve as input and output."""


def check_declared(name: str, config: Mapping[str, Any]) -> None:
    """Raise if a configuration declares a number that no model has.

    Raises:
        CheckpointMismatchError: It does.
    """
    for key, value in _numbers(config):
        least, most = next(((low, high) for pattern, low, high in _LIMITS if pattern.search(key)), (value, value))
        if not least <= value <= most:
            raise CheckpointMismatchError(
                f"{name}: config.json declares {key}={value:.6g}; any real model has from {least:,} to {most:,}. "
                "Download the model again, or correct config.json."
            )


def check_held(name: str, model: PreTrainedModel, tensors: Mapping[str, Tensor]) -> None:
    """Raise if a model, not yet in memory, has far more parameters than the files hold.

    Raises:
        CheckpointMismatchError: It has.
    """
    declared = sum(parameter.numel() for parameter in model.parameters())
    held = sum(tensor.numel() for tensor in tensors.values())
    if declared > _SLACK * held:
        raise CheckpointMismatchError(
            f"{name}: config.json declares a model of {declared:,} parameters, but the files hold {held:,}. "
            "It does not belong to these weights; download both again."
        )


def _numbers(values: object, key: str = "") -> Iterator[tuple[str, float]]:
    """Yield every number under a key, also those of nested objects."""
    if isinstance(values, dict):
        for inner, value in values.items():
            yield from _numbers(value, inner)
    elif isinstance(values, (int, float)):
        yield key, values
