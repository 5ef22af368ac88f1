"""Turns measurements into the plain values of a result file; measures nothing and shows nothing."""

from __future__ import annotations

from dataclasses import asdict
from statistics import mean, median
from typing import TYPE_CHECKING, Any

from benchmarks import work
from benchmarks.candidates.ours import NAME

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.rounds import Run
    from benchmarks.sizes import Size
    from benchmarks.texts import Task


def workload(size: Size, task: Task, rows: Sequence[Sequence[int]]) -> dict[str, Any]:
    """Return what was scored: wanted lengths, real lengths, and a hash of the text."""
    tokens = work.count(rows, causal=size.model.causal)
    lengths = [len(row) for row in rows]
    return {
        **asdict(size.workload),
        "row_tokens": {"mean": round(mean(lengths), 1), "shortest": min(lengths), "longest": max(lengths)},
        "shared_prefix": tokens.prefix,
        "useful_tokens": tokens.fed,
        "useful_gflop": _rounded(work.useful_flops(size.model, tokens) / 1e9),
        "text": task.fingerprint(),
    }


def runs(
    size: Size, measured: Sequence[Run], rows: Sequence[Sequence[int]], limits: Mapping[str, float]
) -> list[dict[str, Any]]:
    """Return one entry for each job that has timings.

    Args:
        size: Model and workload.
        measured: The measurements.
        rows: The rows of all documents, for the formulas.
        limits: The limit of each precision, in multiples of the probe.
    """
    reference = reference_scores(measured)
    return [_run(size, run, rows[: run.job.documents], limits, reference) for run in measured if run.timings]


def _run(
    size: Size, run: Run, rows: Sequence[Sequence[int]], limits: Mapping[str, float], reference: Sequence[float]
) -> dict[str, Any]:
    tokens = work.count(rows, causal=size.model.causal)
    useful, needed = (formula(size.model, tokens) / 1e9 for formula in (work.useful_flops, work.needed_flops))
    seconds = [timing.seconds for timing in run.timings.values()]
    normalised = median(timing.normalised for timing in run.timings.values())
    limit = limits.get(run.job.candidate.dtype)
    return {
        "candidate": run.job.candidate.name,
        "ours": run.job.candidate.name.startswith(NAME),
        "dtype": run.job.candidate.dtype,
        "documents": run.job.documents,
        "rounds": len(seconds),
        "seconds": [_rounded(second) for second in seconds],
        "probe_gflops": [_rounded(timing.speed) for timing in run.timings.values()],
        "busy": [round(timing.busy, 3) for timing in run.timings.values()],
        "milliseconds": _rounded(1000 * median(seconds)),
        "pairs_per_second": _rounded(run.job.documents / median(seconds)),
        "useful_gflops": _rounded(useful / median(seconds)),
        "share_of_limit": None if limit is None else _rounded(useful / normalised / limit),
        "share_of_limit_last_layer_trimmed": None if limit is None else _rounded(needed / normalised / limit),
        "extra_memory_mib": None if run.extra_mib is None else round(run.extra_mib, 1),
        **difference(run.scores, reference),
    }


def ratios(measured: Sequence[Run], whole: int) -> list[dict[str, Any]]:
    """Return how many times faster this package was, round by round, wherever both scored the same documents.

    ``main`` marks the number of documents of the main measurement: the workload's, or what the rival was given.
    """
    ours = {(run.job.candidate.dtype, run.job.documents): run for run in measured if _is_ours(run)}
    most = {
        run.job.candidate.name: max(
            other.job.documents
            for other in measured
            if other.job.candidate.name == run.job.candidate.name and other.job.documents <= whole
        )
        for run in measured
    }
    found = []
    for run in (run for run in measured if not _is_ours(run)):
        for dtype in run.job.ratio_to:
            own = ours.get((dtype, run.job.documents))
            shared = sorted(own.timings.keys() & run.timings.keys()) if own else []
            if own is None or not shared:
                continue
            each = [run.timings[number].normalised / own.timings[number].normalised for number in shared]
            main = run.job.documents == most[run.job.candidate.name]
            who = {"over": run.job.candidate.name, "dtype": dtype, "documents": run.job.documents, "main": main}
            spread = {"median": median(each), "min": min(each), "max": max(each)}
            found.append({**who, **{key: _rounded(value) for key, value in spread.items()}, "rounds": len(each)})
    return found


def failures(measured: Sequence[Run]) -> list[dict[str, Any]]:
    """Return who could not be measured, and why."""
    return [
        {"candidate": run.job.candidate.name, "documents": run.job.documents, "error": run.error}
        for run in measured
        if run.error is not None
    ]


def reference_scores(measured: Sequence[Run]) -> list[float]:
    """Return this package's float32 scores of the most documents that it scored."""
    own = [run.scores for run in measured if _is_ours(run) and run.job.candidate.dtype == "float32"]
    return max(own, key=len, default=[])


def difference(scores: Sequence[float], reference: Sequence[float]) -> dict[str, float | None]:
    """Return the largest difference of scores to float32, the rank correlation, and how far scores spread."""
    from scipy.stats import spearmanr

    known = reference[: len(scores)]
    if len(known) < max(len(scores), 1):
        return {"score_difference": None, "spearman": None, "score_range": None}
    largest = max(abs(score - other) for score, other in zip(scores, known, strict=True))
    ranks = float(spearmanr(scores, known).statistic) if len(known) > 2 else None
    return {
        "score_difference": float(f"{largest:.2g}"),
        "spearman": None if ranks is None else round(ranks, 4),
        "score_range": _rounded(max(known) - min(known)),
    }


def _is_ours(run: Run) -> bool:
    return run.job.candidate.name.startswith(NAME)


def _rounded(number: float) -> float:
    """Return four significant digits: more would claim a precision that timings do not have."""
    return float(f"{number:.4g}")
