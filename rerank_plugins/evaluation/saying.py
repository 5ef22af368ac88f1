"""What the results mean, as sentences; measures nothing, and knows no layout."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rerank_plugins.evaluation.comparing import FEW_QUERIES
from rerank_plugins.evaluation.measures import means

if TYPE_CHECKING:
    from rerank_plugins.evaluation.report import Counts, Evaluation, ModelResult


TIES = "Equal scores keep the order of the candidates, in every ranking and every measure."
LEFT_OUT = (
    "A query counts as 0 where the judgments name relevant documents of which none is a candidate; it is left out "
    "of all means only where they name none, because then no order is right or wrong."
)
TIMES = (
    "Time: one call of rank() for each query, one after the other, after warmup(). pairs/s: documents scored by "
    "the sum of these times."
)
MEMORY = (
    "Memory: the most this process had held when the model was done. Models run one after the other, so a later "
    "one is never shown with less than an earlier one. On GPUs: the most that tensors held while the model ran."
)
CUT = (
    "Threshold: the score with the highest F1 over all candidates. It was chosen on these very data, so expect a "
    "little less on others."
)


def verdict(result: ModelResult, evaluation: Evaluation) -> str:
    """Return what reranking with this model did to the main measure, and whether that may be chance."""
    name, found = evaluation.measure, result.comparison
    before, after = means(evaluation.baseline)[name], means(result.quality)[name]
    if found.better == found.worse == 0:
        return f"Reranking with {result.label} did not change {name} of any query ({before:.3f})."
    what = "better" if found.change > 0 else "worse" if found.change < 0 else "neither better nor worse"
    chance = "" if found.significant else ", not significant"
    return (
        f"Reranking with {result.label} made {name} {what} on your data ({before:.3f} → {after:.3f}; "
        f"{p_text(found.p_value)}{chance}; {_queries(found.better)} better, {found.worse} worse, "
        f"{found.equal} equal)."
    )


def p_text(p_value: float) -> str:
    """Return a p-value in words that do not claim more digits than there are."""
    return "p<0.001" if p_value < 0.001 else f"p={p_value:.3f}"


def threshold_text(result: ModelResult) -> str | None:
    """Return what the suggested threshold would keep, if there is one."""
    found = result.threshold
    if found is None:
        return None
    if not found.helps:
        return (
            f"No threshold parts relevant documents from others: the best one ({found.value:.4g}, "
            f"{result.score_kind}) has F1 {found.f1:.2f}, keeping all has {found.f1_of_all:.2f}."
        )
    return (
        f"threshold={found.value:.4g} ({result.score_kind}) parts relevant documents from others best on these "
        f"data: it keeps {found.kept:.0%} of the candidates, {found.recall:.0%} of the relevant ones; "
        f"{found.precision:.0%} of what it keeps is relevant (F1 {found.f1:.2f})."
    )


def thresholds(evaluation: Evaluation) -> list[str]:
    """Return what each model's suggested threshold would keep, with its label where there are several models."""
    said = {one.label: threshold_text(one) for one in evaluation.models}
    several = len(said) > 1
    return [f"{label}: {text}" if several else text for label, text in said.items() if text is not None]


def notes_on(counts: Counts, k: int) -> list[str]:
    """Return what the numbers of queries and documents mean for whoever reads the results."""
    said = []
    if counts.judged < FEW_QUERIES:
        said.append(f"Only {_queries(counts.judged)} with judgments: below {FEW_QUERIES} a p-value says little.")
    if counts.queries > counts.judged:
        left = counts.queries - counts.judged
        said.append(f"{_queries(left)} without any relevant document in the judgments: left out of all means.")
    if counts.unanswerable:
        said.append(
            f"{_queries(counts.unanswerable)} without a relevant document among the candidates: kept in all means "
            "as 0, whatever the reranker does."
        )
    if counts.found < counts.relevant:
        said.append(
            f"{counts.relevant - counts.found} of {counts.relevant} relevant documents are no candidates, so "
            f'recall@{k} and the rest cannot reach 1: see the row "best possible".'
        )
    return said


def _queries(number: int) -> str:
    return "1 query" if number == 1 else f"{number} queries"
