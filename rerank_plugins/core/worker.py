"""The thread behind a scheduler: takes the jobs that wait, reads them together, answers each; knows no text.

Its queue takes no lock that Python code holds: the garbage collector may close it in the middle of anything.
"""

from __future__ import annotations

import atexit
import ctypes
import time
import weakref
from collections import deque
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING

from rerank_plugins.core.health import Health
from rerank_plugins.core.vectors import split_vectors
from rerank_plugins.errors import ClosedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from torch import Tensor

    from rerank_plugins.core.family import Row
    from rerank_plugins.core.scheduler import Reads

CLOSED = "This reranker was closed and cannot score any more; load() it again."
FORKED = (
    "This reranker was loaded before this process was forked. Threads, torch's own among them, do not live on in "
    "a forked process, and it would wait for them forever. load() in the new process, and use no model before the "
    'fork; or start processes with multiprocessing.get_context("spawn").'
)
_SECONDS_AT_EXIT = 5.0
"""How long the interpreter's exit waits for reads that have started; a forward ends between two layers."""
_OPEN: weakref.WeakKeyDictionary[Thread, Line] = weakref.WeakKeyDictionary()


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """Rows of one caller, and the future of their vectors."""

    rows: Sequence[Row]
    future: Future[Tensor] = field(default_factory=Future)

    @property
    def tokens(self) -> int:
        """How many tokens are to be read."""
        return sum(len(row.ids) for row in self.rows)


class Line:
    """Jobs in the order they came, until it is closed."""

    def __init__(self) -> None:
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self.closed = False
        self.reading_since: float | None = None
        """When the engine began to read what it reads now; ``None`` = it does not."""
        self.taken = 0
        """How many jobs were taken and wait for the engine."""

    def put(self, job: Job) -> None:
        """Add a job."""
        self._jobs.put(job)
        if self.closed:  # the worker may be gone already, so nobody else would tell the caller
            self.refuse(())

    def take(self, *, wait: bool) -> list[Job]:
        """Return all jobs that are there; ``wait`` for the first one. Nothing means closed, or none there."""
        found: list[Job] = []
        with suppress(Empty):
            while (job := self._jobs.get(block=wait and not found)) is not None:
                found.append(job)
        return found

    def health(self) -> Health:
        """Return how it goes; waits for nothing."""
        since = self.reading_since
        busy = 0.0 if since is None else time.monotonic() - since
        return Health(open=not self.closed, waiting=self._jobs.qsize() + self.taken, busy_seconds=busy)

    def close(self) -> None:
        """Wake the worker to its end; blocks on nothing."""
        self.closed = True
        self._jobs.put(None)

    def refuse(self, jobs: Iterable[Job]) -> None:
        """Answer these and all waiting jobs with a ``ClosedError``."""
        for job in chain(jobs, self._drained()):
            if job.future.set_running_or_notify_cancel():
                job.future.set_exception(ClosedError(CLOSED))
        self._jobs.put(None)  # the worker's wake-up call may have been drained with the jobs

    def _drained(self) -> Iterator[Job]:
        with suppress(Empty):
            while True:
                job = self._jobs.get_nowait()
                if job is not None:
                    yield job


def start_worker(line: Line, engine: Reads, merged_tokens: int) -> None:
    """Start the thread that reads what comes in; it ends, and lets go of the engine, once the line is closed."""
    # The interpreter waits for ordinary threads before it runs any exit handler that could end this one.
    thread = Thread(target=_work, args=(line, engine, merged_tokens), name="rerank-engine", daemon=True)
    _OPEN[thread] = line
    atexit.unregister(_leave)
    atexit.register(_leave)
    thread.start()


def _leave() -> None:
    """End all workers before the interpreter goes; by now nobody waits for what they read.

    A thread that is still inside torch when the interpreter cuts it off takes the process down with it.
    """
    open_now = [(thread, line) for thread, line in _OPEN.items() if thread.is_alive()]
    for thread, line in open_now:
        line.close()
        if line.reading_since is not None:  # others end by themselves, and may be freeing their engine
            _interrupt(thread)
    until = time.monotonic() + _SECONDS_AT_EXIT
    for thread, _ in open_now:
        thread.join(max(until - time.monotonic(), 0.0))


def _interrupt(thread: Thread) -> None:
    """Raise ``SystemExit`` in a thread before its next line of Python."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(SystemExit))


def _work(line: Line, engine: Reads, merged_tokens: int) -> None:
    waiting: deque[Job] = deque()
    while not line.closed:
        waiting.extend(line.take(wait=not waiting))
        _answer(line, engine, _first(line, waiting, merged_tokens))
    line.refuse(waiting)


def _first(line: Line, waiting: deque[Job], merged_tokens: int) -> list[Job]:
    """Take the first jobs that are read together: one at least, and no more tokens than may be merged."""
    jobs: list[Job] = []
    room = merged_tokens
    while waiting and (not jobs or waiting[0].tokens <= room):
        job = waiting.popleft()
        if job.future.set_running_or_notify_cancel():
            jobs.append(job)
            room -= job.tokens
    line.taken = len(waiting)
    return jobs


def _answer(line: Line, engine: Reads, jobs: Sequence[Job]) -> None:
    """Read jobs together; where that fails, one by one, so that only the guilty ones get an error."""
    found = _read(line, engine, [job.rows for job in jobs]) if jobs else []
    if not isinstance(found, BaseException):
        for job, vectors in zip(jobs, found, strict=True):
            job.future.set_result(vectors)
    elif len(jobs) == 1:
        jobs[0].future.set_exception(found)
    else:
        for job in jobs:
            _answer(line, engine, [job])


def _read(line: Line, engine: Reads, groups: Sequence[Sequence[Row]]) -> list[Tensor] | BaseException:
    """Return the vectors of each group, or what went wrong.

    It sees no futures, because the error's traceback would hold them, and they hold the error.
    """
    if line.closed:
        return ClosedError(CLOSED)
    try:
        line.reading_since = time.monotonic()
        return split_vectors(engine.read([row for group in groups for row in group]), groups)
    except BaseException as error:  # noqa: BLE001 - the thread must outlive whatever a caller's rows cause
        return error
    finally:
        line.reading_since = None
