"""What is too large is refused before it is tokenized, sent or loaded for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from families.recorded import GOLDEN

from rerank_plugins import ArgumentError, InputTooLargeError, Reranker, load
from rerank_plugins.core.tokenization import TextTokenizer

pytestmark = pytest.mark.promise("P50")
LONG = "x" * 101
CALLS: dict[str, Callable[[Reranker], Any]] = {
    "a document": lambda it: it.score("q", ["ok", LONG]),
    "a query": lambda it: it.rank(LONG, ["ok"]),
    "a pair": lambda it: it.score_pairs([("q", "ok"), ("q", LONG)]),
    "a document of many": lambda it: it.rank_many(["q", "r"], [["ok"], [LONG]]),
    "too many documents": lambda it: it.score("q", ["ok"] * 6),
    "too many of all queries": lambda it: it.rank_many(["q", "r"], [["ok"] * 3, ["ok"] * 3]),
    "too many pairs": lambda it: it.score_pairs([("q", "ok")] * 6),
    "awaited": lambda it: asyncio.run(it.ascore("q", [LONG])),
    "awaited ranking": lambda it: asyncio.run(it.arank("q", ["ok"] * 6)),
}


@pytest.fixture
def small(checkpoint: Callable[[str], Path]) -> Iterator[Reranker]:
    with load(str(checkpoint("bert")), max_documents=5, max_characters=100) as reranker:
        yield reranker


@pytest.mark.parametrize("call", CALLS.values(), ids=list(CALLS))
def test_too_large_a_call_is_refused_before_tokenizing(
    small: Reranker, call: Callable[[Reranker], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TextTokenizer, "encode", lambda *_: pytest.fail("it was tokenized"))
    with pytest.raises(InputTooLargeError, match="max_") as caught:
        call(small)
    assert LONG not in str(caught.value)


def test_what_the_caps_allow_is_scored(small: Reranker) -> None:
    assert len(small.score("x" * 100, ["x" * 100] * 5)) == 5


def test_an_instruction_is_capped() -> None:
    opened = load(str(GOLDEN / "qwen3/checkpoint"), family="qwen3", device="cpu", max_characters=50)
    with opened as reranker, pytest.raises(InputTooLargeError, match="instruction"):
        reranker.score("q", ["d"], instruction="x" * 51)


def test_nothing_too_large_is_sent_to_a_server() -> None:
    pytest.importorskip("httpx")
    opened = load("http://127.0.0.1:1", dialect="tei", max_characters=100)
    with opened as reranker, pytest.raises(InputTooLargeError):
        reranker.score("q", [LONG])


@pytest.mark.parametrize("option", [{"max_documents": 0}, {"max_characters": -1}, {"max_documents": "5"}])
def test_a_cap_is_a_count(checkpoint: Callable[[str], Path], option: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError, match=next(iter(option))):
        load(str(checkpoint("bert")), **option)
