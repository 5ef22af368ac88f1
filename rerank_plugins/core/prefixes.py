"""The cheapest way to share prefixes among neighbours in a sorted list; knows only numbers.

``heights[i]`` is how many leading items neighbours ``i`` and ``i + 1`` have in common. A part that covers
``n`` members and shares ``p`` items saves ``p * (n - 1)`` items.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Part = tuple[int, int, int]
    """``(first member, last member, shared prefix)``"""


def best_partition(heights: Sequence[int]) -> list[Part]:
    """Return the parts, in order, that together save the most; one part for a single member.

    Dynamic programming over the last member: the best way to share among members ``0..end`` is the best way up
    to some ``start``, followed by one part from ``start`` to ``end``.
    """
    members = len(heights) + 1
    saved = np.zeros(members + 1, dtype=np.int64)
    starts = np.zeros(members, dtype=np.int64)
    prefixes = np.zeros(members, dtype=np.int64)
    lowest = np.zeros(1, dtype=np.int64)  # what a part from each start to the current end would share
    for end in range(members):
        if end:
            lowest = np.append(np.minimum(lowest, heights[end - 1]), 0)
            lowest[end - 1] = heights[end - 1]
        together = saved[: end + 1] + lowest * np.arange(end, -1, -1)
        starts[end] = together.argmax()
        prefixes[end] = lowest[starts[end]]
        saved[end + 1] = together[starts[end]]
    return _parts(starts, prefixes)


def _parts(starts: NDArray[np.int64], prefixes: NDArray[np.int64]) -> list[Part]:
    """Walk back from the last member to the first."""
    parts: list[Part] = []
    end = len(starts) - 1
    while end >= 0:
        parts.append((int(starts[end]), end, int(prefixes[end])))
        end = int(starts[end]) - 1
    return parts[::-1]
