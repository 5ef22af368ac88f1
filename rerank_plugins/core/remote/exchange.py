"""One question's attempts and pauses, step by step, and its scores in the end; knows neither sockets nor asyncio.

It is a generator, so that threads and event loops go through the very same steps: whoever drives it does what it
yields and sends back what came of it.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

from rerank_plugins.core.remote.retrying import Failure, Reply, pause
from rerank_plugins.errors import (
    RemoteAuthenticationError,
    RemoteError,
    RemoteRequestError,
    RemoteResponseError,
    RemoteUnavailableError,
)

if TYPE_CHECKING:
    from rerank_plugins.core.remote.endpoint import Endpoint

_TOO_MUCH = frozenset({413, 422})
"""Statuses of too large a request. TEI changed from 413 to 422 in 1.9."""


@dataclass(frozen=True, slots=True)
class Send:
    """Post this, and send back the ``Reply`` or ``Failure``."""

    url: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait, and send back nothing."""

    seconds: float


Steps: TypeAlias = Generator["Send | Pause", "Reply | Failure | None", list[float]]


class Question(Protocol):
    """What one request asks for."""

    @property
    def url(self) -> str:
        """Where to ask."""
        ...

    def body(self) -> bytes:
        """Return the JSON that asks."""
        ...

    def scores(self, body: bytes) -> list[float]:
        """Return one score for each thing asked, in order, from the answer's JSON."""
        ...

    def halves(self) -> tuple[Question, Question] | None:
        """Return two questions for half of it each; ``None`` = it cannot be halved."""
        ...


def exchange(endpoint: Endpoint, question: Question) -> Steps:
    """Return the scores that a question asks for; too large a request is halved for as long as it can be.

    Raises:
        RemoteError: The server did not give them.
        NonFiniteScoreError: A score is NaN or infinite.
    """
    reply = yield from _answer(Send(question.url, question.body()))
    if reply.status in _TOO_MUCH and (halves := question.halves()) is not None:
        first = yield from exchange(endpoint, halves[0])
        return first + (yield from exchange(endpoint, halves[1]))
    if not 200 <= reply.status < 300:
        raise _refusal(endpoint, question.url, reply.status)
    return question.scores(reply.body)


def _answer(send: Send) -> Generator[Send | Pause, Reply | Failure | None, Reply]:
    """Return the answer to one request, after as many attempts as it is worth."""
    attempt = 0
    while True:
        outcome = yield send
        if outcome is None:
            raise TypeError("a Send step must be answered with a Reply or a Failure")
        seconds = pause(outcome, attempt)
        if seconds is None:
            break
        yield Pause(seconds)
        attempt += 1
    if isinstance(outcome, Failure):
        raise outcome.error
    return outcome


def _refusal(endpoint: Endpoint, where: str, status: int) -> RemoteError:
    """Return the error of a status; never with the server's own words, which may be the documents."""
    start = f"{where} answered {status}"
    if status in {401, 403}:
        known = "the key that was given" if endpoint.key is not None else "a request without a key"
        return RemoteAuthenticationError(
            f"{start}: it does not accept {known}. Give token=, or set {endpoint.key_variable}.",
            status=status,
        )
    if status in _TOO_MUCH:
        return RemoteRequestError(f"{start}: {_ONE_TOO_LONG}", status=status)
    if status < 400:
        return RemoteResponseError(f"{start}: it points elsewhere; give that URL as model=.", status=status)
    if status in {408, 409, 429} or status >= 500:
        return RemoteUnavailableError(f"{start} {_BUSY}", status=status)
    return RemoteRequestError(f"{start}: {_WHY.get(status, _BAD)}", status=status)


_ONE_TOO_LONG = (
    "it does not take even one document, so the text is too long or the request not as it expects. "
    "Shorten the document, or check dialect=."
)
_BUSY = (
    "and asking again did not help, was not wanted, or would have meant too long a wait. "
    "Ask less at a time with max_concurrency=, or see the server's log."
)
_BAD = "it does not take this request. See the server's log; a common reason is a text that is too long."
_WHY = {404: "there is no such path or model. Check the URL, dialect= and model_name=."}
