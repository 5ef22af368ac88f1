"""How many requests are under way and since when none came back; sends nothing."""

from __future__ import annotations

import time
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

from rerank_plugins.core.health import Health

if TYPE_CHECKING:
    import asyncio
    from concurrent.futures import Future

    _T = TypeVar("_T", Future[list[float]], asyncio.Task[list[float]])


class Underway:
    """A counter of requests, for ``health()``.

    Args:
        most: How many may be sent at a time; those beyond it wait.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = Lock()
        self._count = 0
        self._since = 0.0
        self.open = True

    def watch(self, request: _T) -> _T:
        """Count a request until it is done, and return it."""
        with self._lock:
            if not self._count:
                self._since = time.monotonic()
            self._count += 1
        request.add_done_callback(self._ended)
        return request

    def _ended(self, _: object) -> None:
        with self._lock:
            self._count -= 1
            self._since = time.monotonic()

    def health(self) -> Health:
        """Return how it goes; the server itself is asked nothing."""
        with self._lock:
            busy = time.monotonic() - self._since if self._count else 0.0
            return Health(open=self.open, waiting=max(0, self._count - self._most), busy_seconds=busy)
