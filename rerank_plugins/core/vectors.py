"""Which vectors of a read belong to which rows; knows no model and no query."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from rerank_plugins.core.family import Row


def split_vectors(vectors: Tensor, groups: Sequence[Sequence[Row]]) -> list[Tensor]:
    """Return the vectors ``(reads, hidden)`` of each group of rows; the groups were read in this order.

    A row has one vector for each of its reads and each layer that is read, or a single mean.
    """
    rows = sum(map(len, groups))
    if len(vectors) == rows:
        return list(vectors.split([len(group) for group in groups]))
    reads = [sum(len(row.reads) for row in group) for group in groups]
    layers = len(vectors) // sum(reads)
    return list(vectors.split([layers * count for count in reads]))
