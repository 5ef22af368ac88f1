"""Merges what many callers ask of one engine into few large reads; knows no text and no scores.

A model is not safe to run from many threads at once, so all threads and event loops hand their rows in here and
wait. One worker thread reads what has come meanwhile as one batch, first come first served.
"""

from __future__ import annotations

import weakref
from threading import Lock
from typing import TYPE_CHECKING, Protocol

from rerank_plugins.core.worker import CLOSED, Job, Line, start_worker
from rerank_plugins.errors import ClosedError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future

    from torch import Tensor

    from rerank_plugins.core.family import Row
    from rerank_plugins.core.health import Health

MERGED_FORWARDS = 4
"""How many full forwards one read of several callers may take: more fills none better and lets all wait longer."""


class Reads(Protocol):
    """Whatever reads vectors for rows: an ``Engine``, several of them, or a fake in a test."""

    def read(self, rows: Sequence[Row]) -> Tensor:
        """Return vectors ``(reads, hidden)``, row after row."""
        ...


class Submits(Protocol):
    """Whatever takes rows and gives their vectors later: a ``Scheduler``, or a server."""

    def submit(self, rows: Sequence[Row]) -> Future[Tensor]:
        """Return the future of the vectors ``(reads, hidden)``, row after row."""
        ...

    def health(self) -> Health:
        """Return how it is doing; waits for nothing."""
        ...

    def close(self) -> None:
        """Let go of whatever reads; what waits gets a ``ClosedError``."""
        ...


class Scheduler:
    """Reads for many callers at once, in the order they came.

    Args:
        engine: What reads; only ever used by one thread at a time.
        merged_tokens: Most tokens of a read that serves several callers.
    """

    def __init__(self, engine: Reads, *, merged_tokens: int) -> None:
        self._engine: Reads | None = engine
        self._merged_tokens = merged_tokens
        self._line = Line()
        self._starting = Lock()
        self._started = False
        # A scheduler that nobody holds any more ends its thread. At exit the worker sees to that itself.
        weakref.finalize(self, self._line.close).atexit = False

    def submit(self, rows: Sequence[Row]) -> Future[Tensor]:
        """Queue rows and return their vectors' future; a future that is cancelled in time is never read.

        An error that a caller's rows cause reaches this caller only.

        Raises:
            ClosedError: The scheduler was closed.
        """
        engine = self._engine
        if engine is None:
            raise ClosedError(CLOSED)
        with self._starting:
            if not self._started:  # a model that is only loaded needs no thread
                start_worker(self._line, engine, self._merged_tokens)
                self._started = True
        job = Job(rows)
        self._line.put(job)
        return job.future

    def health(self) -> Health:
        """Return how it is doing; waits for nothing."""
        return self._line.health()

    def close(self) -> None:
        """Let go of the engine; what is read now ends, and what waits gets a ``ClosedError``.

        Waits for nothing, because the garbage collector may call it from any thread. Safe to call again.
        """
        self._engine = None
        self._line.close()
