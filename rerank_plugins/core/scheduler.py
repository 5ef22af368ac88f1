"""One worker thread per engine, through which every caller's rows pass; knows no text and no scores.

A model is not safe to run from many threads at once, so all threads and event loops hand their rows in here and
wait. Work that is cancelled before it starts is dropped.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Protocol

from rerank_plugins.errors import ClosedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from rerank_plugins.core.family import Row


class Reads(Protocol):
    """Whatever reads vectors for rows: an ``Engine``, or a fake in a test."""

    def read(self, rows: Sequence[Row]) -> Tensor:
        """Return vectors ``(reads, hidden)``, row after row."""
        ...


class Scheduler:
    """Runs an engine's reads one after the other, in the order they came."""

    def __init__(self, engine: Reads) -> None:
        self._engine: Reads | None = engine
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="rerank-engine")

    def submit(self, rows: Sequence[Row]) -> Future[Tensor]:
        """Queue rows and return their vectors' future.

        Raises:
            ClosedError: The scheduler was closed.
        """
        try:
            return self._worker.submit(self._read, rows)
        except RuntimeError as error:
            raise ClosedError("This reranker was closed; load() a new one.") from error

    def close(self) -> None:
        """Let running work end, drop what waits, and let go of the engine; safe to call again."""
        self._worker.shutdown(wait=True, cancel_futures=True)
        self._engine = None

    def _read(self, rows: Sequence[Row]) -> Tensor:
        if self._engine is None:
            raise ClosedError("This reranker was closed; load() a new one.")
        return self._engine.read(rows)
