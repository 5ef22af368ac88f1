"""Renames, splits and drops a checkpoint's tensors before they go into a stock model; knows no family."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

import torch

from rerank_plugins.errors import CheckpointMismatchError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from torch import Tensor

    from rerank_plugins.core.family import Loader

_LAYER = re.compile(r"(?:^|\.)layers?\.(\d+)\.")


def arranged(
    tensors: Mapping[str, Tensor], loader: Loader, depth: int | None
) -> tuple[dict[str, Tensor], Tensor | None]:
    """Return the model's tensors under their stock names, and the per-layer heads ``(heads, hidden)`` if any."""
    heads: dict[int, Tensor] = {}
    kept: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        head = None if loader.heads is None else re.search(loader.heads, name)
        if head is not None:
            heads[int(head.group(1))] = tensor.reshape(-1)
        elif depth is None or not _is_above(name, depth):
            kept.update(_parts(_renamed(name, loader), tensor, loader))
    return kept, _stacked(heads) if heads else None


def _stacked(heads: Mapping[int, Tensor]) -> Tensor:
    # Not a set of all numbers: the highest one is whatever a tensor's name says.
    missing = list(islice((index for index in range(max(heads)) if index not in heads), 5))
    if missing:
        raise CheckpointMismatchError(f"The checkpoint lacks layer heads {missing}. Download it again.")
    sizes = {head.numel() for head in heads.values()}
    if len(sizes) > 1:
        raise CheckpointMismatchError(
            f"The checkpoint's layer heads have sizes {sorted(sizes)}. Download it again."
        )
    return torch.stack([heads[index] for index in sorted(heads)])


def _is_above(name: str, depth: int) -> bool:
    layer = _LAYER.search(name)
    return layer is not None and int(layer.group(1)) >= depth


def _renamed(name: str, loader: Loader) -> str:
    for pattern, replacement in loader.rename:
        name = re.sub(pattern, replacement, name)
    return name


def _parts(name: str, tensor: Tensor, loader: Loader) -> Iterator[tuple[str, Tensor]]:
    for pattern, replacements in loader.split:
        if re.search(pattern, name):
            parts = tensor.chunk(len(replacements), dim=0)
            yield from ((re.sub(pattern, new, name), part) for new, part in zip(replacements, parts, strict=True))
            return
    yield name, tensor
