"""Which rows share a forward and how they lie in it; knows no model and no device.

Rows are grouped by the prefix their ids have in common, sorted by length so that neighbours of equal length
attend together, and filled into forwards by a budget of real tokens.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain, pairwise
from typing import TYPE_CHECKING

from rerank_plugins.core.plan import Group
from rerank_plugins.core.prefixes import best_partition

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rerank_plugins.core.family import Row

_WORTH_SHARING = 4
"""A shared prefix shorter than this costs more in bookkeeping than its tokens."""


@dataclass(frozen=True, slots=True)
class Packed:
    """One forward without padding.

    Attributes:
        ids: Token ids, ``T`` of them.
        positions: Position of each token in its own row.
        type_ids: Segment id of each token.
        groups: Where rows lie.
        rows: Index of each row in the call, in packed order.
        reads: Packed positions to read, row after row.
        mergeable: For each row, in packed order, the packed span that may be merged.
    """

    ids: list[int]
    positions: list[int]
    type_ids: list[int]
    groups: tuple[Group, ...]
    rows: tuple[int, ...]
    reads: list[int]
    mergeable: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Bundle:
    """Rows (by index) that share the first ``prefix`` ids.

    Attributes:
        prefix: How many ids.
        rows: Which rows.
        carried: Whether the forward before computed the prefix.
        keep: Whether the forward after this one needs it.
    """

    prefix: int
    rows: tuple[int, ...]
    carried: bool = False
    keep: bool = False


def bundles(rows: Sequence[Row], *, causal: bool) -> list[Bundle]:
    """Group rows by shared prefix; a bidirectional model shares nothing, so its rows are one bundle."""
    if not causal:
        by_length = sorted(range(len(rows)), key=lambda index: len(rows[index].ids))
        return [Bundle(0, tuple(by_length))]
    return [_by_length(rows, bundle) for bundle in _shared(rows)]


def forwards(rows: Sequence[Row], found: Sequence[Bundle], budget: int) -> Iterator[list[Bundle]]:
    """Yield what goes into each forward: at most ``budget`` tokens, but at least one row."""
    batch: list[Bundle] = []
    used = 0
    for piece in chain.from_iterable(_pieces(rows, bundle, budget) for bundle in found):
        size = tokens(rows, piece)
        if batch and used + size > budget:
            yield batch
            batch, used = [], 0
        batch.append(piece)
        used += size
    if batch:
        yield batch


def tokens(rows: Sequence[Row], bundle: Bundle) -> int:
    """Return how many tokens a bundle takes in a forward."""
    return _group(rows, bundle).tokens


def pack(rows: Sequence[Row], batch: Sequence[Bundle]) -> Packed:
    """Lay out one forward."""
    laid = _Laid([], [], [], [], [])
    for bundle in batch:
        if not bundle.carried:
            laid.tokens(rows[bundle.rows[0]], 0, bundle.prefix)
        for index in bundle.rows:
            laid.row(rows[index], bundle.prefix)
    return Packed(
        ids=laid.ids,
        positions=laid.positions,
        type_ids=laid.type_ids,
        groups=tuple(_group(rows, bundle) for bundle in batch),
        rows=tuple(chain.from_iterable(bundle.rows for bundle in batch)),
        reads=laid.reads,
        mergeable=tuple(laid.mergeable),
    )


@dataclass(slots=True)
class _Laid:
    """What is laid out so far."""

    ids: list[int]
    positions: list[int]
    type_ids: list[int]
    reads: list[int]
    mergeable: list[tuple[int, int]]

    def tokens(self, row: Row, start: int, end: int) -> None:
        self.ids.extend(row.ids[start:end])
        self.positions.extend(range(start, end))
        self.type_ids.extend([0] * (end - start) if row.type_ids is None else row.type_ids[start:end])

    def row(self, row: Row, prefix: int) -> None:
        shift = len(self.ids) - prefix
        self.reads.extend(shift + read for read in row.reads)
        first, last = (0, 0) if row.mergeable is None else row.mergeable
        self.mergeable.append((shift + first, shift + last))
        self.tokens(row, prefix, len(row.ids))


def halves(batch: Sequence[Bundle]) -> list[Sequence[Bundle]]:
    """Return a batch of several rows as two batches."""
    if len(batch) > 1:
        middle = len(batch) // 2
        return [batch[:middle], batch[middle:]]
    bundle = batch[0]
    middle = len(bundle.rows) // 2
    first = Bundle(bundle.prefix, bundle.rows[:middle], bundle.carried, keep=bundle.prefix > 0)
    return [[first], [Bundle(bundle.prefix, bundle.rows[middle:], first.keep, bundle.keep)]]


def seen_rows(rows: Sequence[Row]) -> Sequence[Row]:
    """Return the rows of a causal model without the tokens after the last read, which none can see."""
    return [row if max(row.reads, default=0) + 1 >= len(row.ids) else _until_last_read(row) for row in rows]


def _until_last_read(row: Row) -> Row:
    end = max(row.reads) + 1
    return replace(row, ids=row.ids[:end], type_ids=None if row.type_ids is None else row.type_ids[:end])


def _group(rows: Sequence[Row], bundle: Bundle) -> Group:
    lengths = tuple(len(rows[index].ids) - bundle.prefix for index in bundle.rows)
    return Group(bundle.prefix, lengths, bundle.carried, bundle.keep)


def _shared(rows: Sequence[Row]) -> list[Bundle]:
    """Share prefixes so that the fewest tokens remain."""
    ordered = sorted(range(len(rows)), key=lambda index: list(rows[index].ids))
    heights = [_common(rows[left], rows[right]) for left, right in pairwise(ordered)]
    return [
        Bundle(prefix if prefix >= _WORTH_SHARING else 0, tuple(ordered[first : last + 1]))
        for first, last, prefix in best_partition(heights)
    ]


def _common(left: Row, right: Row) -> int:
    """A prefix ends before the first token that is read or merged: those belong to their own row."""
    limit = min(_own(left), _own(right))
    pairs = zip(left.ids[:limit], right.ids[:limit], strict=True)
    return next((place for place, (one, other) in enumerate(pairs) if one != other), limit)


def _own(row: Row) -> int:
    """Return the first position that cannot be shared."""
    first_merged = len(row.ids) if row.mergeable is None else row.mergeable[0]
    return min(*row.reads, first_merged) if row.reads else 0


def _by_length(rows: Sequence[Row], bundle: Bundle) -> Bundle:
    return Bundle(bundle.prefix, tuple(sorted(bundle.rows, key=lambda index: len(rows[index].ids))))


def _pieces(rows: Sequence[Row], bundle: Bundle, budget: int) -> Iterator[Bundle]:
    """Split a bundle into pieces that fit the budget; the first computes the prefix and keeps it for the others.

    A piece that follows another of its bundle starts a forward, because the two together are over the budget.
    """
    piece: list[int] = []
    used, carried = bundle.prefix, False
    for index in bundle.rows:
        size = len(rows[index].ids) - bundle.prefix
        if piece and used + size > budget:
            yield Bundle(bundle.prefix, tuple(piece), carried, keep=bundle.prefix > 0)
            piece, used, carried = [], 0, bundle.prefix > 0
        piece.append(index)
        used += size
    if piece:
        yield Bundle(bundle.prefix, tuple(piece), carried)
