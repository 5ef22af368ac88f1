"""The results of an evaluation, as values and as JSON; measures nothing, and knows no layout."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rerank_plugins.evaluation.measures import main_measure, means

if TYPE_CHECKING:
    from os import PathLike

    from rerank_plugins.evaluation.comparing import Comparison
    from rerank_plugins.evaluation.measures import Quality
    from rerank_plugins.evaluation.separating import Distribution, Threshold


@dataclass(frozen=True, kw_only=True, slots=True)
class Counts:
    """What was evaluated.

    Attributes:
        queries: Queries in the data.
        judged: Queries with a relevant document; all means are over these.
        unanswerable: Judged queries of which no relevant document is a candidate: 0 in every mean.
        pairs: Candidates of all judged queries together.
        relevant: Relevant documents of all judged queries together.
        found: Those of them that are candidates.
    """

    queries: int
    judged: int
    unanswerable: int
    pairs: int
    relevant: int
    found: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Speed:
    """Time and memory of one model.

    Attributes:
        p50_ms: Median wall time of ``rank`` for one query, in milliseconds; ``warmup()`` came before.
        p95_ms: The time that 95% of the queries did not exceed.
        pairs_per_second: Documents scored, by the sum of these times.
        load_seconds: Time of ``load``; None for a reranker that was loaded before.
        peak_memory_mib: The most memory that the process had held by then. Models run one after the other in one
            process, so a later one is never shown with less than an earlier one. None on Windows.
        gpu_peak_mib: The most that tensors held on all CUDA devices while this model ran, its weights included;
            None without such a device.
    """

    p50_ms: float
    p95_ms: float
    pairs_per_second: float
    load_seconds: float | None
    peak_memory_mib: float | None
    gpu_peak_mib: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelResult:
    """One model, with one instruction.

    Attributes:
        label: What tables and plots call it; unique.
        quality: Each measure by query id.
        comparison: Of nDCG with the baseline's.
        truncated: Documents of which the model saw only a part.
        seconds: Wall time of each query.
    """

    label: str
    model: str
    family: str
    instruction: str | None
    score_kind: str
    quality: Quality
    comparison: Comparison
    speed: Speed | None
    distribution: Distribution | None
    threshold: Threshold | None
    truncated: int
    seconds: dict[str, float]


@dataclass(frozen=True, kw_only=True, slots=True)
class Between:
    """Two models, or one with two instructions: what changes with ``label`` instead of ``other``."""

    label: str
    other: str
    comparison: Comparison


@dataclass(frozen=True, kw_only=True, slots=True)
class Evaluation:
    """Everything that was found out; ``to_dict`` says it in plain types.

    Attributes:
        baseline: Measures of the candidates in the order they were given.
        best_possible: Measures of the best order of these candidates.
        texts: Text of each judged query, for reports.
        between: Every two of the models, the later one instead of the earlier one.
        skipped: Sentences about what was not run, and why.
        notes: Sentences that a reader must know.
    """

    data: str
    k: int
    depth: int | None
    counts: Counts
    texts: dict[str, str]
    baseline: Quality
    best_possible: Quality
    models: tuple[ModelResult, ...]
    between: tuple[Between, ...]
    skipped: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def measure(self) -> str:
        """Name of the measure that comparisons and the gate use."""
        return main_measure(self.k)

    def to_dict(self) -> dict[str, Any]:
        """Return every number as plain types, with the means of all measures."""
        plain = asdict(self)
        plain["baseline"] = _with_means(self.baseline)
        plain["best_possible"] = _with_means(self.best_possible)
        for model, result in zip(plain["models"], self.models, strict=True):
            model["quality"] = _with_means(result.quality)
            model["comparison"]["significant"] = result.comparison.significant
        for pair, found in zip(plain["between"], self.between, strict=True):
            pair["comparison"]["significant"] = found.comparison.significant
        return {"format": "rerank-plugins evaluation 1", "measure": self.measure, **_listed(plain)}

    def write_json(self, path: str | PathLike[str]) -> None:
        """Write ``to_dict()`` to a file."""
        text = json.dumps(self.to_dict(), indent=2, ensure_ascii=False, allow_nan=False)
        Path(path).write_text(text + "\n", encoding="utf-8")

    def write_html(self, path: str | PathLike[str]) -> None:
        """Write one self-contained page: no script, no network."""
        from rerank_plugins.evaluation.page import page

        Path(path).write_text(page(self), encoding="utf-8")


def _with_means(quality: Quality) -> dict[str, Any]:
    return {"means": means(quality), "per_query": quality}


def _listed(value: Any) -> Any:
    """Return the value with tuples as lists, as JSON will give them back."""
    if isinstance(value, dict):
        return {name: _listed(one) for name, one in value.items()}
    return [_listed(one) for one in value] if isinstance(value, (list, tuple)) else value
