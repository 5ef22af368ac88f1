"""What every adapter promises while it waits: the event loop goes on, and giving up harms nothing.

Here scores come from a real tiny model, because a fake has neither a tokenizer nor a forward to wait for.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

import pytest
import tiny

from rerank_plugins.core.engine import Engine

from .asking import BEST_FIRST, QUERY, TEXTS, ranked
from .fakes import FakeReranker

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from rerank_plugins import Reranker

    from .drivers import Driver
    from .fakes import FakeLoad

LONGEST_SILENCE = 0.05  # seconds
GOLDEN = "tests/golden/mxbai_v2/checkpoint"


@asynccontextmanager
async def heartbeat() -> AsyncIterator[list[float]]:
    """Yield the gaps between beats of the event loop, in seconds."""
    gaps: list[float] = []

    async def beat() -> None:
        last = time.perf_counter()
        while True:
            await asyncio.sleep(0.002)
            gaps.append(time.perf_counter() - last)
            last = time.perf_counter()

    beating = asyncio.create_task(beat())
    await asyncio.sleep(0.01)
    try:
        yield gaps
    finally:
        await asyncio.sleep(0.01)
        beating.cancel()
        with suppress(asyncio.CancelledError):
            await beating


async def longest_silence(driver: Driver, component: Any) -> float:
    """Return the longest gap while the component loads and scores."""
    hosts = driver.hosts([*tiny.TEXT] * 100)
    async with heartbeat() as gaps:
        await driver.arank(component, tiny.QUERY, hosts)
    return max(gaps)


class WaitingContract:
    """Nobody waits for a reranker who did not ask it anything."""

    @pytest.mark.promise("P33")
    def test_the_loop_beats_while_loading_and_scoring(
        self, driver: Driver, checkpoint: Callable[[str], Path]
    ) -> None:
        """The shortest of some runs, because other work on the machine only adds to a silence."""
        silences = []
        for attempt in range(5):
            component = driver.make(model=str(checkpoint("bert")), max_length=200 + attempt)
            silences.append(asyncio.run(longest_silence(driver, component)))
            component.close()
        assert min(silences) < LONGEST_SILENCE

    def test_the_loop_beats_while_an_object_without_async_scores(self, driver: Driver) -> None:
        class Slow:
            def score(self, query: str, documents: list[str]) -> list[float]:
                time.sleep(0.2)
                return [0.0] * len(documents)

        silences = [asyncio.run(longest_silence(driver, driver.make(reranker=Slow()))) for _ in range(3)]
        assert min(silences) < LONGEST_SILENCE

    def test_async_equals_sync_also_when_many_ask_at_once(self, driver: Driver, bert: Reranker) -> None:
        component, texts = driver.make(reranker=bert, top_n=4), list(tiny.DOCUMENTS)
        expected = dict(ranked(driver, component, texts))

        async def many() -> list[list[Any]]:
            calls = (driver.arank(component, QUERY, driver.hosts(texts)) for _ in range(8))
            return await asyncio.gather(*calls)

        for found in asyncio.run(many()):
            assert dict(driver.found(found)) == pytest.approx(expected, abs=1e-6)

    @pytest.mark.promise("P33")
    def test_cancelling_leaves_the_component_usable(self, driver: Driver, load: FakeLoad) -> None:
        load.seconds = 0.1
        component = driver.make(model="m")

        async def impatient() -> None:
            task = asyncio.create_task(driver.arank(component, QUERY, driver.hosts(TEXTS)))
            await asyncio.sleep(0.02)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert driver.found(await driver.arank(component, QUERY, driver.hosts(TEXTS))) == BEST_FIRST

        asyncio.run(impatient())
        assert len(load.calls) == 1

    def test_cancelling_is_not_taken_for_a_failure(self, driver: Driver) -> None:
        class Endless(FakeReranker):
            async def arank(self, query: str, documents: list[str], **options: Any) -> Any:
                await asyncio.sleep(60)

        component = driver.make(reranker=Endless(), on_error="keep_order")

        async def impatient() -> None:
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(driver.arank(component, QUERY, driver.hosts(TEXTS)), 0.02)

        asyncio.run(impatient())

    @pytest.mark.promise("P21")
    def test_the_instruction_stands_in_the_ids_that_are_read(
        self, driver: Driver, monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config
    ) -> None:
        from transformers import AutoTokenizer

        directory, read = str(pytestconfig.rootpath / GOLDEN), Engine.read
        seen: list[str] = []
        decode = AutoTokenizer.from_pretrained(directory).decode
        monkeypatch.setattr(
            Engine, "read", lambda self, rows: seen.extend(decode(row.ids) for row in rows) or read(self, rows)
        )
        component = driver.make(model=directory, family="mxbai-v2", instruction="Prefer the constructor")
        ranked(driver, component, ["one document"])
        ranked(driver, component, ["one document"], instruction="Prefer the call")
        assert ["Prefer the constructor" in text for text in seen] == [True, False]
        assert ["Prefer the call" in text for text in seen] == [False, True]
