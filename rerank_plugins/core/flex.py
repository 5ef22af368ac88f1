"""Variable-length attention with capped scores by ``flex_attention``; knows no tokens and no models.

Compiled once per kind of mask on a GPU. On a CPU it runs uncompiled and slowly, which only tests ask for.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import torch
from torch.nn.attention.flex_attention import create_block_mask, flex_attention

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from rerank_plugins.core.flash import Sequences
    from rerank_plugins.core.pieces import Rule

    Mask = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]


def attend_flexibly(
    query: Tensor, key: Tensor, value: Tensor, where: Sequences, rule: Rule, *, causal: bool
) -> Tensor:
    """Return ``(queries, heads, head_dim)``; see ``flash.VarlenKernel``."""
    compiled = query.is_cuda
    name = f"block mask, {rule.window=}"
    if name not in where.memory:
        visible = _visible(where, len(query), len(key), rule, causal=causal)
        where.memory[name] = create_block_mask(
            visible, None, None, len(query), len(key), device=query.device, _compile=compiled
        )
    by_head = (part.transpose(0, 1).unsqueeze(0) for part in (query, key, value))
    out: Tensor = _function(compiled=compiled)(
        *by_head,
        score_mod=_capped(rule),
        block_mask=where.memory[name],
        scale=rule.scaling,
        enable_gqa=query.shape[1] != key.shape[1],
    )
    return out[0].transpose(0, 1)


@cache
def _function(*, compiled: bool) -> Any:
    return torch.compile(flex_attention, dynamic=True) if compiled else flex_attention


def _visible(where: Sequences, queries: int, keys: int, rule: Rule, *, causal: bool) -> Mask:
    """Return whether a query sees a key: same sequence, not ahead if causal, and within the window."""
    query_sequence, query_place = _places(where.queries, queries)
    key_sequence, key_place = _places(where.keys, keys)
    # The last query stands where the last key stands.
    shift = (where.keys.diff() - where.queries.diff())[query_sequence]
    query_place = query_place + shift
    window = keys if rule.window is None else rule.window

    def visible(_batch: Tensor, _head: Tensor, one: Tensor, other: Tensor) -> Tensor:
        ahead = key_place[other] - query_place[one]
        near = (ahead < window) & (ahead > -window)
        same = query_sequence[one] == key_sequence[other]
        return same & near & (ahead <= 0) if causal else same & near

    return visible


def _places(borders: Tensor, length: int) -> tuple[Tensor, Tensor]:
    """Return the sequence of each token, and its place there."""
    tokens = torch.arange(length, device=borders.device)
    sequence = torch.searchsorted(borders, tokens, right=True) - 1
    return sequence, tokens - borders[sequence]


def _capped(rule: Rule) -> Callable[..., Tensor] | None:
    cap = rule.softcap
    if cap is None:
        return None

    def capped(score: Tensor, *_: Tensor) -> Tensor:
        return torch.tanh(score / cap) * cap

    return capped
