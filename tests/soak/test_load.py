"""One instance under load: the scores of serial calls, flat memory, and an event loop that goes on."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import tiny

from rerank_plugins import Reranker, load

pytestmark = pytest.mark.soak
Found = Callable[[str, str], None]
THREADS, CALLS, TASKS = 16, 1000, 64
MEGABYTE = 2**20
SOON = 2.0
"""Seconds in which a closed reranker has let go of its model; ``close()`` itself waits for nothing."""


@pytest.fixture
def reranker(checkpoint: Callable[[str], Path]) -> Iterator[Reranker]:
    with load(str(checkpoint("bert")), device="cpu") as loaded:
        yield loaded


def work(seed: int) -> tuple[str, list[str]]:
    """Return a query and some documents, always the same for a seed."""
    chance = random.Random(seed)  # noqa: S311 - nothing secret
    words = " ".join(tiny.TEXT).split()
    return (
        " ".join(chance.choices(words, k=5)),
        [" ".join(chance.choices(words, k=chance.randint(0, 60))) for _ in range(chance.randint(1, 6))],
    )


def near(found: list[float], expected: list[float]) -> bool:
    return found == pytest.approx(expected, abs=1e-5)


@pytest.mark.promise("P31")
def test_threads_get_the_scores_of_serial_calls(reranker: Reranker, found: Found) -> None:
    jobs = [work(seed) for seed in range(CALLS)]
    serial = [reranker.score(*job) for job in jobs]

    def calls(start: int) -> int:
        places = [(start * 61 + step) % CALLS for step in range(CALLS)]
        return sum(not near(reranker.score(*jobs[place]), serial[place]) for place in places)

    began = time.monotonic()
    with ThreadPoolExecutor(THREADS) as pool:
        wrong = sum(pool.map(calls, range(THREADS)))
    assert wrong == 0
    found(
        f"{THREADS} threads of {CALLS:,} calls each on one instance",
        f"equal to serial calls, no error, {time.monotonic() - began:.0f} s",
    )


@pytest.mark.promise("P31", "P33")
def test_tasks_get_the_scores_of_serial_calls_and_the_loop_beats(reranker: Reranker, found: Found) -> None:
    jobs = [work(seed) for seed in range(200)]
    serial = [reranker.score(*job) for job in jobs]

    async def calls(start: int) -> int:
        places = [(start * 7 + step) % len(jobs) for step in range(50)]
        return sum([not near(await reranker.ascore(*jobs[place]), serial[place]) for place in places])

    async def together() -> tuple[int, list[float]]:
        gaps: list[float] = []
        beat = asyncio.create_task(heartbeat(gaps))
        wrong = sum(await asyncio.gather(*(calls(start) for start in range(TASKS))))
        beat.cancel()
        return wrong, gaps

    wrong, gaps = asyncio.run(together())
    assert wrong == 0
    assert max(gaps) < 0.05, f"the loop stood still for {max(gaps):.3f} s"
    found(
        f"{TASKS} tasks of 50 calls each on one event loop",
        f"equal to serial calls, no error; the loop's longest pause was {max(gaps) * 1000:.0f} ms",
    )


async def heartbeat(gaps: list[float]) -> None:
    last = time.perf_counter()
    while True:
        await asyncio.sleep(0.005)
        now = time.perf_counter()
        gaps.append(now - last - 0.005)
        last = now


@pytest.mark.promise("P28")
def test_memory_is_flat_over_ten_thousand_calls(reranker: Reranker, found: Found) -> None:
    def calls(seeds: range) -> float:
        for seed in seeds:
            reranker.score(*work(seed))
        return resident()

    early = calls(range(3000))
    late = calls(range(3000, 13000))
    assert late < early * 1.01, f"{early / MEGABYTE:.1f} MiB became {late / MEGABYTE:.1f} MiB"
    found(
        "10,000 calls of random lengths, after 3,000 others",
        f"the process went from {early / MEGABYTE:.1f} to {late / MEGABYTE:.1f} MiB",
    )


@pytest.mark.promise("P28")
def test_closing_gives_the_memory_back(found: Found) -> None:
    def used() -> float:
        with load("embedded", device="cpu") as reranker:
            reranker.warmup()
            return resident()

    used()  # what is loaded once and stays: code, kernels
    time.sleep(SOON)
    before = resident()
    during = used()
    time.sleep(SOON)
    after = resident()
    assert during - before > 60 * MEGABYTE  # the weights are 87 MiB, a half of them mapped from the file
    assert after - before < 5 * MEGABYTE
    found(
        "loading and closing the embedded model",
        f"{before / MEGABYTE:.0f} MiB before, {during / MEGABYTE:.0f} while open, {after / MEGABYTE:.0f} after",
    )


@pytest.mark.promise("P42")
def test_the_first_call_after_warmup_costs_what_later_ones_cost(found: Found) -> None:
    query, documents = tiny.QUERY, [" ".join(tiny.TEXT) * 2] * 8

    def timed(reranker: Reranker) -> float:
        began = time.perf_counter()
        reranker.score(query, documents)
        return time.perf_counter() - began

    with load("embedded", device="cpu", cache_size=0) as reranker:
        reranker.warmup()
        first, *later = [timed(reranker) for _ in range(20)]
    usual = sorted(later)[len(later) // 2]
    assert first < max(later) * 1.1 + 0.01
    found("first call after warmup()", f"{first * 1000:.1f} ms, later ones {usual * 1000:.1f} ms (median)")


def resident() -> float:
    """Return the process's memory in bytes, once everything free was given back."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return float(pages * 4096)


@pytest.mark.promise("P31", "P35")
def test_all_adapters_share_an_instance_under_load(checkpoint: Callable[[str], Path], found: Found) -> None:
    from haystack import Document
    from langchain_core.documents import Document as LangChainDocument
    from llama_index.core.schema import NodeWithScore, TextNode

    from rerank_plugins.integrations.haystack import RerankPluginsRanker
    from rerank_plugins.integrations.langchain import RerankCompressor
    from rerank_plugins.integrations.llama_index import RerankPostprocessor

    model = str(checkpoint("bert"))
    haystack, langchain, llama = (
        RerankPluginsRanker(model),
        RerankCompressor(model=model),
        RerankPostprocessor(model=model),
    )

    def haystacks(query: str, texts: list[str]) -> Any:
        given = [Document(content=text) for text in texts]
        return [one.content for one in haystack.run(query, given)["documents"]]

    def langchains(query: str, texts: list[str]) -> Any:
        given = [LangChainDocument(page_content=text) for text in texts]
        return [one.page_content for one in langchain.compress_documents(given, query)]

    def llamas(query: str, texts: list[str]) -> Any:
        given = [NodeWithScore(node=TextNode(text=text)) for text in texts]
        return [one.text for one in llama.postprocess_nodes(given, query_str=query)]

    jobs = [(query, sorted({text for text in texts if text})) for query, texts in map(work, range(300))]

    def ask(place: int) -> bool:
        query, texts = jobs[place % len(jobs)]
        return haystacks(query, texts) == langchains(query, texts) == llamas(query, texts)

    with ThreadPoolExecutor(THREADS) as pool:
        assert all(pool.map(ask, range(1200)))
    found(f"1,200 calls of each adapter from {THREADS} threads", "the same order from all three, no error")
