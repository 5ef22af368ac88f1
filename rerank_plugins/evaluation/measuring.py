"""From scores to the values of a report: counts, quality, comparison, speed; loads and asks no model."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from rerank_plugins.evaluation.comparing import compared
from rerank_plugins.evaluation.measures import Quality, best_order, main_measure, quality
from rerank_plugins.evaluation.memory import gpu_peak_mib, peak_memory_mib
from rerank_plugins.evaluation.report import Between, Counts, ModelResult, Speed
from rerank_plugins.evaluation.separating import separated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rerank_plugins.core.info import RerankerInfo
    from rerank_plugins.evaluation.data import Dataset, JudgedQuery
    from rerank_plugins.evaluation.runs import Scored


def counted(dataset: Dataset) -> Counts:
    """Return how many queries, candidates and relevant documents there are."""
    judged = dataset.judged
    return Counts(
        queries=len(dataset.queries),
        judged=len(judged),
        unanswerable=sum(not query.found for query in judged),
        pairs=sum(len(query.candidates) for query in judged),
        relevant=sum(len(query.relevant) for query in judged),
        found=sum(len(query.found) for query in judged),
    )


def baseline_quality(queries: Sequence[JudgedQuery], k: int) -> Quality:
    """Return the measures of the candidates in the order they were given."""
    return quality(queries, {query.id: [one.id for one in query.candidates] for query in queries}, k)


def best_quality(queries: Sequence[JudgedQuery], k: int) -> Quality:
    """Return the measures of the best order of the candidates."""
    return quality(queries, {query.id: best_order(query) for query in queries}, k)


def model_result(
    label: str,
    info: RerankerInfo,
    instruction: str | None,
    scored: Scored,
    *,
    queries: Sequence[JudgedQuery],
    baseline: Quality,
    k: int,
    load_seconds: float | None,
) -> ModelResult:
    """Return all that is reported about one model with one instruction."""
    found = quality(queries, scored.orders, k)
    name = main_measure(k)
    distribution, threshold = separated(queries, scored.scores)
    return ModelResult(
        label=label,
        model=info.model,
        family=info.family,
        instruction=instruction,
        score_kind=info.score_kind,
        quality=found,
        comparison=compared(baseline[name], found[name]),
        speed=_speed(scored, load_seconds),
        distribution=distribution,
        threshold=threshold,
        truncated=scored.truncated,
        seconds=scored.seconds,
    )


def every_two(results: Sequence[ModelResult], k: int) -> tuple[Between, ...]:
    """Return every two results compared by the main measure, the later one instead of the earlier one."""
    name = main_measure(k)
    return tuple(
        Between(
            label=later.label,
            other=earlier.label,
            comparison=compared(earlier.quality[name], later.quality[name]),
        )
        for earlier, later in combinations(results, 2)
    )


def _speed(scored: Scored, load_seconds: float | None) -> Speed | None:
    seconds = list(scored.seconds.values())
    if not seconds:
        return None
    p50, p95 = np.percentile(seconds, [50, 95])
    return Speed(
        p50_ms=1000 * float(p50),
        p95_ms=1000 * float(p95),
        pairs_per_second=sum(map(len, scored.scores.values())) / sum(seconds),
        load_seconds=load_seconds,
        peak_memory_mib=peak_memory_mib(),
        gpu_peak_mib=gpu_peak_mib(),
    )
