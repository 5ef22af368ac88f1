"""Whatever fails in mid-call, every row is scored exactly once or its caller hears a typed error, in bounded time.

Memory runs out at chosen forwards of tiny models on a CPU; that a real device runs out is not tried here.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import tiny
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rerank_plugins import OutOfDeviceMemoryError, Reranker, load
from rerank_plugins.core import running
from rerank_plugins.core.checkpoint import Checkpoint
from rerank_plugins.core.engine import Engine
from rerank_plugins.core.family import Row
from rerank_plugins.core.groups import Group
from rerank_plugins.integrations.langchain import RerankCompressor
from rerank_plugins.integrations.models import ModelHandle

SOON = 30
"""Seconds after which something is taken to hang."""
GOLDEN = Path(__file__).parents[1] / "golden"
WORDS = ["bread", "panda", "file", "error", "bamboo", "yeast", "dough", "heart", "risk", "mental"]


@pytest.fixture(scope="module")
def rerankers(checkpoint: Callable[[str], Path]) -> Iterator[dict[str, Reranker]]:
    """One packed encoder, one padded encoder, one packed decoder with shared prefixes; several forwards a call."""
    places = {
        "packed": (checkpoint("bert"), None),
        "padded": (checkpoint("deberta"), "cross-encoder"),
        "prefixed": (GOLDEN / "qwen3/checkpoint", "qwen3"),
    }
    made = {
        name: load(str(path), family=family, device="cpu", batch_tokens=100)
        for name, (path, family) in places.items()
    }
    yield made
    for each in made.values():
        each.close()


def engine_of(reranker: Reranker) -> Engine:
    found: Any = reranker._backend
    engine: Engine = found.scorer.scheduler._engine._engine
    return engine


class Faults:
    """The forwards of an engine, some of which run out of memory, and which rows each read has been given."""

    def __init__(self, engine: Engine, failing: set[int]) -> None:
        self._vectors, self._failing = engine._forward.vectors, failing
        self.forwards = self.injected = 0
        self.reads: dict[int, tuple[Sequence[Row], list[int]]] = {}

    def vectors(self, rows: Sequence[Row], batch: Any) -> dict[int, torch.Tensor]:
        self.forwards += 1
        if self.forwards - 1 in self._failing:
            self.injected += 1
            raise torch.OutOfMemoryError("injected")
        found = self._vectors(rows, batch)
        self.reads.setdefault(id(rows), (rows, []))[1].extend(found)
        return found

    def no_row_was_read_twice(self) -> bool:
        """Whether no read took a row again; a read of several callers that failed is done again for each."""
        return all(len(found) == len(set(found)) <= len(rows) for rows, found in self.reads.values())


@contextmanager
def faulty(reranker: Reranker, failing: set[int], window: int = running.DOCUMENTS_AT_ONCE) -> Iterator[Faults]:
    engine = engine_of(reranker)
    faults = Faults(engine, failing)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine._forward, "vectors", faults.vectors)
        patch.setattr(running, "DOCUMENTS_AT_ONCE", window)
        yield faults


def by_input(ranking: Any) -> list[float]:
    return [result.score for result in sorted(ranking, key=lambda result: result.index)]


def in_time(work: Any) -> Any:
    return asyncio.run(asyncio.wait_for(work, SOON))


CALLS: dict[str, Callable[[Reranker, str, list[str]], list[float]]] = {
    "score": lambda it, query, texts: it.score(query, texts),
    "rank": lambda it, query, texts: by_input(it.rank(query, texts)),
    "ascore": lambda it, query, texts: in_time(it.ascore(query, texts)),
    "arank": lambda it, query, texts: by_input(in_time(it.arank(query, texts))),
    "rank_many": lambda it, query, texts: [
        score for ranking in it.rank_many([query, query], [texts[:3], texts[3:]]) for score in by_input(ranking)
    ],
    "score_pairs": lambda it, query, texts: it.score_pairs([(query, text) for text in texts]),
}
LONG = " ".join(WORDS * 6)
TEXTS = st.lists(st.lists(st.sampled_from(WORDS), max_size=40).map(" ".join), min_size=1, max_size=9)


@pytest.mark.promise("P25", "P10")
@pytest.mark.parametrize("kind", ["packed", "padded", "prefixed"])
@settings(max_examples=40)
@given(
    texts=TEXTS, failing=st.sets(st.integers(0, 12)), window=st.integers(1, 5), call=st.sampled_from(sorted(CALLS))
)
def test_out_of_memory_at_any_forwards_changes_no_score(
    rerankers: dict[str, Reranker], kind: str, texts: list[str], failing: set[int], window: int, call: str
) -> None:
    reranker = rerankers[kind]
    expected = reranker.score("bread", texts)
    with faulty(reranker, failing, window) as faults:
        try:
            found = CALLS[call](reranker, "bread", texts)
        except OutOfDeviceMemoryError:
            # A single row is tried twice in a row, so nothing else may give up.
            assert any(number + 1 in failing for number in failing)
        else:
            assert found == pytest.approx(expected, abs=1e-5)
            assert faults.no_row_was_read_twice()
    assert reranker.score("bread", texts) == pytest.approx(expected, abs=1e-5)


@pytest.mark.promise("P25")
@pytest.mark.parametrize("kind", ["packed", "padded", "prefixed"])
def test_out_of_memory_at_each_single_forward_is_survived(rerankers: dict[str, Reranker], kind: str) -> None:
    reranker, texts = rerankers[kind], [*tiny.DOCUMENTS]
    expected = reranker.score(tiny.QUERY, texts)
    with faulty(reranker, set(), window=4) as faults:
        reranker.score(tiny.QUERY, texts)
    assert faults.forwards > 2
    injected = 0
    for number in range(faults.forwards):
        with faulty(reranker, {number}, window=4) as again:
            assert reranker.score(tiny.QUERY, texts) == pytest.approx(expected, abs=1e-5)
        # Windows that wait at the same time are read together, so a later run may need fewer forwards.
        assert again.injected == (number < again.forwards)
        assert again.no_row_was_read_twice()
        injected += again.injected
    assert injected >= 2


@pytest.mark.promise("P25")
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("kind", ["packed", "padded", "prefixed"])
def test_a_row_that_never_fits_is_a_typed_error_for_its_call_only(
    rerankers: dict[str, Reranker], kind: str, call: str
) -> None:
    reranker, texts = rerankers[kind], [*tiny.DOCUMENTS]
    expected = reranker.score(tiny.QUERY, texts)
    with faulty(reranker, set(range(1000)), window=4), pytest.raises(OutOfDeviceMemoryError, match="max_length"):
        CALLS[call](reranker, tiny.QUERY, texts)
    assert CALLS[call](reranker, tiny.QUERY, texts) == pytest.approx(expected, abs=1e-5)


@contextmanager
def held(reranker: Reranker, guilty: Callable[[Row], bool] = lambda _: False) -> Iterator[threading.Event]:
    """Hold reads until the event is set; rows that are guilty make any read fail that they are part of."""
    engine, gate = engine_of(reranker), threading.Event()
    read = engine.read

    def broken(rows: Sequence[Row]) -> torch.Tensor:
        assert gate.wait(SOON)
        if any(map(guilty, rows)):
            raise RuntimeError("the kernel failed")
        return read(rows)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "read", broken)
        try:
            yield gate
        finally:
            gate.set()


@pytest.mark.promise("P25", "P31")
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("kind", ["packed", "padded", "prefixed"])
def test_an_error_in_the_worker_reaches_only_the_caller_that_caused_it(
    rerankers: dict[str, Reranker], kind: str, call: str
) -> None:
    reranker, texts = rerankers[kind], [*tiny.TEXT, "panda", "bread"]
    expected = reranker.score("bread", texts)
    guilty = tokens_of(reranker, LONG)
    with held(reranker, lambda row: len(row.ids) == guilty) as gate, ThreadPoolExecutor(8) as pool:
        good = [pool.submit(CALLS[call], reranker, "bread", texts) for _ in range(7)]
        bad = pool.submit(CALLS[call], reranker, "bread", ["panda", LONG, "x"])
        gate.set()
        with pytest.raises(RuntimeError, match="the kernel failed"):
            bad.result(SOON)
        for future in good:
            assert future.result(SOON) == pytest.approx(expected, abs=1e-5)
    assert reranker.score("bread", texts) == pytest.approx(expected, abs=1e-5)


def tokens_of(reranker: Reranker, text: str) -> int:
    """Return how many tokens the row of a document has."""
    found: Any = reranker._backend
    return len(found.scorer.rows([Group("bread", [text], None)])[0][0].ids)


@pytest.mark.promise("P33")
@pytest.mark.parametrize("window", [1, 1000])
@pytest.mark.parametrize("kind", ["packed", "padded"])
def test_a_cancelled_call_returns_at_once_and_the_next_one_scores(
    rerankers: dict[str, Reranker], kind: str, window: int
) -> None:
    reranker, texts = rerankers[kind], [*tiny.DOCUMENTS]
    expected = reranker.score(tiny.QUERY, texts)

    async def impatient(gate: threading.Event) -> list[float]:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(reranker.ascore(tiny.QUERY, texts), 0.2)
        assert not gate.is_set()  # the read is still held: nobody waited for it
        task = asyncio.create_task(reranker.arank_many([tiny.QUERY], [texts]))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(task, SOON)
        gate.set()
        return await asyncio.wait_for(reranker.ascore(tiny.QUERY, texts), SOON)

    with faulty(reranker, set(), window), held(reranker) as gate:
        found = asyncio.run(asyncio.wait_for(impatient(gate), SOON))
    assert found == pytest.approx(expected, abs=1e-5)


@pytest.fixture
def failing_twice(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The disk fails at the first two loads; return the numbers of the loads."""
    read, loads = Checkpoint.tensors, []

    def tensors(checkpoint: Checkpoint) -> Any:
        loads.append(len(loads))
        if len(loads) <= 2:
            raise OSError("the disk failed")
        return read(checkpoint)

    monkeypatch.setattr(Checkpoint, "tensors", tensors)
    return loads


def until_it_works(first: threading.Barrier, score: Callable[[], Any]) -> tuple[int, Any]:
    """Return how many errors one impatient caller heard before it got scores, and these."""
    first.wait(SOON)
    for errors in range(10):
        try:
            return errors, score()
        except OSError as error:
            assert str(error) == "the disk failed"  # noqa: PT017 - one of several attempts
    raise AssertionError("it never worked")


@pytest.mark.promise("P32")
@pytest.mark.parametrize("host", ["handle", "handle async", "langchain", "langchain async"])
def test_a_load_that_fails_twice_is_tried_again_and_never_taken_for_a_model(
    checkpoint: Callable[[str], Path], failing_twice: list[int], host: str, bert: Reranker
) -> None:
    from langchain_core.documents import Document

    model = {"model": str(checkpoint("bert")), "max_length": 100 + len(host)}
    handle, compressor = ModelHandle(model), RerankCompressor(**model)
    documents = [Document(page_content=text) for text in tiny.TEXT]
    calls: dict[str, Callable[[], Any]] = {
        "handle": lambda: handle.get().rank("bread", tiny.TEXT),
        "handle async": lambda: in_time(ascored(handle)),
        "langchain": lambda: compressor.compress_documents(documents, "bread"),
        "langchain async": lambda: in_time(compressor.acompress_documents(documents, "bread")),
    }
    first = threading.Barrier(8)
    with ThreadPoolExecutor(8) as pool:
        work = [pool.submit(until_it_works, first, calls[host]) for _ in range(8)]
        found = [future.result(SOON) for future in work]
    assert len(failing_twice) == 3
    assert max(errors for errors, _ in found) <= 2
    best = bert.rank("bread", tiny.TEXT)[0].text
    for _, ranking in found:
        assert getattr(ranking[0], "text", None) == best or ranking[0].page_content == best
    handle.close()
    compressor.close()


async def ascored(handle: ModelHandle) -> Any:
    return await (await handle.aget()).arank("bread", tiny.TEXT)
