"""The handshake finds servers that answer 200 and are wrong."""

from __future__ import annotations

import asyncio

import pytest

from rerank_plugins import ArgumentError, HandshakeError, RemoteAuthenticationError

from .conftest import Open
from .replay import Answer, Replay

CANARIES = [("secret query", "a", 0.5), ("secret query", "b", 0.25)]


def tei(*logits: float) -> Answer:
    return Answer(body=[{"index": index, "score": logit} for index, logit in enumerate(logits)])


def test_known_scores_are_met(open_: Open, replay: Replay) -> None:
    replay.then = [tei(0.501, 0.249)]
    open_("tei", normalize=False).handshake(CANARIES)


def test_another_score_is_named_by_its_place(open_: Open, replay: Replay) -> None:
    replay.then = [tei(0.5, 0.28)]
    with pytest.raises(
        HandshakeError, match=r"0\.28 for the canary at index 1, expected 0\.25.*template"
    ) as caught:
        open_("tei", normalize=False).handshake(CANARIES)
    assert "secret" not in str(caught.value)


def test_the_tolerance_can_be_wider(open_: Open, replay: Replay) -> None:
    replay.then = [tei(0.5, 0.28)]
    open_("tei", normalize=False).handshake(CANARIES, tolerance=0.05)


def test_without_known_scores_the_order_must_be_right(open_: Open, replay: Replay) -> None:
    replay.then = [tei(2.0, -2.0), tei(-2.0, 2.0), tei(1.0, 1.0)]
    reranker = open_("tei")
    reranker.handshake()
    for _ in range(2):
        with pytest.raises(HandshakeError, match="no lower than a relevant one"):
            reranker.handshake()


def test_the_instruction_goes_along(open_: Open, replay: Replay) -> None:
    replay.then = [
        Answer(body={"results": [{"index": 0, "relevance_score": 1}, {"index": 1, "relevance_score": 0}]})
    ]
    open_("vllm").handshake(instruction="find capitals")
    assert replay.bodies[0]["instruction"] == "find capitals"


def test_no_canaries_prove_nothing(open_: Open) -> None:
    with pytest.raises(ArgumentError, match="canaries"):
        open_("tei").handshake([])


def test_a_wrong_key_is_found(open_: Open, replay: Replay) -> None:
    replay.then = [Answer(status=401)]
    with pytest.raises(RemoteAuthenticationError):
        open_("tei").handshake()


def test_the_handshake_can_be_awaited(open_: Open, replay: Replay) -> None:
    replay.then = [tei(0.501, 0.249), tei(0.5, 0.28)]
    reranker = open_("tei", normalize=False)
    asyncio.run(reranker.ahandshake(CANARIES))
    with pytest.raises(HandshakeError):
        asyncio.run(reranker.ahandshake(CANARIES))
