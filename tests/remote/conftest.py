"""Fixtures: the replay server, rerankers over it that are closed afterwards, and retries that do not wait."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from rerank_plugins import RemoteReranker, load
from rerank_plugins.core.remote import exchange
from rerank_plugins.core.remote.dialects import DIALECTS
from rerank_plugins.core.remote.retrying import Failure, Reply, pause

from .replay import Handler, Replay, Server

Ask = Callable[..., list[float]]
Open = Callable[..., RemoteReranker]


@pytest.fixture(autouse=True)
def _no_keys_and_no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for dialect in DIALECTS:
        monkeypatch.delenv(dialect.key_variable, raising=False)
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def replay() -> Iterator[Replay]:
    server = Server(("127.0.0.1", 0), Handler)
    made = Replay(server.server_address[1])
    server.RequestHandlerClass = type("OfThisTest", (Handler,), {"replay": made})
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield made
    server.shutdown()
    server.server_close()


@pytest.fixture
def open_(replay: Replay) -> Iterator[Open]:
    """Return ``load`` for the replay server; ``tei`` unless told otherwise."""
    made: list[RemoteReranker] = []

    def opened(dialect: str = "tei", **options: Any) -> RemoteReranker:
        made.append(load(replay.url, dialect=dialect, **options))
        return made[-1]

    yield opened
    for reranker in made:
        reranker.close()


@pytest.fixture(params=["sync", "async"])
def ask(request: pytest.FixtureRequest) -> Ask:
    """Return ``score`` of a reranker, called from a thread or from an event loop of its own."""
    if request.param == "sync":
        return lambda reranker, *args, **options: reranker.score(*args, **options)
    return lambda reranker, *args, **options: asyncio.run(reranker.ascore(*args, **options))


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the seconds that retries would have waited; they do not."""
    found: list[float] = []

    def recorded(outcome: Reply | Failure, attempt: int) -> float | None:
        seconds = pause(outcome, attempt)
        if seconds is not None:
            found.append(seconds)
        return None if seconds is None else 0.0

    monkeypatch.setattr(exchange, "pause", recorded)
    return found
