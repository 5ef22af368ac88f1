"""Merges neighbouring tokens of packed rows into their mean; knows no model and no family.

Source: FlagEmbedding 1.4.2, ``CostWiseGemmaModel`` (bge-reranker-v2.5-gemma2-lightweight): within the passage
of each row, consecutive groups of ``ratio`` tokens become one; the last group may be smaller and is averaged
over its real members; positions start anew.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor

    from rerank_plugins.core.plan import Group, Plan

    Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Layout:
    """Where rows lie in a packed sequence at some layer.

    Attributes:
        plan: Prefixes and row lengths.
        reads: Packed positions to read.
        mergeable: For each row, the packed span that may be merged.
    """

    plan: Plan
    reads: Tensor
    mergeable: tuple[Span, ...]

    def positions(self) -> list[int]:
        """Return the position of each packed token in its own row."""
        return list(chain.from_iterable(_positions(group) for group in self.plan.groups))


def merged(hidden: Tensor, layout: Layout, ratio: int) -> tuple[Tensor, Layout]:
    """Return ``[1, T', hidden]`` with mergeable tokens averaged in groups of ``ratio``, and its layout."""
    target = _targets(hidden.shape[1], layout.mergeable, ratio, hidden.device)
    counts = torch.bincount(target)
    sums = torch.zeros(len(counts), hidden.shape[2], device=hidden.device)
    means = sums.index_add_(0, target, hidden[0].float()) / counts.unsqueeze(1)
    return means.to(hidden.dtype).unsqueeze(0), _moved(layout, target)


def _targets(length: int, spans: tuple[Span, ...], ratio: int, device: torch.device) -> Tensor:
    """Return which new token each old one goes into."""
    starts = torch.ones(length, dtype=torch.long)
    for start, end in spans:
        starts[start:end] = 0
        starts[start:end:ratio] = 1
    return (starts.cumsum(0) - 1).to(device)


def _moved(layout: Layout, target: Tensor) -> Layout:
    place = target.tolist()
    groups, start = [], 0
    for group in layout.plan.groups:
        ends = []
        start += group.laid
        for length in group.lengths:
            ends.append(place[start + length - 1] - place[start] + 1)
            start += length
        groups.append(replace(group, lengths=tuple(ends)))
    spans = tuple((place[a], place[b - 1] + 1) if a < b else (0, 0) for a, b in layout.mergeable)
    reads = target[layout.reads]
    plan = replace(layout.plan, groups=tuple(groups), memory={})
    return Layout(plan if plan.reads is None else replace(plan, reads=reads), reads, spans)


def _positions(group: Group) -> list[int]:
    rows = (range(group.prefix, group.prefix + length) for length in group.lengths)
    return [*range(group.laid), *chain.from_iterable(rows)]
