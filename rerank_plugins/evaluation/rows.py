"""The cells of the tables that terminal and page share; knows neither."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rerank_plugins.evaluation.measures import means
from rerank_plugins.evaluation.saying import p_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rerank_plugins.evaluation.comparing import Comparison
    from rerank_plugins.evaluation.measures import Quality
    from rerank_plugins.evaluation.report import Evaluation


def quality_head(evaluation: Evaluation) -> tuple[str, ...]:
    """Return the heads of the columns of ``quality_rows``; the last counts queries better, worse and equal."""
    return ("", *evaluation.baseline, "change", "p", "+/-/=")


def quality_rows(evaluation: Evaluation) -> list[tuple[str, ...]]:
    """Return a row for the baseline, for each model, and for the best possible order."""
    models = [(one.label, *_means(one.quality), *_compared(one.comparison)) for one in evaluation.models]
    none = ("",) * 3
    first = ("baseline", *_means(evaluation.baseline), *none)
    return [first, *models, ("best possible", *_means(evaluation.best_possible), *none)]


def between_head(evaluation: Evaluation) -> tuple[str, ...]:
    """Return the heads of the columns of ``between_rows``."""
    return (evaluation.measure, "change", "p", "+/-/=")


def between_rows(evaluation: Evaluation, names: Mapping[str, str]) -> list[tuple[str, ...]]:
    """Return a row for every two models, which are called what ``names`` says for their labels."""
    return [
        (f"{names[one.label]} instead of {names[one.other]}", *_compared(one.comparison))
        for one in evaluation.between
    ]


def speed_head(evaluation: Evaluation) -> tuple[str, ...]:
    """Return the heads of the columns of ``speed_rows``."""
    head = ("", "p50 ms", "p95 ms", "pairs/s", "load s", "peak MiB")
    return (*head, "GPU MiB") if _on_gpu(evaluation) else head


def speed_rows(evaluation: Evaluation) -> list[tuple[str, ...]]:
    """Return a row for each model that was asked anything; memory of GPUs only where there are any."""
    return [
        (
            one.label,
            *_numbers(one.speed.p50_ms, one.speed.p95_ms, digits=1),
            *_numbers(one.speed.pairs_per_second),
            *_numbers(one.speed.load_seconds, digits=1),
            *_numbers(one.speed.peak_memory_mib),
            *(_numbers(one.speed.gpu_peak_mib) if _on_gpu(evaluation) else ()),
        )
        for one in evaluation.models
        if one.speed is not None
    ]


def _on_gpu(evaluation: Evaluation) -> bool:
    return any(one.speed is not None and one.speed.gpu_peak_mib is not None for one in evaluation.models)


def _numbers(*values: float | None, digits: int = 0) -> tuple[str, ...]:
    return tuple("" if value is None else f"{value:.{digits}f}" for value in values)


def _means(quality: Quality) -> tuple[str, ...]:
    return tuple(f"{value:.3f}" for value in means(quality).values())


def _compared(found: Comparison) -> tuple[str, ...]:
    p = p_text(found.p_value).removeprefix("p").removeprefix("=")
    return (f"{found.change:+.3f}", p, f"{found.better}/{found.worse}/{found.equal}")
