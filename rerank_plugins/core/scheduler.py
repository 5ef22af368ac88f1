"""One worker thread per engine, through which every caller's rows pass; knows no text and no scores.

A model is not safe to run from many threads at once, so all threads and event loops hand their rows in here and
wait. Work that is cancelled before it starts is dropped.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, ParamSpec, Protocol, TypeVar

from rerank_plugins.errors import ClosedError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import Tensor

    from rerank_plugins.core.family import Row

_P = ParamSpec("_P")
_T = TypeVar("_T")

CLOSED = "This reranker was closed and cannot score any more; load() it again."


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
        return submit(self._worker, self._read, rows)

    def close(self) -> None:
        """Let go of the engine; what runs ends, and what waits gets a ``ClosedError``.

        Waits for nothing, because the garbage collector may call it from any thread. Safe to call again.
        """
        self._engine = None
        self._worker.shutdown(wait=False)

    def _read(self, rows: Sequence[Row]) -> Tensor:
        if self._engine is None:
            raise ClosedError(CLOSED)
        return self._engine.read(rows)


def submit(worker: ThreadPoolExecutor, work: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> Future[_T]:
    """Queue work.

    Raises:
        ClosedError: The worker was shut down.
    """
    try:
        return worker.submit(work, *args, **kwargs)
    except RuntimeError as error:
        raise ClosedError(CLOSED) from error
