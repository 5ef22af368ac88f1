"""Posts bytes over httpx, from threads and from event loops; knows no dialect, retry or score."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx

from rerank_plugins.core.remote.reading import Body, failure
from rerank_plugins.core.remote.retrying import Reply

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncGenerator, Mapping

    from rerank_plugins.core.remote.exchange import Send
    from rerank_plugins.core.remote.retrying import Failure


@dataclass(frozen=True, kw_only=True, slots=True)
class Wire:
    """What every connection is made with.

    Attributes:
        headers: Sent with every request; the key is among them, so they are not shown.
        timeout: Seconds for one request.
        most: Most requests at a time.
    """

    headers: Mapping[str, str]
    timeout: float
    most: int
    ssl: ssl.SSLContext

    def __repr__(self) -> str:
        return f"Wire(timeout={self.timeout}, most={self.most})"


class Threads:
    """One connection pool for all threads."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._client = httpx.Client(
            headers=wire.headers, timeout=wire.timeout, verify=wire.ssl, limits=_limits(wire)
        )

    def post(self, send: Send) -> Reply | Failure:
        """Return the answer.

        Raises:
            RemoteResponseError: It is too large.
            ClosedError: The pool was closed.
        """
        body = Body(send.url, self._wire.timeout)
        try:
            with self._client.stream("POST", send.url, content=send.body) as response:
                for part in response.iter_bytes():
                    body.add(part)
                return Reply(response.status_code, response.headers, body.whole())
        except Exception as error:  # noqa: BLE001 - sorted, and raised again unless it is known
            return failure(error, send.url, self._wire.timeout)

    def close(self) -> None:
        """Close all connections."""
        self._client.close()


class Loops:
    """One connection pool for each event loop, closed with its loop or by ``close``."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._open: dict[asyncio.AbstractEventLoop, tuple[AsyncGenerator[_Lane, None], _Lane]] = {}
        self._closing: set[asyncio.Task[None]] = set()

    async def lane(self) -> _Lane:
        """Return the pool of the loop that runs now."""
        loop = asyncio.get_running_loop()
        if loop not in self._open:
            for old in [old for old in self._open if old.is_closed()]:
                del self._open[old]
            # A generator, because a loop that shuts down closes those it has seen: no socket outlives its loop.
            keeper = self._keep(loop)
            lane = await anext(keeper)
            self._open[loop] = (keeper, lane)
        return self._open[loop][1]

    def close(self) -> None:
        """Close the pools of all loops, each in its own loop."""
        for loop, (keeper, _) in list(self._open.items()):
            with suppress(RuntimeError):  # closed, and with it everything that was open in it
                loop.call_soon_threadsafe(self._end, loop, keeper)

    def _end(self, loop: asyncio.AbstractEventLoop, keeper: AsyncGenerator[_Lane, None]) -> None:
        task = loop.create_task(_close(keeper))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _keep(self, loop: asyncio.AbstractEventLoop) -> AsyncGenerator[_Lane, None]:
        lane = _Lane(self._wire)
        try:
            yield lane
        finally:
            self._open.pop(loop, None)
            await lane.close()


class _Lane:
    """The connections of one event loop."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._room = asyncio.Semaphore(wire.most)
        self._client = httpx.AsyncClient(
            headers=wire.headers, timeout=wire.timeout, verify=wire.ssl, limits=_limits(wire)
        )

    async def post(self, send: Send) -> Reply | Failure:
        """Do what ``Threads.post`` does; waits where too many requests are under way."""
        async with self._room:
            body = Body(send.url, self._wire.timeout)
            try:
                async with self._client.stream("POST", send.url, content=send.body) as response:
                    async for part in response.aiter_bytes():
                        body.add(part)
                    return Reply(response.status_code, response.headers, body.whole())
            except Exception as error:  # noqa: BLE001 - as above
                return failure(error, send.url, self._wire.timeout)

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()


async def _close(keeper: AsyncGenerator[_Lane, None]) -> None:
    await keeper.aclose()


def _limits(wire: Wire) -> httpx.Limits:
    return httpx.Limits(max_connections=wire.most, max_keepalive_connections=wire.most)
