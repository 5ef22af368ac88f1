"""The cheapest way to share prefixes among neighbours in a sorted list; knows only numbers.

``heights[i]`` is how many leading items neighbours ``i`` and ``i + 1`` have in common. A part that covers
``n`` members and shares ``p`` items saves ``p * (n - 1)`` items.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    Part = tuple[int, int, int]
    """``(first member, last member, shared prefix)``"""


@dataclass(slots=True)
class _Interval:
    """Neighbouring members that have at least ``height`` items in common, and the best parts within."""

    height: int
    start: int
    parts: list[Part]
    saved: int

    def adopt(self, child: _Interval) -> None:
        self.parts = self.parts + child.parts
        self.saved += child.saved

    def settle(self, end: int) -> None:
        """Make one part of the whole interval where that saves more than its inner parts."""
        whole = self.height * (end - self.start)
        if whole >= self.saved:
            self.parts, self.saved = [(self.start, end, self.height)], whole


def best_partition(heights: Sequence[int]) -> list[Part]:
    """Return the parts, in order, that together save the most; one for a single member.

    Intervals of common prefixes nest, so one pass with a stack settles each of them once.
    """
    open_intervals: list[_Interval] = []
    for member, height in enumerate([*heights, -1]):
        child = _Interval(height, member, [(member, member, 0)], 0)
        while open_intervals and open_intervals[-1].height > height:
            outer = open_intervals.pop()
            outer.adopt(child)
            outer.settle(member)
            child = outer
        if open_intervals and open_intervals[-1].height == height:
            open_intervals[-1].adopt(child)
        else:
            open_intervals.append(_Interval(height, child.start, child.parts, child.saved))
    return open_intervals[0].parts
