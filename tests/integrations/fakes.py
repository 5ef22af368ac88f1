"""Rerankers without a model: the score is the number of words shared with the query and the instruction."""

from __future__ import annotations

import asyncio
import threading
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from typing_extensions import Self

from rerank_plugins.core.results import RankedDocument, Ranking, ranked

if TYPE_CHECKING:
    from collections.abc import Awaitable


def overlap(query: str, document: str, instruction: str | None = None) -> float:
    """Return how many different words of query and instruction stand in the document."""
    wanted = set(f"{query} {instruction or ''}".lower().split())
    return float(len(wanted & set(document.lower().split())))


class FakeReranker:
    """The face of a ``Reranker``; records each call as a dict."""

    def __init__(self, model: str = "fake", bias: float = 0.0) -> None:
        self.info = SimpleNamespace(model=model)
        self.bias = bias
        self.calls: list[dict[str, Any]] = []
        self.closed = False
        self.weights = bytes(200_000)

    def score(
        self,
        query: str,
        documents: list[str],
        *,
        instruction: str | None = None,
        normalize: bool | None = None,
    ) -> list[float]:
        self.calls.append({"query": query, "documents": documents, "instruction": instruction})
        self.calls[-1]["normalize"] = normalize
        return [overlap(query, document, instruction) + self.bias for document in documents]

    def rank(
        self,
        query: str,
        documents: list[str],
        *,
        instruction: str | None = None,
        top_n: int | None = None,
        threshold: float | None = None,
        normalize: bool | None = None,
    ) -> Ranking:
        scores = self.score(query, documents, instruction=instruction, normalize=normalize)
        self.calls[-1] |= {"top_n": top_n, "threshold": threshold, "thread": threading.get_ident()}
        found = zip(range(len(scores)), scores, documents, strict=True)
        return ranked((RankedDocument(*each) for each in found), top_n=top_n, threshold=threshold)

    async def arank(self, query: str, documents: list[str], **options: Any) -> Ranking:
        await asyncio.sleep(0)
        return self.rank(query, documents, **options)

    def close(self) -> None:
        self.closed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Broken(FakeReranker):
    """A reranker whose device has failed."""

    def score(self, *_: Any, **__: Any) -> list[float]:
        raise RuntimeError("the device is gone")


class ScoreOnly:
    """An object of another library: ``score(query, documents)`` and nothing else."""

    def __init__(self, scores: list[Any] | None = None) -> None:
        self.scores = scores

    def score(self, query: str, documents: list[str]) -> list[Any]:
        if self.scores is not None:
            return self.scores
        return [overlap(query, document) for document in documents]


class FakeLoad:
    """Stands in for ``load``: records its arguments, and can be slow, wait for the event loop, or fail."""

    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []
        self.threads: list[int] = []
        self.made: list[FakeReranker] = []
        self.seconds = 0.0
        self.failures = 0
        self.gate: threading.Event | None = None

    async def while_the_loop_runs(self, work: Awaitable[Any]) -> None:
        """Await work whose load ends only after the event loop has run: a load on the loop would time out."""
        self.gate = threading.Event()
        task = asyncio.ensure_future(work)
        while not self.calls and not task.done():  # noqa: ASYNC110 - the load is not on the loop, so no event
            await asyncio.sleep(0.005)
        self.gate.set()
        await task

    def __call__(self, model: str, **options: Any) -> FakeReranker:
        self.calls.append({"model": model, **options})
        self.threads.append(threading.get_ident())
        time.sleep(self.seconds)
        if self.gate is not None and not self.gate.wait(timeout=10):
            raise TimeoutError("the event loop stood still while the model was loaded")
        if self.failures > 0:
            self.failures -= 1
            raise OSError("no such model")
        self.made.append(FakeReranker(model))
        return self.made[-1]
