"""Reads equal rows once, and keeps vectors of rows seen before if asked to; knows no query and no family.

A kept vector is the one that was computed first: in bfloat16 other company in a batch moves the last bits.
"""

from __future__ import annotations

from array import array
from collections import OrderedDict
from hashlib import blake2b
from typing import TYPE_CHECKING

import torch

from rerank_plugins.core.vectors import split_vectors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from rerank_plugins.core.family import Row
    from rerank_plugins.core.scheduler import Reads


class CachedReads:
    """A cache in front of an engine; used by one thread at a time, as the engine itself.

    Memory is at most ``size`` times the vectors of one row (``hidden`` float32 numbers per read).

    Args:
        engine: What reads the rows that are not known.
        size: How many rows to keep between calls; 0 only joins equal rows of one call.
    """

    def __init__(self, engine: Reads, *, size: int) -> None:
        self._engine = engine
        self._size = size
        self._kept: OrderedDict[bytes, Tensor] = OrderedDict()

    def read(self, rows: Sequence[Row]) -> Tensor:
        """Return vectors ``(reads, hidden)``, row after row in the order given."""
        keys = [_key(row) for row in rows]
        unknown = {key: row for key, row in zip(keys, rows, strict=True) if key not in self._kept}
        if not rows or (len(unknown) == len(rows) and not self._size):
            return self._engine.read(rows)
        found = {key: self._kept[key] for key in keys if key in self._kept}
        found |= self._computed(unknown)
        self._keep(found)
        return torch.cat([found[key] for key in keys])

    def _computed(self, unknown: dict[bytes, Row]) -> dict[bytes, Tensor]:
        if not unknown:
            return {}
        vectors = self._engine.read(list(unknown.values()))
        parts = split_vectors(vectors, [[row] for row in unknown.values()])
        return dict(zip(unknown, parts, strict=True))

    def _keep(self, found: dict[bytes, Tensor]) -> None:
        for key, vectors in found.items():
            if self._size and key not in self._kept:
                self._kept[key] = vectors.clone()  # a part of a larger tensor would keep all of it
            if self._size:
                self._kept.move_to_end(key)
        while len(self._kept) > self._size:
            self._kept.popitem(last=False)


def _key(row: Row) -> bytes:
    """Return a digest of everything that the vectors of a row depend on."""
    digest = blake2b(array("q", row.ids).tobytes(), digest_size=16)
    digest.update(repr((row.reads, row.mergeable, row.type_ids)).encode())
    return digest.digest()
