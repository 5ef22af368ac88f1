"""How much arithmetic a task needs at least, by formula; measures nothing.

Counted are the multiplications and additions of the linear layers and of attention, for real tokens only. What a
scorer does beyond that (padding, logits of words that nobody reads, the same prefix again) is waste, so the number
belongs to the task and is the same for every candidate. Left out, as below 1 % of it: embeddings, norms,
activations, softmax and the scoring head.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.sizes import Model


@dataclass(frozen=True, kw_only=True, slots=True)
class Tokens:
    """What is fed to the model.

    Attributes:
        fed: Tokens for which every layer must be computed; a shared prefix counts once.
        seen: Over these tokens, the sum of the numbers of tokens that each attends to.
        read: Rows, each of which is read at one position.
        read_seen: Sum of the numbers of tokens that the read positions attend to.
        prefix: Length of the shared prefix; 0 for encoders.
    """

    fed: int
    seen: int
    read: int
    read_seen: int
    prefix: int


def count(rows: Sequence[Sequence[int]], *, causal: bool) -> Tokens:
    """Return the counts of a task's rows.

    In an encoder each of a row's t tokens attends to t tokens. In a causal model the token at place p attends to
    p + 1; the prefix of P tokens that all rows begin with is computed once, and each row adds s = t - P tokens
    that attend to s P + s (s + 1) / 2 in all.
    """
    lengths = [len(row) for row in rows]
    if not causal:
        squares = sum(length**2 for length in lengths)
        return Tokens(fed=sum(lengths), seen=squares, read=len(rows), read_seen=sum(lengths), prefix=0)
    prefix = min(_shared(rows), min(lengths) - 1)
    own = [length - prefix for length in lengths]
    seen = triangle(prefix) + sum(prefix * rest + triangle(rest) for rest in own)
    return Tokens(fed=prefix + sum(own), seen=seen, read=len(rows), read_seen=sum(lengths), prefix=prefix)


def triangle(number: int) -> int:
    """Return 1 + 2 + ... + number."""
    return number * (number + 1) // 2


def _shared(rows: Sequence[Sequence[int]]) -> int:
    """Return how many ids all rows begin with."""
    return sum(1 for _ in takewhile(lambda ids: len(set(ids)) == 1, zip(*rows, strict=False)))


def useful_flops(model: Model, tokens: Tokens) -> int:
    """Return the floating-point operations of all layers for all tokens.

    Per layer, with hidden size h, key/value size k, feed-forward size f and m matrices there (3 where gated):
    2 (2 h h + 2 h k + m h f) for each token, and 4 h for each token that a token attends to.
    """
    sizes = _Sizes.of(model)
    return sizes.layers * (sizes.linear * tokens.fed + 4 * sizes.hidden * tokens.seen)


def needed_flops(model: Model, tokens: Tokens) -> int:
    """Return the same with the last layer counted at the read positions only.

    There, keys and values are needed for all tokens, everything else for one token of each row.
    """
    sizes = _Sizes.of(model)
    others = (sizes.layers - 1) * (sizes.linear * tokens.fed + 4 * sizes.hidden * tokens.seen)
    last = sizes.keys * tokens.fed + (sizes.linear - sizes.keys) * tokens.read
    return others + last + 4 * sizes.hidden * tokens.read_seen


@dataclass(frozen=True, slots=True)
class _Sizes:
    """Operations per token of one layer."""

    layers: int
    hidden: int
    linear: int
    keys: int

    @classmethod
    def of(cls, model: Model) -> _Sizes:
        config = model.config
        hidden, heads = config["hidden_size"], config["num_attention_heads"]
        keys = 2 * hidden * hidden * config.get("num_key_value_heads", heads) // heads
        matrices = 3 if model.causal else 2
        linear = 2 * (2 * hidden * hidden + keys + matrices * hidden * config["intermediate_size"])
        return cls(config["num_hidden_layers"], hidden, linear, 2 * keys)
