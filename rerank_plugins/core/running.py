"""Runs the documents of a call through a scorer, for threads and event loops; knows no options and no order.

Documents go in windows, which bounds the memory of large calls. While the engine reads one, the next is tokenized.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from rerank_plugins.core.arguments import windows
from rerank_plugins.core.progress import progress_bar
from rerank_plugins.core.worker import CLOSED
from rerank_plugins.errors import ClosedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Future, ThreadPoolExecutor
    from types import TracebackType

    from torch import Tensor
    from typing_extensions import Self

    from rerank_plugins.core.family import Row
    from rerank_plugins.core.groups import Group, Scored
    from rerank_plugins.core.scorer import Scorer

_P = ParamSpec("_P")
_T = TypeVar("_T")

DOCUMENTS_AT_ONCE = 1024
"""Documents of one window. Fewer would share fewer prefixes and fill fewer large forwards."""
DOCUMENTS_PER_STEP = 256
"""The same where a progress bar is shown, which moves after each window."""


def run(
    scorer: Scorer, groups: Sequence[Group], normalize: bool | None, *, progress: bool = False
) -> list[list[Scored]]:
    """Return the results of each group."""
    with _Call(groups, progress=progress) as call:
        for parts in call.windows():
            rows = scorer.rows([group for _, group in parts])
            call.add(_Window(parts, rows, scorer.submit(rows)))
            for window in call.beyond(1):
                call.take(window, scorer.scores(window.rows, window.vectors.result(), normalize))
        for window in call.beyond(0):
            call.take(window, scorer.scores(window.rows, window.vectors.result(), normalize))
        return call.found


async def arun(
    scorer: Scorer,
    desk: ThreadPoolExecutor,
    groups: Sequence[Group],
    normalize: bool | None,
    *,
    progress: bool = False,
) -> list[list[Scored]]:
    """Like ``run``; text and scores are worked on at the desk, so the event loop is never held up.

    Raises:
        ClosedError: The desk was shut down.
    """

    async def scores(window: _Window) -> list[list[Scored]]:
        vectors = await asyncio.wrap_future(window.vectors)
        return await asyncio.wrap_future(_submit(desk, scorer.scores, window.rows, vectors, normalize))

    with _Call(groups, progress=progress) as call:
        for parts in call.windows():
            rows = await asyncio.wrap_future(_submit(desk, scorer.rows, [group for _, group in parts]))
            call.add(_Window(parts, rows, scorer.submit(rows)))
            for window in call.beyond(1):
                call.take(window, await scores(window))
        for window in call.beyond(0):
            call.take(window, await scores(window))
        return call.found


@dataclass(frozen=True, slots=True)
class _Window:
    """Parts of groups, with the index of each group, whose rows are being read."""

    parts: list[tuple[int, Group]]
    rows: list[list[Row]]
    vectors: Future[Tensor]


class _Call:
    """The windows of one call that are being read, oldest first, and the results so far.

    Leaving it cancels what has not been started, however the call ends.
    """

    def __init__(self, groups: Sequence[Group], *, progress: bool) -> None:
        self.found: list[list[Scored]] = [[] for _ in groups]
        self._groups = groups
        self._most = DOCUMENTS_PER_STEP if progress else DOCUMENTS_AT_ONCE
        self._open: deque[_Window] = deque()
        self._bar = progress_bar(groups, shown=progress)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for window in self._open:
            window.vectors.cancel()
        self._bar.close()

    def windows(self) -> Iterator[list[tuple[int, Group]]]:
        return windows(self._groups, self._most)

    def add(self, window: _Window) -> None:
        self._open.append(window)

    def beyond(self, most: int) -> Iterator[_Window]:
        """Yield the oldest window until at most so many are open; it counts as open until it was taken."""
        while len(self._open) > most:
            yield self._open[0]

    def take(self, window: _Window, scores: list[list[Scored]]) -> None:
        """Add the results of the oldest window."""
        self._open.popleft()
        for (index, part), scored in zip(window.parts, scores, strict=True):
            self.found[index].extend(scored)
            self._bar.update(len(part.documents))


def _submit(worker: ThreadPoolExecutor, work: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> Future[_T]:
    try:
        return worker.submit(work, *args, **kwargs)
    except RuntimeError as error:
        raise ClosedError(CLOSED) from error
