"""Where rows lie in one packed sequence; knows no tokens, no models and no attention.

The hidden states of a packed forward are ``[1, T, hidden]``: for each group the ids of a shared prefix once,
then the remaining ids of each row, without padding. A prefix whose rows fill several forwards is laid out in the
first of them only; the others find its keys and values where the first one kept them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

    KeysAndValues = tuple[Tensor, Tensor]


@dataclass(frozen=True, slots=True)
class Group:
    """Rows that share a prefix.

    Attributes:
        prefix: How many tokens they share.
        lengths: How many more tokens each row has.
        carried: Whether the prefix was computed by the forward before, and is not laid out here.
        keep: Whether the next forward needs the prefix again.
    """

    prefix: int
    lengths: tuple[int, ...]
    carried: bool = False
    keep: bool = False

    @property
    def laid(self) -> int:
        """How many tokens of the prefix lie in the packed sequence."""
        return 0 if self.carried else self.prefix

    @property
    def tokens(self) -> int:
        """Length of the group in the packed sequence."""
        return self.laid + sum(self.lengths)


@dataclass(slots=True)
class Prefixes:
    """Keys and values ``(prefix, heads, head_dim)`` of a prefix in each layer, from one forward to the next.

    Memory is ``2 x layers x prefix x key heads x head_dim`` numbers, for one prefix at a time.
    """

    carried: dict[object, KeysAndValues] = field(default_factory=dict)
    kept: dict[object, KeysAndValues] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """Where rows lie in a packed sequence; travels through the model's forward as the keyword ``plan``.

    Attributes:
        groups: The groups, in the order they lie.
        causal: Whether a token sees only what stands before it.
        reads: Packed positions, one for each row, where nothing else is needed of the last layer.
        prefixes: Where prefixes of other forwards are found and kept.
        memory: What an attention kernel worked out from this plan, for its next layer.
    """

    groups: tuple[Group, ...]
    causal: bool
    reads: Tensor | None = None
    prefixes: Prefixes = field(default_factory=Prefixes)
    memory: dict[str, Any] = field(default_factory=dict, compare=False)

    def shared(self, layer: object, key: Tensor, value: Tensor) -> list[KeysAndValues]:
        """Return the keys and values of each group's prefix, and keep those that the next forward needs.

        Args:
            layer: The attention layer that asks.
            key: ``(T, key heads, head_dim)``.
            value: As ``key``.
        """
        found, start = [], 0
        for group in self.groups:
            own = slice(start, start + group.laid)
            pair = self.prefixes.carried[layer] if group.carried else (key[own], value[own])
            if group.keep:
                # A view would keep the keys and values of the whole forward.
                self.prefixes.kept[layer] = pair if group.carried else (pair[0].clone(), pair[1].clone())
            found.append(pair)
            start += group.tokens
        return found

    def pieces(self, *, only_reads: bool) -> Iterator[Piece]:
        """Yield what attends together: each laid prefix, and neighbouring rows of equal length.

        Args:
            only_reads: Whether there is one query per row and none for prefixes.
        """
        start = done = 0
        for index, group in enumerate(self.groups):
            if group.laid and not only_reads:
                yield Piece(
                    index, 1, slice(done, done + group.laid), slice(start, start + group.laid), prefix=False
                )
                done += group.laid
            start += group.laid
            for count, length in _runs(group.lengths):
                asked = count if only_reads else count * length
                queries, keys = slice(done, done + asked), slice(start, start + count * length)
                yield Piece(index, count, queries, keys, prefix=bool(group.prefix))
                start, done = keys.stop, queries.stop


@dataclass(frozen=True, slots=True)
class Piece:
    """Rows of equal length that lie side by side.

    Attributes:
        group: Index of their group.
        count: How many rows.
        queries: Where their queries lie.
        keys: Where their own keys lie.
        prefix: Whether they also see the group's prefix.
    """

    group: int
    count: int
    queries: slice
    keys: slice
    prefix: bool


def _runs(lengths: tuple[int, ...]) -> Iterator[tuple[int, int]]:
    for length, same in groupby(lengths):
        yield len(list(same)), length
