"""What stands behind a ``Reranker``: the protocol, and the one that writes prompts in this process."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Protocol

from rerank_plugins.core.running import arun, run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rerank_plugins.core.groups import Group, Scored
    from rerank_plugins.core.health import Health
    from rerank_plugins.core.scorer import Scorer

_DESKS = 4
"""Threads for the text of asynchronous calls: one that waits for a device's scores holds up no other."""


class Backend(Protocol):
    """Scores groups; one result per document, in order, on the scale that ``normalize`` names."""

    def run(
        self, groups: Sequence[Group], normalize: bool | None, *, progress: bool = False
    ) -> list[list[Scored]]:
        """Return the results of each group."""
        ...

    async def arun(
        self, groups: Sequence[Group], normalize: bool | None, *, progress: bool = False
    ) -> list[list[Scored]]:
        """Like ``run``; never blocks the event loop."""
        ...

    def health(self) -> Health:
        """Return how it is doing; waits for nothing."""
        ...

    def close(self) -> None:
        """Let go of whatever is held; called once."""
        ...


class ScorerBackend:
    """A scorer, wherever its rows are read, and the threads that work on the text of asynchronous calls."""

    def __init__(self, scorer: Scorer) -> None:
        self.scorer = scorer
        self.desk = ThreadPoolExecutor(max_workers=_DESKS, thread_name_prefix="rerank-text")

    def run(
        self, groups: Sequence[Group], normalize: bool | None, *, progress: bool = False
    ) -> list[list[Scored]]:
        """Return the results of each group."""
        return run(self.scorer, groups, normalize, progress=progress)

    async def arun(
        self, groups: Sequence[Group], normalize: bool | None, *, progress: bool = False
    ) -> list[list[Scored]]:
        """Like ``run``; never blocks the event loop."""
        return await arun(self.scorer, self.desk, groups, normalize, progress=progress)

    def health(self) -> Health:
        """Return how it is doing; waits for nothing."""
        return self.scorer.scheduler.health()

    def close(self) -> None:
        """Let go of the model."""
        self.scorer.close()
        self.desk.shutdown(wait=False)
