"""The bytes of an answer, and what it means when they do not come; opens no connection."""

from __future__ import annotations

import time

import httpx

from rerank_plugins.core.remote.retrying import Failure
from rerank_plugins.core.worker import CLOSED
from rerank_plugins.errors import (
    ClosedError,
    RemoteResponseError,
    RemoteTimeoutError,
    RemoteUnavailableError,
)

MOST_BYTES = 64 * 2**20
"""Largest answer that is read; scores need some 50 bytes a document."""


class Body:
    """The bytes of an answer so far; raises when there are too many or they come too slowly."""

    def __init__(self, url: str, timeout: float) -> None:
        self._url = url
        self._timeout = timeout
        self._until = time.monotonic() + timeout
        self._parts: list[bytes] = []
        self._size = 0

    def add(self, part: bytes) -> None:
        """Add the next bytes.

        Raises:
            RemoteResponseError: There are too many.
            RemoteTimeoutError: They come too slowly.
        """
        self._size += len(part)
        if self._size > MOST_BYTES:
            raise RemoteResponseError(
                f"The answer of {self._url} is larger than {MOST_BYTES} bytes, which no list of scores is. "
                "Check that dialect= is what the server speaks and that model= is its URL."
            )
        # httpx counts anew with each piece, so a trickle would never end.
        if time.monotonic() > self._until:
            raise _late(self._url, self._timeout)
        self._parts.append(part)

    def whole(self) -> bytes:
        """Return all bytes."""
        return b"".join(self._parts)


def _late(url: str, timeout: float) -> RemoteTimeoutError:
    return RemoteTimeoutError(f"{url} gave no whole answer within {timeout} s. Raise timeout=, or see its load.")


def failure(error: Exception, url: str, timeout: float) -> Failure:
    """Return what an exception of httpx means; anything else is raised again."""
    if isinstance(error, RemoteTimeoutError):
        return Failure(error, retry=True)
    if isinstance(error, httpx.TimeoutException):
        return Failure(_late(url, timeout), retry=True)
    if isinstance(error, httpx.RemoteProtocolError):
        return Failure(RemoteResponseError(f"{url} broke off its answer; see the server's log."), retry=True)
    if isinstance(error, httpx.DecodingError):
        return Failure(RemoteResponseError(f"{url} sent an answer that cannot be unpacked."), retry=False)
    if isinstance(error, httpx.TransportError):
        kind = type(error).__name__
        return Failure(
            RemoteUnavailableError(f"{url} cannot be reached ({kind}). Check that it runs there."),
            retry=True,
        )
    if type(error) is RuntimeError and "client has been closed" in str(
        error
    ):  # the pool was closed under this request
        raise ClosedError(CLOSED) from None
    raise error
