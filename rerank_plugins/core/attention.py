"""Chooses how packed rows attend, and gives it the shape of a transformers attention function.

Knows no tokens and no models. On a GPU one variable-length kernel serves all rows, once it has been seen to give
what the plain way gives; everything else goes by pieces.
"""

from __future__ import annotations

import logging
from functools import cache
from typing import TYPE_CHECKING

import torch

from rerank_plugins.core.flash import attend_at_once, kernels
from rerank_plugins.core.pieces import Rule, attend_by_pieces
from rerank_plugins.core.plan import Group, Plan

if TYPE_CHECKING:
    from torch import Tensor, nn

    from rerank_plugins.core.flash import VarlenKernel

IMPLEMENTATION = "rerank_packed"
_LOG = logging.getLogger("rerank_plugins")


def register() -> None:
    """Make the packed attention known to transformers under ``IMPLEMENTATION``; safe to call again."""
    from transformers import AttentionInterface
    from transformers.masking_utils import AttentionMaskInterface

    AttentionInterface.register(IMPLEMENTATION, packed_attention)
    AttentionMaskInterface.register(IMPLEMENTATION, _no_mask)


def packed_attention(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,  # noqa: ARG001 - there is no padding
    *,
    plan: Plan,
    scaling: float | None = None,
    sliding_window: int | None = None,
    softcap: float | None = None,
    **_: object,
) -> tuple[Tensor, None]:
    """Attend as ``attend`` does, in the shapes of transformers' attention interface.

    Args:
        module: The attention layer.
        query: ``[1, heads, T, head_dim]``.
        key: ``[1, key heads, T, head_dim]``.
        value: ``[1, key heads, T, head_dim]``.
        attention_mask: Always ``None``.
        plan: Where rows lie.
        scaling: See ``Rule``; ``None`` is ``head_dim ** -0.5``.
        sliding_window: See ``Rule``.
        softcap: See ``Rule``.

    Returns:
        ``[1, T, heads, head_dim]`` and no weights.
    """
    rule = Rule(query.shape[-1] ** -0.5 if scaling is None else scaling, sliding_window, softcap)
    by_token = (part[0].transpose(0, 1) for part in (query, key, value))
    return attend(*by_token, plan=plan, rule=rule, layer=module).unsqueeze(0), None


def attend(query: Tensor, key: Tensor, value: Tensor, *, plan: Plan, rule: Rule, layer: object) -> Tensor:
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
    kernel = None
    if query.is_cuda:
        kernel = _checked_kernel(query.shape[1:], key.shape[1], query.dtype, query.device, rule, plan.causal)
    if kernel is None:
        return attend_by_pieces(query, key, value, plan=plan, rule=rule, layer=layer)
    return attend_at_once(query, key, value, plan=plan, rule=rule, layer=layer, kernel=kernel)


@cache
def _checked_kernel(
    shape: torch.Size,
    key_heads: int,
    dtype: torch.dtype,
    device: torch.device,
    rule: Rule,
    causal: bool,
) -> VarlenKernel | None:
    """Return the first kernel that is there and gives what the plain way gives; ``None`` if there is none.

    Args:
        shape: ``(heads, head_dim)``.
        key_heads: How many heads keys and values have.
        dtype: Precision of queries, keys and values.
        device: Where they are.
        rule: What happens to scores.
        causal: Whether a token sees only what stands before it.
    """
    for name, kernel in kernels(dtype, rule):
        if _agrees(name, kernel, shape, key_heads, dtype, device, rule, causal=causal):
            return kernel
    _LOG.info("No variable-length attention kernel serves %s on %s; rows attend piece by piece.", dtype, device)
    return None


def _agrees(
    name: str,
    kernel: VarlenKernel,
    shape: torch.Size,
    key_heads: int,
    dtype: torch.dtype,
    device: torch.device,
    rule: Rule,
    *,
    causal: bool,
) -> bool:
    """Return whether a kernel gives the plain result for a small plan with a prefix (if causal) and three rows."""
    plan = Plan((Group(24 if causal else 0, (40, 7, 7)), Group(0, (70,))), causal)
    tokens = sum(group.tokens for group in plan.groups)
    generator = torch.Generator().manual_seed(0)
    query, key, value = (
        torch.randn(tokens, heads, shape[1], generator=generator).to(device, dtype)
        for heads in (shape[0], key_heads, key_heads)
    )
    expected = attend_by_pieces(query, key, value, plan=plan, rule=rule, layer=None)
    try:
        found = attend_at_once(query, key, value, plan=plan, rule=rule, layer=None, kernel=kernel)
    except Exception as error:  # noqa: BLE001 - whatever a kernel says, rows can attend piece by piece
        _LOG.info("The attention kernel %s does not run here: %s", name, error)
        return False
    if torch.allclose(found.float(), expected.float(), atol=0.03, rtol=0.03):
        return True
    _LOG.warning("The attention kernel %s gives another result than torch's own on %s; not used.", name, device)
    return False


def _no_mask(*_: object, **__: object) -> None:
    return None
