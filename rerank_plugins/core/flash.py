"""Attention over one packed sequence by one variable-length kernel call; knows no tokens and no models.

Each laid prefix and each row is a sequence of its own. The keys of a row are those of its prefix and its own, put
side by side for this one layer; the kernels align the last query with the last key, so a causal row sees its
prefix and what stands before it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from inspect import signature
from itertools import accumulate, chain
from typing import TYPE_CHECKING, Any, Protocol, cast

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torch import Tensor

    from rerank_plugins.core.pieces import Rule
    from rerank_plugins.core.plan import Group, Piece, Plan


@dataclass(frozen=True, slots=True)
class Sequences:
    """Where each sequence of queries and of keys starts and ends.

    Attributes:
        queries: Borders of the queries, ``(sequences + 1,)``, int32 on the device.
        keys: Borders of the keys.
        longest_queries: Length of the longest sequence of queries.
        longest_keys: Length of the longest sequence of keys.
        gather: Which keys stand side by side; ``None`` if they do already.
        memory: What a kernel worked out from these borders, for its next layer.
    """

    queries: Tensor
    keys: Tensor
    longest_queries: int
    longest_keys: int
    gather: Tensor | None
    memory: dict[str, Any] = field(default_factory=dict, compare=False)


class VarlenKernel(Protocol):
    """A variable-length attention kernel."""

    def __call__(
        self, query: Tensor, key: Tensor, value: Tensor, where: Sequences, rule: Rule, *, causal: bool
    ) -> Tensor:
        """Return ``(queries, heads, head_dim)``."""
        ...


def attend_at_once(
    query: Tensor, key: Tensor, value: Tensor, *, plan: Plan, rule: Rule, layer: object, kernel: VarlenKernel
) -> Tensor:
    """Give what ``attend_by_pieces`` gives, by one call of ``kernel``."""
    where = _sequences(plan, only_reads=len(query) < len(key), device=query.device)
    prefixes = plan.shared(layer, key, value)
    carried = [pair for group, pair in zip(plan.groups, prefixes, strict=True) if group.carried]
    keys, values = (torch.cat((*found, own)) if found else own for found, own in _columns(carried, key, value))
    if where.gather is not None:
        keys, values = keys[where.gather], values[where.gather]
    return kernel(query, keys, values, where, rule, causal=plan.causal)


def _columns(
    pairs: list[tuple[Tensor, Tensor]], key: Tensor, value: Tensor
) -> Iterator[tuple[list[Tensor], Tensor]]:
    yield [pair[0] for pair in pairs], key
    yield [pair[1] for pair in pairs], value


def _sequences(plan: Plan, *, only_reads: bool, device: torch.device) -> Sequences:
    """Return where sequences lie, worked out once for all layers of a forward."""
    name = f"sequences, {only_reads=}"
    if name not in plan.memory:
        plan.memory[name] = _laid_out(plan, only_reads=only_reads, device=device)
    found: Sequences = plan.memory[name]
    return found


def _laid_out(plan: Plan, *, only_reads: bool, device: torch.device) -> Sequences:
    prefixes = _prefix_places(plan.groups)
    shift = sum(group.prefix for group in plan.groups if group.carried)
    queries: list[int] = []
    keys: list[range] = []
    sizes: list[int] = []
    for piece in plan.pieces(only_reads=only_reads):
        prefix = prefixes[piece.group] if piece.prefix else range(0)
        for own in _rows(piece):
            queries.append((piece.queries.stop - piece.queries.start) // piece.count)
            keys.extend((prefix, range(own.start + shift, own.stop + shift)))
            sizes.append(len(prefix) + len(own))
    together = any(group.prefix for group in plan.groups)
    gather = torch.cat([torch.arange(part.start, part.stop) for part in keys]).to(device) if together else None
    return Sequences(_borders(queries, device), _borders(sizes, device), max(queries), max(sizes), gather)


def _prefix_places(groups: Sequence[Group]) -> list[range]:
    """Return where each group's prefix lies when carried prefixes stand before the packed sequence."""
    carried = sum(group.prefix for group in groups if group.carried)
    places, before, start = [], 0, carried
    for group in groups:
        places.append(
            range(before, before + group.prefix) if group.carried else range(start, start + group.prefix)
        )
        before += group.prefix if group.carried else 0
        start += group.tokens
    return places


def _rows(piece: Piece) -> list[range]:
    length = (piece.keys.stop - piece.keys.start) // piece.count
    return [range(start, start + length) for start in range(piece.keys.start, piece.keys.stop, length)]


def _borders(sizes: Sequence[int], device: torch.device) -> Tensor:
    return torch.tensor([*chain((0,), accumulate(sizes))], dtype=torch.int32).to(device)


def kernels(dtype: torch.dtype, rule: Rule) -> Iterator[tuple[str, VarlenKernel]]:
    """Yield the kernels that are installed and take this precision and rule, the preferred one first."""
    if dtype not in {torch.bfloat16, torch.float16}:
        return
    if _has_flash_attn():
        yield "flash-attn", by_flash_attn
    if rule.softcap is None and _has_torch_varlen():
        yield "torch.nn.attention.varlen", by_torch
    if rule.softcap is not None:
        yield "torch.nn.attention.flex_attention", by_flex


def _has_flash_attn() -> bool:
    from importlib.util import find_spec

    return find_spec("flash_attn") is not None


def _has_torch_varlen() -> bool:
    """Return whether torch's kernel is there and takes a scale, a window and grouped heads (from torch 2.11)."""
    try:
        from torch.nn.attention.varlen import varlen_attn
    except ImportError:
        return False
    return {"scale", "window_size", "enable_gqa"} <= set(signature(varlen_attn).parameters)


def _window(rule: Rule, *, causal: bool) -> tuple[int, int]:
    """Return how far a query sees to the left and to the right; -1 is without end."""
    left = -1 if rule.window is None else rule.window - 1
    return left, 0 if causal else left


def by_torch(query: Tensor, key: Tensor, value: Tensor, where: Sequences, rule: Rule, *, causal: bool) -> Tensor:
    """Attend by ``torch.nn.attention.varlen``."""
    from torch.nn.attention.varlen import varlen_attn

    found = varlen_attn(
        query,
        key,
        value,
        where.queries,
        where.keys,
        where.longest_queries,
        where.longest_keys,
        scale=rule.scaling,
        window_size=_window(rule, causal=causal),
        enable_gqa=query.shape[1] != key.shape[1],
    )
    return cast("Tensor", found)


def by_flash_attn(
    query: Tensor, key: Tensor, value: Tensor, where: Sequences, rule: Rule, *, causal: bool
) -> Tensor:
    """Attend by the package ``flash-attn``."""
    from flash_attn import flash_attn_varlen_func

    out: Tensor = flash_attn_varlen_func(
        query,
        key,
        value,
        where.queries,
        where.keys,
        where.longest_queries,
        where.longest_keys,
        softmax_scale=rule.scaling,
        causal=causal,
        window_size=_window(rule, causal=causal),
        softcap=0.0 if rule.softcap is None else rule.softcap,
    )
    return out


def by_flex(query: Tensor, key: Tensor, value: Tensor, where: Sequences, rule: Rule, *, causal: bool) -> Tensor:
    """Attend by ``flex_attention``, compiled on a GPU: the one kernel of torch itself that caps scores."""
    from rerank_plugins.core.flex import attend_flexibly

    return attend_flexibly(query, key, value, where, rule, causal=causal)
