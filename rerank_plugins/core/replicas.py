"""Several engines, one per device, behind the face of one; knows no text and no query."""

from __future__ import annotations

from bisect import bisect_left
from concurrent.futures import wait
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

import torch

from rerank_plugins.core.scheduler import Scheduler

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from rerank_plugins.core.engine import Engine
    from rerank_plugins.core.family import Row
    from rerank_plugins.core.scheduler import Reads


def behind_one(engines: Sequence[Engine]) -> Reads:
    """Return what reads with all of these engines."""
    return engines[0] if len(engines) == 1 else Replicas(engines)


class Replicas:
    """Shares the rows of each read among equal engines, each of which runs in a thread of its own.

    Args:
        engines: The same model on several devices; vectors come back on the first one's.
    """

    def __init__(self, engines: Sequence[Engine]) -> None:
        # A scheduler's thread ends with it, so these end with the replicas.
        self._schedulers = [Scheduler(engine, merged_tokens=0) for engine in engines]
        self._first = engines[0].device

    def read(self, rows: Sequence[Row]) -> Tensor:
        """Return vectors ``(reads, hidden)``, row after row in the order given.

        An error of any engine is raised after all have ended.
        """
        parts = shares(rows, len(self._schedulers))
        futures = [scheduler.submit(part) for scheduler, part in zip(self._schedulers, parts, strict=False)]
        wait(futures)
        return torch.cat([future.result().to(self._first) for future in futures])


def shares(rows: Sequence[Row], most: int) -> list[Sequence[Row]]:
    """Cut rows into at most so many parts of about equally many tokens, at least one part and none empty.

    Neighbours stay together, because rows of one query share a prefix that each part computes anew.
    """
    sizes = [len(row.ids) for row in rows]
    middles = [end - size / 2 for end, size in zip(accumulate(sizes), sizes, strict=True)]
    cuts = (bisect_left(middles, sum(sizes) * part / most) for part in range(1, most))
    places = sorted({0, *cuts, len(rows)})
    return [rows[start:end] for start, end in pairwise(places)] or [rows]
