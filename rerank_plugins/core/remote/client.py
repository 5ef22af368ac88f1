"""The backend over a server: splits groups into requests, runs some at a time, puts scores in order.

Knows no dialect's fields, no retry rule and no socket.
"""

from __future__ import annotations

import asyncio
import math
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from time import sleep
from typing import TYPE_CHECKING

from rerank_plugins.core.groups import Group, Scored
from rerank_plugins.core.progress import progress_bar
from rerank_plugins.core.remote.exchange import Pause, exchange
from rerank_plugins.core.remote.transport import Loops, Threads
from rerank_plugins.core.worker import CLOSED
from rerank_plugins.errors import ArgumentError, ClosedError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rerank_plugins.core.remote.endpoint import Endpoint
    from rerank_plugins.core.remote.retrying import Failure, Reply
    from rerank_plugins.core.remote.transport import Wire


class RemoteBackend:
    """Scores groups on a server; a request never holds documents of two queries."""

    def __init__(self, endpoint: Endpoint, wire: Wire) -> None:
        self._endpoint = endpoint
        self._threads = Threads(wire)
        self._loops = Loops(wire)
        self._pool = ThreadPoolExecutor(max_workers=wire.most, thread_name_prefix="rerank-remote")

    def run(
        self, groups: Sequence[Group], normalize: bool | None, *, progress: bool = False
    ) -> list[list[Scored]]:
        """Return the results of each group."""
        scale = scale_of(self._endpoint, normalize)
        parts = _parts(groups, self._endpoint.dialect.most_documents)
        found: list[list[Scored]] = [[] for _ in groups]
        futures = [self._submit(part) for _, part in parts]
        try:
            with progress_bar(groups, shown=progress) as bar:
                for (index, part), future in zip(parts, futures, strict=True):
                    found[index].extend(_scored(future.result(), scale))
                    bar.update(len(part.documents))
        except CancelledError:
            raise ClosedError(CLOSED) from None
        finally:
            for future in futures:
                future.cancel()
        return found

    async def arun(
        self, groups: Sequence[Group], normalize: bool | None, *, progress: bool = False
    ) -> list[list[Scored]]:
        """Like ``run``; never blocks the event loop, and a call that is cancelled stops its requests."""
        scale = scale_of(self._endpoint, normalize)
        parts = _parts(groups, self._endpoint.dialect.most_documents)
        found: list[list[Scored]] = [[] for _ in groups]
        tasks = [asyncio.create_task(self._adrive(part)) for _, part in parts]
        try:
            with progress_bar(groups, shown=progress) as bar:
                for (index, part), task in zip(parts, tasks, strict=True):
                    found[index].extend(_scored(await task, scale))
                    bar.update(len(part.documents))
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return found

    def close(self) -> None:
        """Close all connections; calls under way end with a ``ClosedError``."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._threads.close()
        self._loops.close()

    def _submit(self, group: Group) -> Future[list[float]]:
        try:
            return self._pool.submit(self._drive, group)
        except RuntimeError as error:
            raise ClosedError(CLOSED) from error

    def _drive(self, group: Group) -> list[float]:
        steps = exchange(self._endpoint, group)
        outcome: Reply | Failure | None = None
        try:
            while True:
                step = steps.send(outcome)
                if isinstance(step, Pause):
                    outcome = None
                    sleep(step.seconds)
                else:
                    outcome = self._threads.post(step)
        except StopIteration as end:
            return list(end.value)

    async def _adrive(self, group: Group) -> list[float]:
        steps = exchange(self._endpoint, group)
        outcome: Reply | Failure | None = None
        lane = await self._loops.lane()
        try:
            while True:
                step = steps.send(outcome)
                if isinstance(step, Pause):
                    outcome = None
                    await asyncio.sleep(step.seconds)
                else:
                    outcome = await lane.post(step)
        except StopIteration as end:
            return list(end.value)


def scale_of(endpoint: Endpoint, normalize: bool | None) -> Callable[[float], float]:
    """Return what turns the server's numbers into scores; 0..1 unless ``normalize`` is ``False``.

    Raises:
        ArgumentError: Raw scores are asked of a server that has none.
    """
    if not endpoint.dialect.gives_logits and normalize is False:
        raise ArgumentError(
            f"normalize=False asks for logits, and {endpoint.dialect.name} gives scores from 0 to 1 only. "
            "Leave it out, or serve the model with vllm, tei or infinity."
        )
    return sigmoid if endpoint.dialect.gives_logits and normalize is not False else float


def sigmoid(logit: float) -> float:
    """Return ``1 / (1 + exp(-logit))``, without overflow on either side."""
    if logit >= 0:
        return 1 / (1 + math.exp(-logit))
    return math.exp(logit) / (1 + math.exp(logit))


def _parts(groups: Sequence[Group], most: int) -> list[tuple[int, Group]]:
    """Return ``(index of the group, part of it)`` for each request."""
    return [
        (index, Group(group.query, group.documents[start : start + most], group.instruction))
        for index, group in enumerate(groups)
        for start in range(0, len(group.documents), most)
    ]


def _scored(values: Sequence[float], scale: Callable[[float], float]) -> list[Scored]:
    # What a server cut is not told, so nothing is claimed to be truncated.
    return [Scored((scale(value),), truncated=False) for value in values]
