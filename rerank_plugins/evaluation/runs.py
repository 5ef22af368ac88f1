"""Has one reranker score every query, and times it; knows no measure and no judgment."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

from rerank_plugins.evaluation.memory import reset_gpu_peak

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rerank_plugins.core.reranker import Reranker
    from rerank_plugins.core.results import Ranking
    from rerank_plugins.evaluation.data import JudgedQuery


@dataclass(frozen=True, kw_only=True, slots=True)
class Scored:
    """What one reranker made of the queries.

    Attributes:
        orders: Ids of documents by query id, best first; equal scores keep the candidates' order.
        scores: Score by document id, by query id.
        seconds: Wall time of ``rank`` by query id.
        truncated: How many documents the model saw only a part of.
    """

    orders: dict[str, list[str]]
    scores: dict[str, dict[str, float]]
    seconds: dict[str, float]
    truncated: int


def run(
    reranker: Reranker,
    queries: Sequence[JudgedQuery],
    instruction: str | None,
    advance: Callable[[], None] | None = None,
) -> Scored:
    """Rank the candidates of every query, one call after the other, each timed; ``advance`` is called after each.

    The first call is not timed: it is ``warmup()``. A query without candidates is not asked.

    Raises:
        RerankError: What ``Reranker.rank`` raises.
    """
    reranker.warmup()
    reset_gpu_peak()
    scored = Scored(orders={}, scores={}, seconds={}, truncated=0)
    cut = 0
    for query in queries:
        if query.candidates:
            started = perf_counter()
            ranking = reranker.rank(query.text, [one.text for one in query.candidates], instruction=instruction)
            scored.seconds[query.id] = perf_counter() - started
            scored.scores[query.id] = _by_id(ranking, query)
            scored.orders[query.id] = list(scored.scores[query.id])
            cut += sum(document.truncated for document in ranking)
        if advance is not None:
            advance()
    return Scored(orders=scored.orders, scores=scored.scores, seconds=scored.seconds, truncated=cut)


def _by_id(ranking: Ranking, query: JudgedQuery) -> dict[str, float]:
    """Return scores by document id, in the ranking's order."""
    return {query.candidates[document.index].id: document.score for document in ranking}
