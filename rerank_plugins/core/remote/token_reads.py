"""Has rows of token ids read by a server, some requests at a time; knows no prompt and no query."""

from __future__ import annotations

from concurrent.futures import Future
from threading import Lock
from typing import TYPE_CHECKING

import torch

from rerank_plugins.core.remote.exchange import exchange
from rerank_plugins.core.remote.senders import Senders
from rerank_plugins.core.remote.token_bodies import Tokens
from rerank_plugins.core.worker import CLOSED
from rerank_plugins.errors import ClosedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from rerank_plugins.core.family import Row
    from rerank_plugins.core.health import Health
    from rerank_plugins.core.remote.endpoint import Endpoint
    from rerank_plugins.core.remote.served import Served
    from rerank_plugins.core.remote.token_dialects import TokenDialect
    from rerank_plugins.core.remote.transport import Wire


class TokenReads:
    """A server in the place of a ``Scheduler``: it merges what many callers ask by itself."""

    def __init__(self, endpoint: Endpoint, dialect: TokenDialect, served: Served, wire: Wire) -> None:
        self._endpoint = endpoint
        self._dialect = dialect
        self._served = served
        self._senders = Senders(wire)

    def submit(self, rows: Sequence[Row]) -> Future[Tensor]:
        """Send rows and return the future of their numbers ``(rows, 1)``.

        Cancelling it, or one failed request, keeps what was not sent yet from being sent.

        Raises:
            ArgumentError: The server cannot be asked for these rows.
            ClosedError: The connections were closed.
        """
        most = self._dialect.most_rows
        questions = [
            Tokens(self._endpoint, self._dialect, self._served, rows[start : start + most])
            for start in range(0, len(rows), most)
        ]
        return _Whole([self._senders.submit(exchange(self._endpoint, question)) for question in questions]).future

    def health(self) -> Health:
        """Return how it is doing; the server is asked nothing."""
        return self._senders.health()

    def close(self) -> None:
        """Close all connections; calls under way end with a ``ClosedError``."""
        self._senders.close()


class _Whole:
    """The numbers of several requests as one future, which has the first error that occurs."""

    def __init__(self, parts: Sequence[Future[list[float]]]) -> None:
        self.future: Future[Tensor] = Future()
        self._parts = parts
        self._left = len(parts)
        self._answered = False
        self._lock = Lock()
        self.future.add_done_callback(self._stop)
        for part in parts:
            part.add_done_callback(self._one_more)
        if not parts:
            self.future.set_result(torch.empty(0, 1))

    def _one_more(self, part: Future[list[float]]) -> None:
        error = ClosedError(CLOSED) if part.cancelled() else part.exception()
        with self._lock:
            self._left -= 1
            answers = not self._answered and (error is not None or not self._left)
            self._answered = self._answered or answers
        # Whoever cancelled the future knows; it is told to nobody else.
        if answers and self.future.set_running_or_notify_cancel():
            self._answer(error)

    def _answer(self, error: BaseException | None) -> None:
        if error is not None:
            self.future.set_exception(error)
            return
        numbers = [number for part in self._parts for number in part.result()]
        self.future.set_result(torch.tensor(numbers, dtype=torch.float32)[:, None])

    def _stop(self, _: Future[Tensor]) -> None:
        for part in self._parts:
            part.cancel()
