"""A call in many windows gives what one window gives, reads while it tokenizes, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import replace
from pathlib import Path

import pytest
import tiny
import torch

from rerank_plugins import RankedDocument, Reranker, load
from rerank_plugins.core import running
from rerank_plugins.core.family import Row
from rerank_plugins.core.groups import Group
from rerank_plugins.core.results import Ranking
from rerank_plugins.core.scorer import Scorer

QUERIES = ["bread", "panda", "file"]
LISTS = [list(tiny.DOCUMENTS), [], list(tiny.DOCUMENTS[:4])]
SOON = 20


@pytest.fixture(params=["bert", "bert-embedding", "xlm-roberta"])
def reranker(request: pytest.FixtureRequest, checkpoint: Callable[[str], Path]) -> Reranker:
    """Documents are split into passages, so that windows have several rows for one document."""
    family = "bi-encoder" if request.param == "bert-embedding" else None
    options = {"max_length": 40, "max_query_length": 12, "long_documents": "passages", "overlap_tokens": 4}
    return load(str(checkpoint(request.param)), family=family, **options)


@pytest.mark.parametrize("size", [1, 2, 5])
@pytest.mark.parametrize("progress", [False, True])
def test_many_windows_give_what_one_gives(
    reranker: Reranker, size: int, progress: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = reranker.rank_many(QUERIES, LISTS)
    monkeypatch.setattr(running, "DOCUMENTS_AT_ONCE", size)
    monkeypatch.setattr(running, "DOCUMENTS_PER_STEP", size)
    parts = reranker.rank_many(QUERIES, LISTS, progress=progress)
    later = asyncio.run(reranker.arank_many(QUERIES, LISTS, progress=progress))
    assert [result.passage for ranking in whole for result in ranking if result.passage is not None]
    for expected, *others in zip(whole, parts, later, strict=True):
        for found in others:
            for left, right in zip(by_input(found), by_input(expected), strict=True):
                assert (left.index, left.passage, left.text) == (right.index, right.passage, right.text)
                assert left.score == pytest.approx(right.score, abs=1e-5)


def by_input(ranking: Ranking) -> list[RankedDocument]:
    """Equal documents tie only where they are read together."""
    return sorted(ranking, key=lambda result: result.index)


@pytest.mark.parametrize("score", [Reranker.score, lambda it, *args: asyncio.run(it.ascore(*args))])
def test_the_next_window_is_tokenized_while_one_is_read_and_no_more(
    checkpoint: Callable[[str], Path], score: Callable[..., list[float]], monkeypatch: pytest.MonkeyPatch
) -> None:
    reranker = load(str(checkpoint("bert")))
    engine, tokenizer = reranker._backend.scorer.scheduler._engine, reranker._backend.scorer.tokenizer
    read, encode, second = engine.read, tokenizer.encode, threading.Event()
    tokenized, finished, ahead = [], [], []

    def watched_read(rows: Sequence[Row]) -> torch.Tensor:
        assert second.wait(SOON)
        vectors = read(rows)
        finished.append(len(rows))
        return vectors

    def watched_encode(texts: Sequence[str]) -> list[list[int]]:
        ahead.append(sum(tokenized) - sum(finished))
        tokenized.append(len(texts) - 1)  # the query is no row
        if len(tokenized) == 2:
            second.set()
        return encode(texts)

    monkeypatch.setattr(engine, "read", watched_read)
    monkeypatch.setattr(tokenizer, "encode", watched_encode)
    monkeypatch.setattr(running, "DOCUMENTS_AT_ONCE", 2)
    assert len(score(reranker, "bread", list(tiny.DOCUMENTS))) == len(tiny.DOCUMENTS)
    assert len(tokenized) == 5
    assert max(ahead) == 2


class Held:
    """A scheduler whose reads end only when the test says so."""

    def __init__(self) -> None:
        self.futures: list[Future[torch.Tensor]] = []
        self.second = threading.Event()

    def submit(self, rows: Sequence[Row]) -> Future[torch.Tensor]:
        self.futures.append(Future())
        if len(self.futures) == 2:
            self.second.set()
        return self.futures[-1]


@pytest.fixture
def held(bert: Reranker, monkeypatch: pytest.MonkeyPatch) -> tuple[Scorer, Held]:
    monkeypatch.setattr(running, "DOCUMENTS_AT_ONCE", 2)
    scheduler = Held()
    return replace(bert._backend.scorer, scheduler=scheduler), scheduler


GROUPS = [Group("bread", tiny.DOCUMENTS, None)]


def test_a_failed_window_cancels_the_one_behind_it(held: tuple[Scorer, Held]) -> None:
    scorer, scheduler = held

    def fail() -> None:
        assert scheduler.second.wait(SOON)
        scheduler.futures[0].set_exception(ValueError("broken"))

    threading.Thread(target=fail).start()
    with pytest.raises(ValueError, match="broken"):
        running.run(scorer, GROUPS, None)
    assert [future.cancelled() for future in scheduler.futures] == [False, True]


def test_a_cancelled_call_cancels_all_its_windows(held: tuple[Scorer, Held], bert: Reranker) -> None:
    scorer, scheduler = held

    async def cancel() -> None:
        task = asyncio.create_task(running.arun(scorer, bert._backend.desk, GROUPS, None))
        assert await asyncio.to_thread(scheduler.second.wait, SOON)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel())
    for future in scheduler.futures:
        with pytest.raises(CancelledError):
            future.result(0)


def test_scores_leave_the_device_once_a_call(bert: Reranker, monkeypatch: pytest.MonkeyPatch) -> None:
    scorer = bert._backend.scorer
    rows = scorer.rows([Group(query, tiny.DOCUMENTS, None) for query in QUERIES])
    vectors = scorer.submit(rows).result()
    transfers: list[str] = []

    def counted(name: str) -> Callable[[torch.Tensor], object]:
        original = getattr(torch.Tensor, name)
        return lambda tensor: (transfers.append(name), original(tensor))[1]

    for name in ("tolist", "item", "cpu", "numpy"):
        monkeypatch.setattr(torch.Tensor, name, counted(name))
    scorer.scores(rows, vectors, None)
    assert transfers == ["tolist"]
