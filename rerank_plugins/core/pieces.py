"""Attention over one packed sequence, a few rows at a time, on any device; knows no tokens and no models.

Every row sees its group's prefix and itself; see ``plan.py`` for how rows lie.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch.nn.functional import scaled_dot_product_attention

from rerank_plugins.core.products import attend_by_products
from rerank_plugins.core.sight import Sight

if TYPE_CHECKING:
    from torch import Tensor

    from rerank_plugins.core.plan import Plan

_WORTH_MATMUL = 128
"""From how many query rows on two bfloat16 products beat the fused CPU kernel, which computes in float32."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What one attention layer does to scores.

    Attributes:
        scaling: Factor of the dot products.
        window: Tokens further apart than ``window - 1`` do not see each other.
        softcap: Scores become ``tanh(score / softcap) * softcap`` (Gemma 2).
    """

    scaling: float
    window: int | None = None
    softcap: float | None = None


def attend_by_pieces(
    query: Tensor, key: Tensor, value: Tensor, *, plan: Plan, rule: Rule, layer: object
) -> Tensor:
    """Attend within each row of the plan, and from each row to its group's prefix.

    Args:
        query: ``(T, heads, head_dim)``, or ``(rows, heads, head_dim)`` with only the positions of ``plan.reads``.
        key: ``(T, key heads, head_dim)``.
        value: ``(T, key heads, head_dim)``.
        plan: Where rows lie.
        rule: What happens to scores.
        layer: Stands for this layer in ``plan.prefixes``.

    Returns:
        As ``query``.
    """
    out = torch.empty(query.shape, dtype=query.dtype, device=query.device)
    prefixes = plan.shared(layer, key, value)
    for piece in plan.pieces(only_reads=len(query) < len(key)):
        own = (key[piece.keys], value[piece.keys])
        prefix = prefixes[piece.group] if piece.prefix else (None, None)
        keys, values = (_with_prefix(*pair, piece.count) for pair in zip(prefix, own, strict=True))
        queries = query[piece.queries].view(piece.count, -1, *query.shape[1:]).transpose(1, 2)
        seen = _attend(queries, keys, values, rule=rule, causal=plan.causal)
        out[piece.queries] = seen.transpose(1, 2).flatten(0, 1)
    return out


def _with_prefix(prefix: Tensor | None, own: Tensor, count: int) -> Tensor:
    """Return ``[count, key heads, prefix + length, head_dim]``."""
    rows = own.view(count, -1, *own.shape[1:])
    if prefix is not None:
        rows = torch.cat((prefix.expand(count, *prefix.shape), rows), dim=1)
    return rows.transpose(1, 2)


def _attend(query: Tensor, key: Tensor, value: Tensor, *, rule: Rule, causal: bool) -> Tensor:
    """Return ``[count, heads, length, head_dim]``; the last ``length`` keys are the queries' own positions."""
    length, keys = query.shape[2], key.shape[2]
    in_matmul = length * (query.shape[1] // key.shape[1])
    if rule.softcap is not None or (query.dtype == torch.bfloat16 and _by_matmul(query, in_matmul)):
        return attend_by_products(query, key, value, rule=rule, causal=causal)
    unseen = rule.window is not None and rule.window < keys
    plain = causal and length == keys and not unseen
    sight = Sight(keys - length, keys, keys, rule.window, causal)
    mask = None if plain else sight.mask(slice(0, keys), query.device)
    many = query.shape[1] != key.shape[1]
    return scaled_dot_product_attention(
        query, key, value, attn_mask=mask, is_causal=plain, scale=rule.scaling, enable_gqa=many
    )


def _by_matmul(query: Tensor, rows: int) -> bool:
    return query.device.type == "cpu" and rows >= _WORTH_MATMUL
