"""A key goes to the server and nowhere else; texts go into no message."""

from __future__ import annotations

import copy
import logging
import pickle
import traceback

import pytest

from rerank_plugins import ArgumentError, ArgumentTypeError, RemoteError, load
from rerank_plugins.core.remote.endpoint import Key

from .conftest import Ask, Open
from .replay import Answer, Replay

SECRET = "sek-0123456789"  # noqa: S105 - opens nothing


def test_the_key_comes_from_the_environment_when_loaded(
    open_: Open, replay: Replay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEI_API_KEY", SECRET)
    reranker = open_("tei")
    monkeypatch.setenv("TEI_API_KEY", "another")
    replay.always = lambda _: Answer(body=[{"index": 0, "score": 1.0}])
    reranker.score("q", ["a"])
    open_("tei", token="given").score("q", ["a"])
    assert [asked.headers["authorization"] for asked in replay.asked] == [f"Bearer {SECRET}", "Bearer given"]


def test_without_a_key_none_is_sent(open_: Open, replay: Replay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEI_API_KEY", "")
    replay.always = lambda _: Answer(body=[{"index": 0, "score": 1.0}])
    open_("tei").score("q", ["a"])
    assert "authorization" not in replay.asked[0].headers


def test_nothing_shows_the_key(open_: Open) -> None:
    reranker = open_("tei", token=SECRET)
    backend = reranker._backend
    shown = [
        reranker,
        reranker.info,
        backend,
        backend._endpoint,
        backend._senders._threads._wire,
        backend._endpoint.key,
    ]
    assert SECRET not in "".join(map(repr, shown)) + "".join(map(str, shown))


def test_no_error_shows_the_key_or_a_text(open_: Open, replay: Replay, ask: Ask, pauses: list[float]) -> None:
    replay.always = lambda asked: Answer(status=429, body={"error": SECRET, "input": asked.body})
    with pytest.raises(RemoteError) as caught:
        ask(open_("tei", token=SECRET), "a private question", ["a private document"])
    told = "".join(traceback.format_exception(caught.value))
    assert SECRET not in told
    assert "private" not in str(caught.value)


def test_no_log_shows_the_key(
    open_: Open, replay: Replay, ask: Ask, caplog: pytest.LogCaptureFixture, pauses: list[float]
) -> None:
    caplog.set_level(logging.DEBUG)
    replay.then = [Answer(status=503), Answer(body=[{"index": 0, "score": 1.0}])]
    ask(open_("tei", token=SECRET), "q", ["a private document"])
    assert caplog.records
    assert SECRET not in caplog.text
    assert "private" not in caplog.text


def test_a_remote_reranker_is_not_pickled(open_: Open) -> None:
    reranker = open_("tei", token=SECRET)
    for write in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(ArgumentTypeError, match="cannot be pickled"):
            write(reranker)
    with pytest.raises(ArgumentTypeError, match="never written down"):
        pickle.dumps(reranker._backend._endpoint)


@pytest.mark.parametrize("key", ["", "two words", f"{SECRET}\n", "schlüssel", 5])
def test_a_key_that_no_header_can_hold_is_refused_unseen(key: object) -> None:
    with pytest.raises(ArgumentError, match="visible ASCII") as caught:
        Key(key)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        f"http://{SECRET}@host",
        f"http://me:{SECRET}@host",
        f"http://host/?key={SECRET}",
        "http://",
        f"http://host#{SECRET}",
    ],
)
def test_a_url_holds_no_secret(url: str) -> None:
    with pytest.raises(ArgumentError, match="must be a URL") as caught:
        load(url, dialect="tei")
    assert SECRET not in str(caught.value)


def test_a_redirect_does_not_take_the_key_elsewhere(open_: Open, replay: Replay) -> None:
    replay.then = [Answer(status=307, headers={"Location": f"{replay.url}/elsewhere"})]
    with pytest.raises(RemoteError, match="points elsewhere"):
        open_("tei", token=SECRET).score("q", ["a"])
    assert len(replay.asked) == 1
