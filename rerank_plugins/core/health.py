"""What a probe may ask at any time; values only."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Health:
    """How a reranker is doing, told without waiting for it.

    Attributes:
        open: Whether it takes calls: it was not closed, and what works for it is alive.
        waiting: How many pieces of work wait behind what is being done.
        busy_seconds: For how long the piece that is being done now is under way; 0 where nothing is. A value that
            only grows means that the device or the server is stuck.
    """

    open: bool
    waiting: int
    busy_seconds: float
