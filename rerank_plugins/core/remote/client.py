"""The backend over a server: splits groups into requests, runs some at a time, puts scores in order.

Knows no dialect's fields, no retry rule and no socket.
"""

from __future__ import annotations

import asyncio
import math
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING

from rerank_plugins.core.groups import Group, Scored
from rerank_plugins.core.progress import progress_bar
from rerank_plugins.core.remote.bodies import Texts
from rerank_plugins.core.remote.driving import adrive
from rerank_plugins.core.remote.exchange import exchange
from rerank_plugins.core.remote.senders import Senders
from rerank_plugins.core.remote.transport import Loops
from rerank_plugins.core.worker import CLOSED
from rerank_plugins.errors import ArgumentError, ClosedError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rerank_plugins.core.health import Health
    from rerank_plugins.core.remote.dialect import Dialect
    from rerank_plugins.core.remote.endpoint import Endpoint
    from rerank_plugins.core.remote.exchange import Steps
    from rerank_plugins.core.remote.transport import Wire


class RemoteBackend:
    """Scores groups on a server; a request never holds documents of two queries."""

    def __init__(self, endpoint: Endpoint, dialect: Dialect, wire: Wire) -> None:
        self._endpoint = endpoint
        self._dialect = dialect
        self._senders = Senders(wire)
        self._loops = Loops(wire)

    def run(
        self, groups: Sequence[Group], normalize: bool | None, *, progress: bool = False
    ) -> list[list[Scored]]:
        """Return the results of each group."""
        scale = scale_of(self._dialect, normalize)
        parts = _parts(groups, self._dialect.most_documents)
        found: list[list[Scored]] = [[] for _ in groups]
        futures = [self._senders.submit(self._steps(part)) for _, part in parts]
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
        scale = scale_of(self._dialect, normalize)
        parts = _parts(groups, self._dialect.most_documents)
        found: list[list[Scored]] = [[] for _ in groups]
        watch = self._senders.underway.watch
        tasks = [watch(asyncio.create_task(adrive(self._steps(part), self._loops))) for _, part in parts]
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

    def health(self) -> Health:
        """Return how it is doing; the server is asked nothing."""
        return self._senders.health()

    def close(self) -> None:
        """Close all connections; calls under way end with a ``ClosedError``."""
        self._senders.close()
        self._loops.close()

    def _steps(self, group: Group) -> Steps:
        return exchange(self._endpoint, Texts(self._endpoint, self._dialect.route_for(group.instruction), group))


def scale_of(dialect: Dialect, normalize: bool | None) -> Callable[[float], float]:
    """Return what turns the server's numbers into scores; 0..1 unless ``normalize`` is ``False``.

    Raises:
        ArgumentError: Raw scores are asked of a server that has none.
    """
    if not dialect.gives_logits and normalize is False:
        raise ArgumentError(
            f"normalize=False asks for logits, and {dialect.name} gives scores from 0 to 1 only. "
            "Leave it out, or serve the model with vllm, tei or infinity."
        )
    return sigmoid if dialect.gives_logits and normalize is not False else float


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
