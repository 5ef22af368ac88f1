"""Attention by two matrix products with the scores between them in memory; knows no plan and no models.

On a CPU it is the fastest way in bfloat16, where the fused kernel computes in float32, and everywhere the only way
to cap scores without a compiler. Queries go a few at a time: memory stays bounded, and keys that none of them
sees are left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from rerank_plugins.core.shapes import even, evened
from rerank_plugins.core.sight import Sight

if TYPE_CHECKING:
    from torch import Tensor

    from rerank_plugins.core.pieces import Rule

_SCORES = 1 << 24
"""Most attention scores in memory at once."""
_QUERIES_AT_ONCE = 128
"""On a CPU: a causal row of some hundred tokens then takes a third less time, and its scores stay in the cache."""


def attend_by_products(query: Tensor, key: Tensor, value: Tensor, *, rule: Rule, causal: bool) -> Tensor:
    """Attend from the last positions of some rows to all of them.

    Args:
        query: ``[rows, heads, length, head_dim]``.
        key: ``[rows, key heads, keys, head_dim]``; its last ``length`` positions are the queries' own.
        value: As ``key``.
        rule: What happens to scores.
        causal: Keys ahead are not seen.

    Returns:
        As ``query``.
    """
    length, keys = query.shape[2], key.shape[2]
    key, value = evened(key), evened(value)  # the added ones are masked
    parts = []
    for start in range(0, length, step := _step(query, keys)):
        part = query[:, :, start : start + step]
        first = keys - length + start
        sight = Sight(first, first + part.shape[2], keys, rule.window, causal)
        span = _rounded(sight.span(), key)
        parts.append(_attend(part, key[:, :, span], value[:, :, span], rule, sight.mask(span, query.device)))
    return parts[0] if len(parts) == 1 else torch.cat(parts, dim=2)


def _rounded(span: slice, key: Tensor) -> slice:
    """Return the span with a length that comes often, as far as there are keys."""
    if key.device.type != "cpu":
        return span
    stop = min(key.shape[2], span.start + even(span.stop - span.start))
    return slice(span.start, stop)


def _step(query: Tensor, keys: int) -> int:
    bounded = max(1, _SCORES // (query.shape[0] * query.shape[1] * keys))
    return min(bounded, _QUERIES_AT_ONCE) if query.device.type == "cpu" else bounded


def _attend(query: Tensor, key: Tensor, value: Tensor, rule: Rule, mask: Tensor | None) -> Tensor:
    """Heads that share keys become rows of one product."""
    count, heads, length, _ = query.shape
    shared = key.shape[1]
    query = evened(query)
    rows = query.reshape(count, shared, heads // shared * query.shape[2], -1)
    scores = _ruled((rows @ key.transpose(2, 3)).unflatten(2, (-1, query.shape[2])), rule)
    if mask is not None:
        scores[..., :length, :] += torch.zeros_like(mask, dtype=scores.dtype).masked_fill_(~mask, -torch.inf)
    weights = torch.softmax(scores, dim=-1).to(value.dtype).flatten(2, 3)
    return (weights @ value).view(count, heads, query.shape[2], -1)[:, :, :length]


def _ruled(scores: Tensor, rule: Rule) -> Tensor:
    if rule.softcap is None:
        return scores.mul_(rule.scaling)
    return scores.float().mul_(rule.scaling / rule.softcap).tanh_().mul_(rule.softcap)
