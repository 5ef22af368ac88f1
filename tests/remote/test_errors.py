"""Each thing that can go wrong on the way has its own error, and is tried again only where that can help."""

from __future__ import annotations

import gzip
import json
import socket
from typing import Any

import pytest

from rerank_plugins import (
    ClosedError,
    NonFiniteScoreError,
    RemoteAuthenticationError,
    RemoteError,
    RemoteRequestError,
    RemoteResponseError,
    RemoteTimeoutError,
    RemoteUnavailableError,
    load,
)
from rerank_plugins.core.remote import reading
from rerank_plugins.core.remote.retrying import ATTEMPTS

from .conftest import Ask, Open
from .replay import Answer, Asked, Replay

GOOD = Answer(body=[{"index": 0, "score": 0.0}])
TEXT = "a private document"


@pytest.mark.parametrize(
    ("status", "kind", "fix"),
    [
        (302, RemoteResponseError, "points elsewhere"),
        (400, RemoteRequestError, "server's log"),
        (401, RemoteAuthenticationError, "TEI_API_KEY"),
        (403, RemoteAuthenticationError, "Give token="),
        (404, RemoteRequestError, "Check the URL"),
        (413, RemoteRequestError, "Shorten the document"),
        (422, RemoteRequestError, "Shorten the document"),
        (424, RemoteRequestError, "server's log"),
    ],
)
def test_a_refusal_is_not_repeated(
    status: int, kind: type[RemoteError], fix: str, open_: Open, replay: Replay, ask: Ask, pauses: list[float]
) -> None:
    # Servers echo what they were sent: Infinity's 422 has the documents in it.
    replay.always = lambda asked: Answer(status=status, body={"detail": [{"input": asked.body}]})
    with pytest.raises(kind, match=fix) as caught:
        ask(open_(token="sek"), "q", [TEXT])
    assert caught.value.status == status
    assert len(replay.asked) == 1
    assert pauses == []
    assert TEXT not in str(caught.value)
    assert "sek" not in str(caught.value)


@pytest.mark.parametrize("status", [408, 409, 429, 500, 503])
def test_a_busy_server_is_asked_again(
    status: int, open_: Open, replay: Replay, ask: Ask, pauses: list[float]
) -> None:
    replay.then = [Answer(status=status), Answer(status=status), GOOD]
    assert ask(open_(), "q", ["a"]) == [0.5]
    assert len(replay.asked) == 3
    assert 0.25 <= pauses[0] <= 0.5 <= pauses[1] <= 1.0


@pytest.mark.parametrize("status", [408, 409, 429, 500, 503])
def test_attempts_are_bounded(status: int, open_: Open, replay: Replay, ask: Ask, pauses: list[float]) -> None:
    replay.always = lambda _: Answer(status=status)
    with pytest.raises(RemoteUnavailableError, match=f"answered {status}"):
        ask(open_(), "q", ["a"])
    assert len(replay.asked) == ATTEMPTS


@pytest.mark.parametrize("header", [{"Retry-After": "7"}, {"retry-after-ms": "7000", "Retry-After": "1"}])
def test_the_servers_own_pause_is_kept(
    header: dict[str, str], open_: Open, replay: Replay, ask: Ask, pauses: list[float]
) -> None:
    replay.then = [Answer(status=429, headers=header), GOOD]
    ask(open_(), "q", ["a"])
    assert pauses == [7.0]


def test_a_server_that_wants_no_retry_gets_none(open_: Open, replay: Replay, ask: Ask) -> None:
    replay.always = lambda _: Answer(status=503, headers={"x-should-retry": "false"})
    with pytest.raises(RemoteUnavailableError):
        ask(open_(), "q", ["a"])
    assert len(replay.asked) == 1


def too_many(most: int, status: int) -> Any:
    """Return a server that takes so many documents and scores each with the number it is."""

    def answer(asked: Asked) -> Answer:
        texts = asked.body["texts"]
        if len(texts) > most:
            return Answer(status=status)
        return Answer(body=[{"index": index, "score": float(text)} for index, text in enumerate(texts)])

    return answer


@pytest.mark.parametrize("status", [413, 422])
def test_too_many_documents_are_halved(status: int, open_: Open, replay: Replay, ask: Ask) -> None:
    replay.always = too_many(2, status)
    texts = [str(number) for number in range(7)]
    assert ask(open_(normalize=False), "q", texts) == [float(text) for text in texts]
    assert [len(body["texts"]) for body in replay.bodies] == [7, 3, 1, 2, 4, 2, 2]


def test_halving_ends_at_one_document(open_: Open, replay: Replay, ask: Ask) -> None:
    replay.always = too_many(0, 413)
    with pytest.raises(RemoteRequestError, match="not take even one document"):
        ask(open_(), "q", ["1", "2", "3", "4"])
    assert [len(body["texts"]) for body in replay.bodies] == [4, 2, 1]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"<html>" + TEXT.encode(), "is not JSON"),
        (b"", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b'[{"index": 0, "sco', "is not JSON"),
        ({"results": []}, "no list of results"),
        ([], "has 0 results for 2 documents"),
        ([{"index": 0, "score": 1}], "has 1 results"),
        ([{"index": 0, "score": 1}] * 2, "two results for index 0"),
        ([{"index": 0, "score": 1}, {"index": 2, "score": 1}], "not one of 0 to 1"),
        ([{"index": 0, "score": 1}, {"index": -1, "score": 1}], "not one of 0 to 1"),
        ([{"index": True, "score": 1}, {"index": 0, "score": 1}], "not one of 0 to 1"),
        ([{"index": 0, "score": 1}, {"score": 1}], "not one of 0 to 1"),
        ([{"index": 0, "score": 1}, 5], "not one of 0 to 1"),
        ([{"index": 0, "score": 1}, {"index": 1}], "no number as the score of the document at index 1"),
        ([{"index": 0, "score": None}, {"index": 1, "score": 1}], "no number"),
        ([{"index": 0, "score": "1"}, {"index": 1, "score": 1}], "no number"),
    ],
)
def test_an_answer_that_is_not_one_score_for_each_document(
    body: Any, says: str, open_: Open, replay: Replay, ask: Ask
) -> None:
    replay.then = [Answer(body=body)]
    with pytest.raises(RemoteResponseError, match=says) as caught:
        ask(open_(), "q", [TEXT, "b"])
    assert TEXT not in str(caught.value)


@pytest.mark.parametrize("score", ["NaN", "Infinity", "-Infinity", "1e999", "9" * 400])
def test_a_score_that_is_not_finite(score: str, open_: Open, replay: Replay, ask: Ask) -> None:
    replay.then = [Answer(body=f'[{{"index": 0, "score": {score}}}]'.encode())]
    with pytest.raises(NonFiniteScoreError, match="index 0"):
        ask(open_(), "q", ["a"])


@pytest.mark.parametrize("is_packed", [False, True])
def test_a_huge_answer_is_not_read(
    is_packed: bool, open_: Open, replay: Replay, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOST_BYTES", 1000)
    body = json.dumps([0] * 1000).encode()
    packed = Answer(body=gzip.compress(body), headers={"Content-Encoding": "gzip"})
    replay.then = [packed if is_packed else Answer(body=body)]
    with pytest.raises(RemoteResponseError, match="larger than 1000 bytes"):
        ask(open_(), "q", ["a"])
    assert len(replay.asked) == 1


def test_an_answer_that_breaks_off_is_asked_for_again(
    open_: Open, replay: Replay, ask: Ask, pauses: list[float]
) -> None:
    replay.then = [Answer(body=b"[", cut=True), GOOD]
    assert ask(open_(), "q", ["a"]) == [0.5]
    replay.always = lambda _: Answer(body=b"[", cut=True)
    with pytest.raises(RemoteResponseError, match="broke off"):
        ask(open_(), "q", ["a"])


def test_an_answer_that_cannot_be_unpacked(open_: Open, replay: Replay, ask: Ask) -> None:
    replay.then = [Answer(body=b"no gzip", headers={"Content-Encoding": "gzip"})]
    with pytest.raises(RemoteResponseError, match="cannot be unpacked"):
        ask(open_(), "q", ["a"])


def test_a_slow_server(open_: Open, replay: Replay, ask: Ask, pauses: list[float]) -> None:
    replay.always = lambda _: Answer(body=GOOD.body, delay=0.3)
    with pytest.raises(RemoteTimeoutError, match=r"within 0\.05 s.*timeout="):
        ask(open_(timeout=0.05), "q", ["a"])
    assert len(pauses) == ATTEMPTS - 1


def test_a_trickle_is_late_although_each_byte_is_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    body, now = reading.Body("http://host/rerank", 1.0), reading.time.monotonic()
    body.add(b"[")
    monkeypatch.setattr(reading.time, "monotonic", lambda: now + 2)
    with pytest.raises(RemoteTimeoutError):
        body.add(b"]")


def test_nobody_listens(ask: Ask, pauses: list[float]) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with (
        load(f"http://127.0.0.1:{port}", dialect="tei") as reranker,
        pytest.raises(RemoteUnavailableError, match="cannot be reached"),
    ):
        ask(reranker, "q", ["a"])
    assert len(pauses) == ATTEMPTS - 1


def test_every_kind_is_a_remote_error_and_one_of_pythons_own() -> None:
    assert issubclass(RemoteTimeoutError, TimeoutError)
    assert issubclass(RemoteAuthenticationError, PermissionError)
    assert issubclass(RemoteUnavailableError, ConnectionError)
    assert issubclass(RemoteResponseError, RemoteError)


def test_a_closed_reranker_scores_no_more(open_: Open, ask: Ask) -> None:
    reranker = open_()
    reranker.close()
    reranker.close()
    with pytest.raises(ClosedError):
        ask(reranker, "q", ["a"])
