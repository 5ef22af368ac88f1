"""The padded way to lay out rows, for architectures without an attention hook (DeBERTa); knows no model.

Rows are sorted by length, so that little is padded, and the budget counts padding as tokens.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rerank_plugins.core.packing import Bundle

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rerank_plugins.core.family import Row


@dataclass(frozen=True, slots=True)
class Padded:
    """Rows filled up on the right to one length; all lists are ``(rows, length)``."""

    ids: list[list[int]]
    positions: list[list[int]]
    type_ids: list[list[int]]
    mask: list[list[int]]


def padded_batches(rows: Sequence[Row], budget: int) -> list[list[Bundle]]:
    """Return batches of at most ``budget`` tokens, padding included, but of at least one row."""
    batches: list[list[Bundle]] = []
    batch: list[int] = []
    for index in sorted(range(len(rows)), key=lambda index: len(rows[index].ids)):
        if batch and (len(batch) + 1) * len(rows[index].ids) > budget:
            batches.append([Bundle(0, tuple(batch))])
            batch = []
        batch.append(index)
    return [*batches, [Bundle(0, tuple(batch))]] if batch else batches


def pad(rows: Sequence[Row]) -> Padded:
    """Fill rows up with zeros; masked, so their value does not matter."""
    length = max(len(row.ids) for row in rows)
    return Padded(
        ids=[_filled(row.ids, length) for row in rows],
        positions=[_filled(range(len(row.ids)), length) for row in rows],
        type_ids=[_filled([] if row.type_ids is None else row.type_ids, length) for row in rows],
        mask=[_filled([1] * len(row.ids), length) for row in rows],
    )


def _filled(values: Sequence[int], length: int) -> list[int]:
    return [*values, *[0] * (length - len(values))]
