"""Attention over one packed sequence, as a transformers attention function; knows no tokens and no models.

The hidden states of a packed forward are ``[1, T, hidden]``: for each group the ids of a shared prefix once,
then the remaining ids of each row, without padding. Every row sees its group's prefix and itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import torch
from torch.nn.functional import scaled_dot_product_attention

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor, nn

IMPLEMENTATION = "rerank_packed"


@dataclass(frozen=True, slots=True)
class Group:
    """Rows that share a prefix: its length, and how many more tokens each row has."""

    prefix: int
    lengths: tuple[int, ...]

    @property
    def tokens(self) -> int:
        """Length of the group in the packed sequence."""
        return self.prefix + sum(self.lengths)


@dataclass(frozen=True, slots=True)
class Plan:
    """Where rows lie in a packed sequence; travels through the model's forward as the keyword ``plan``."""

    groups: tuple[Group, ...]
    causal: bool


@dataclass(frozen=True, slots=True)
class _Rule:
    """What is the same for every row of one attention call."""

    scaling: float
    causal: bool
    window: int | None
    softcap: float | None


def register() -> None:
    """Make the packed attention known to transformers under ``IMPLEMENTATION``; safe to call again."""
    from transformers import AttentionInterface
    from transformers.masking_utils import AttentionMaskInterface

    AttentionInterface.register(IMPLEMENTATION, packed_attention)
    AttentionMaskInterface.register(IMPLEMENTATION, _no_mask)


def packed_attention(
    module: nn.Module,  # noqa: ARG001
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,  # noqa: ARG001
    *,
    plan: Plan,
    scaling: float | None = None,
    sliding_window: int | None = None,
    softcap: float | None = None,
    **_: object,
) -> tuple[Tensor, None]:
    """Attend within each row of the plan, and from each row to its group's prefix.

    Args:
        module: The attention layer (unused; part of the interface).
        query: ``[1, heads, T, head_dim]``.
        key: ``[1, key heads, T, head_dim]``.
        value: ``[1, key heads, T, head_dim]``.
        attention_mask: Always ``None``: there is no padding.
        plan: Where rows lie.
        scaling: Factor of the dot products; ``None`` is ``head_dim ** -0.5``.
        sliding_window: Tokens further apart than ``sliding_window - 1`` do not see each other.
        softcap: Scores become ``tanh(score / softcap) * softcap`` (Gemma 2).

    Returns:
        ``[1, T, heads, head_dim]`` and no weights.
    """
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    rule = _Rule(scaling=scale, causal=plan.causal, window=sliding_window, softcap=softcap)
    repeats = query.shape[1] // key.shape[1]
    keys, values = key[0].repeat_interleave(repeats, 0), value[0].repeat_interleave(repeats, 0)
    out = torch.empty_like(query[0])
    start = 0
    for group in plan.groups:
        _attend_group(query[0], keys, values, out, group, start, rule)
        start += group.tokens
    return out.transpose(0, 1).unsqueeze(0), None


def _no_mask(*_: object, **__: object) -> None:
    return None


def _attend_group(
    query: Tensor, key: Tensor, value: Tensor, out: Tensor, group: Group, start: int, rule: _Rule
) -> None:
    """Fill ``out[:, start : start + group.tokens]``; tensors are ``[heads, T, head_dim]``."""
    end = start + group.prefix
    shared_key, shared_value = key[:, start:end], value[:, start:end]
    if group.prefix:
        own = (query[:, start:end], shared_key, shared_value)
        out[:, start:end] = _attend(*(part[None] for part in own), rule=rule)[0]
    for count, length in _runs(group.lengths):
        place = slice(end, end + count * length)
        keys = _with_prefix(shared_key, _rows(key[:, place], count))
        values = _with_prefix(shared_value, _rows(value[:, place], count))
        seen = _attend(_rows(query[:, place], count), keys, values, rule=rule)
        out[:, place] = seen.transpose(0, 1).flatten(1, 2)
        end = place.stop


def _runs(lengths: tuple[int, ...]) -> Iterator[tuple[int, int]]:
    """Yield ``(how many, length)`` for neighbours of equal length, which attend as one batch."""
    for length, same in groupby(lengths):
        yield len(list(same)), length


def _rows(packed: Tensor, count: int) -> Tensor:
    """View ``[heads, count * length, dim]`` as ``[count, heads, length, dim]``."""
    return packed.view(packed.shape[0], count, -1, packed.shape[2]).transpose(0, 1)


def _with_prefix(shared: Tensor, own: Tensor) -> Tensor:
    if not shared.shape[1]:
        return own
    return torch.cat((shared.expand(own.shape[0], *shared.shape), own), dim=2)


def _attend(query: Tensor, key: Tensor, value: Tensor, *, rule: _Rule) -> Tensor:
    """Return ``[count, heads, length, dim]``; the last ``length`` keys are the queries' own positions."""
    mask = _visible(query.shape[2], key.shape[2], rule, query.device)
    if rule.softcap is None:
        return scaled_dot_product_attention(query, key, value, attn_mask=mask, scale=rule.scaling)
    scores = torch.tanh(query @ key.transpose(2, 3) * (rule.scaling / rule.softcap)) * rule.softcap
    if mask is not None:
        scores = scores.masked_fill(~mask, -torch.inf)
    weights = torch.softmax(scores, dim=-1, dtype=torch.float32)
    return weights.to(value.dtype) @ value


def _visible(length: int, keys: int, rule: _Rule, device: torch.device) -> Tensor | None:
    """Return which keys each query sees, ``[length, keys]``; ``None`` where it sees all of them."""
    window = keys if rule.window is None else rule.window
    if not rule.causal and window >= keys:
        return None
    places = torch.arange(keys, device=device)
    ahead = places - places[keys - length :, None]
    near = ahead.abs() < window
    return near & (ahead <= 0) if rule.causal else near
