"""The threads that ask one server, some requests at a time; knows no question and no score's meaning."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

from rerank_plugins.core.remote.driving import drive
from rerank_plugins.core.remote.transport import Threads
from rerank_plugins.core.remote.underway import Underway
from rerank_plugins.core.worker import CLOSED
from rerank_plugins.errors import ClosedError

if TYPE_CHECKING:
    from rerank_plugins.core.health import Health
    from rerank_plugins.core.remote.exchange import Steps
    from rerank_plugins.core.remote.transport import Wire


class Senders:
    """A bounded pool of threads over one connection pool.

    Attributes:
        underway: Counts requests; those of event loops, which need no thread, are to be watched there as well.
    """

    def __init__(self, wire: Wire) -> None:
        self.underway = Underway(wire.most)
        self._threads = Threads(wire)
        self._pool = ThreadPoolExecutor(max_workers=wire.most, thread_name_prefix="rerank-remote")

    def submit(self, steps: Steps) -> Future[list[float]]:
        """Take the steps of an exchange in a thread and return the future of its scores.

        Raises:
            ClosedError: The connections were closed.
        """
        try:
            return self.underway.watch(self._pool.submit(drive, steps, self._threads))
        except RuntimeError as error:
            raise ClosedError(CLOSED) from error

    def health(self) -> Health:
        """Return how it is doing; the server is asked nothing."""
        return self.underway.health()

    def close(self) -> None:
        """Close all connections; calls under way end with a ``ClosedError``."""
        self.underway.open = False
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._threads.close()
