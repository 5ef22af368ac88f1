"""The layers of stock models, computed with fewer and larger steps; knows no tokens and no family.

A block takes over the weights and norms of one stock layer and does what the layer does, to rounding: queries,
keys and values by one product, the feed-forward part in pieces that stay in the cache, attention by the packed
plan, and in the last layer only what the read positions need. Layers of other classes stay as they are, with
their linear parts replaced.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from rerank_plugins.core.attention import attend
from rerank_plugins.core.pieces import Rule

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import Tensor

    from rerank_plugins.core.linears import Kernel
    from rerank_plugins.core.plan import Plan

_TOKENS_AT_ONCE = 256
"""How many tokens go through a feed-forward part together on a CPU: its activations then stay in the cache."""


class EncoderBlock(nn.Module):
    """A layer of BERT, RoBERTa or XLM-RoBERTa: norms after each part, no rotation of positions.

    Args:
        layer: The stock layer.
        kernel: Makes linear layers.
        last: Whether only the read positions are needed.
    """

    def __init__(self, layer: Any, kernel: Kernel, *, last: bool) -> None:
        super().__init__()
        attention = layer.attention.self
        self.is_causal, self.trims = attention.is_causal, last
        self._heads = attention.num_attention_heads
        self._rule = Rule(attention.scaling)
        self._project = Projections([attention.query, attention.key, attention.value], kernel, apart=last)
        self._out = taken(layer.attention.output.dense, kernel)
        self._norm = layer.attention.output.LayerNorm
        self._up = taken(layer.intermediate.dense, kernel, layer.intermediate.intermediate_act_fn)
        self._down = taken(layer.output.dense, kernel)
        self._last_norm = layer.output.LayerNorm

    def forward(self, hidden_states: Tensor, *_: object, plan: Plan, **__: object) -> Tensor:
        """Return ``[1, T, hidden]``, or ``[1, rows, hidden]`` where only reads are needed."""
        return in_pieces(self._feed_forward, self._attended(hidden_states[0], plan)).unsqueeze(0)

    def _attended(self, states: Tensor, plan: Plan) -> Tensor:
        reads = plan.reads if self.trims else None
        query, key, value = (part.unflatten(1, (self._heads, -1)) for part in self._project(states, reads))
        seen = attend(query, key, value, plan=plan, rule=self._rule, layer=self).flatten(1)
        normed: Tensor = self._norm(self._out(seen).add_(states if reads is None else states[reads]))
        return normed

    def _feed_forward(self, states: Tensor) -> Tensor:
        normed: Tensor = self._last_norm(self._down(self._up(states)).add_(states))
        return normed


class DecoderBlock(nn.Module):
    """A layer of Llama's kind: norms before each part, rotated positions, gated feed-forward part.

    Args:
        layer: The stock layer.
        kernel: Makes linear layers.
        last: Whether only the read positions are needed.
    """

    def __init__(self, layer: Any, kernel: Kernel, *, last: bool) -> None:
        super().__init__()
        attention, shape = layer.self_attn, _DECODERS[type(layer).__name__]
        self.is_causal, self.trims = attention.is_causal, last
        self._dim = attention.head_dim
        self._rule = Rule(
            attention.scaling, shape.window(attention), getattr(attention, "attn_logit_softcapping", None)
        )
        self._project = Projections([attention.q_proj, attention.k_proj, attention.v_proj], kernel, apart=last)
        self._query_norm, self._key_norm = getattr(attention, "q_norm", None), getattr(attention, "k_norm", None)
        self._out = taken(attention.o_proj, kernel)
        self._gate = taken(layer.mlp.gate_proj, kernel, layer.mlp.act_fn)
        self._up, self._down = taken(layer.mlp.up_proj, kernel), taken(layer.mlp.down_proj, kernel)
        self._norms = nn.ModuleList(
            nn.Identity() if name is None else getattr(layer, name) for name in shape.norms
        )
        self._factor = getattr(layer, "residual_multiplier", 1.0)

    def forward(
        self, hidden_states: Tensor, *, position_embeddings: tuple[Tensor, Tensor], plan: Plan, **_: object
    ) -> Tensor:
        """Return ``[1, T, hidden]``, or ``[1, rows, hidden]`` where only reads are needed."""
        attended = self._attended(hidden_states[0], position_embeddings, plan)
        return in_pieces(self._feed_forward, attended).unsqueeze(0)

    def _attended(self, states: Tensor, turns: tuple[Tensor, Tensor], plan: Plan) -> Tensor:
        reads = plan.reads if self.trims else None
        query, key, value = self._rotated(self._norms[0](states), turns, reads)
        seen = attend(query, key, value, plan=plan, rule=self._rule, layer=self).flatten(1)
        needed, added = states if reads is None else states[reads], self._norms[1](self._out(seen))
        return torch.add(needed, added, alpha=self._factor, out=added)

    def _rotated(
        self, states: Tensor, turns: tuple[Tensor, Tensor], reads: Tensor | None
    ) -> tuple[Tensor, Tensor, Tensor]:
        query, key, value = (part.unflatten(1, (-1, self._dim)) for part in self._project(states, reads))
        if self._query_norm is not None and self._key_norm is not None:
            query, key = self._query_norm(query), self._key_norm(key)
        cos, sin = (part[0].unsqueeze(1) for part in turns)
        if reads is None:
            return rotated(query, cos, sin), rotated(key, cos, sin), value
        return rotated(query, cos[reads], sin[reads]), rotated(key, cos, sin), value

    def _feed_forward(self, states: Tensor) -> Tensor:
        normed = self._norms[2](states)
        added = self._norms[3](self._down(self._gate(normed).mul_(self._up(normed))))
        return torch.add(states, added, alpha=self._factor, out=added)


class Projections(nn.Module):
    """Queries, keys and values of all tokens by one product.

    Args:
        linears: The stock linear layers of queries, keys and values.
        kernel: Makes linear layers.
        apart: Compute queries by themselves, because they are needed at fewer positions.
    """

    def __init__(self, linears: Sequence[nn.Linear], kernel: Kernel, *, apart: bool) -> None:
        super().__init__()
        self._sizes = [linear.out_features for linear in linears]
        groups = [linears[:1], linears[1:]] if apart else [linears]
        self._parts = nn.ModuleList(joined(group, kernel) for group in groups)

    def forward(self, states: Tensor, reads: Tensor | None) -> tuple[Tensor, ...]:
        """Return queries, keys and values, ``(T, heads x head_dim)`` each; queries only at ``reads`` if given."""
        if len(self._parts) == 1:
            return torch.split(self._parts[0](states), self._sizes, dim=1)
        query = self._parts[0](states if reads is None else states[reads])
        return query, *torch.split(self._parts[1](states), self._sizes[1:], dim=1)


def rotated(states: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Return ``(T, heads, head_dim)`` turned by each token's position (RoFormer, arXiv 2104.09864).

    The halves of ``head_dim`` are the coordinates, as in transformers' ``apply_rotary_pos_emb``.
    """
    half = states.shape[-1] // 2
    turned = states * cos
    turned[..., :half].addcmul_(states[..., half:], sin[..., :half], value=-1)
    turned[..., half:].addcmul_(states[..., :half], sin[..., half:])
    return turned


def taken(linear: nn.Linear, kernel: Kernel, activation: nn.Module | None = None) -> nn.Module:
    """Return the same layer by another kernel; the stock layer lets go of its weight."""
    return joined([linear], kernel, activation)


def joined(linears: Sequence[nn.Linear], kernel: Kernel, activation: nn.Module | None = None) -> nn.Module:
    """Return one layer whose outputs are those of all the given ones, which let go of their weights."""
    weights = [linear.weight.detach() for linear in linears]
    biases = [None if linear.bias is None else linear.bias.detach() for linear in linears]
    for linear in linears:
        linear.register_parameter("weight", None)
    weight = weights[0] if len(weights) == 1 else torch.cat(weights)
    if all(bias is None for bias in biases):
        return kernel(weight, None, activation)
    filled = [
        torch.zeros_like(weight[:, 0]) if bias is None else bias
        for weight, bias in zip(weights, biases, strict=True)
    ]
    return kernel(weight, torch.cat(filled), activation)


def in_pieces(part: Callable[[Tensor], Tensor], states: Tensor) -> Tensor:
    """Return ``part(states)``; on a CPU for some tokens after the other, put where the states were."""
    if states.device.type != "cpu" or len(states) <= _TOKENS_AT_ONCE:
        return part(states)
    for piece in states.split(_TOKENS_AT_ONCE):
        piece.copy_(part(piece))
    return states


@dataclass(frozen=True, slots=True)
class _Decoder:
    """What differs among decoder layers: the norms before and after each part, and where the window is said."""

    norms: tuple[str | None, str | None, str | None, str | None] = (
        "input_layernorm",
        None,
        "post_attention_layernorm",
        None,
    )
    window_from_config: bool = False

    def window(self, attention: Any) -> int | None:
        owner = attention.config if self.window_from_config else attention
        window: int | None = getattr(owner, "sliding_window", None)
        return window


def block_for(layer: nn.Module, kernel: Kernel, *, last: bool) -> nn.Module | None:
    """Return a block in place of a stock layer, or ``None`` where there is none for its class."""
    name = type(layer).__name__
    if name in _DECODERS:
        return DecoderBlock(layer, kernel, last=last)
    if name in _ENCODERS and not getattr(layer, "is_decoder", False):
        return EncoderBlock(layer, kernel, last=last)
    return None


_ENCODERS = ("BertLayer", "RobertaLayer", "XLMRobertaLayer")
_DECODERS = {
    "GemmaDecoderLayer": _Decoder(),
    "Gemma2DecoderLayer": _Decoder(
        norms=(
            "input_layernorm",
            "post_attention_layernorm",
            "pre_feedforward_layernorm",
            "post_feedforward_layernorm",
        )
    ),
    "GraniteDecoderLayer": _Decoder(),
    "LlamaDecoderLayer": _Decoder(),
    "MistralDecoderLayer": _Decoder(window_from_config=True),
    "Qwen2DecoderLayer": _Decoder(),
    "Qwen3DecoderLayer": _Decoder(),
}
