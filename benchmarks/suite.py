"""Measures one size and returns its result, ready to be written; knows no command line."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks import goals, machine, models, plan, probe, rows, summary
from benchmarks.rounds import Bench
from benchmarks.texts import make_task

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

    from benchmarks.rounds import Run
    from benchmarks.sizes import Size
    from benchmarks.texts import Task

    Result = dict[str, Any]


def measure(
    size: Size,
    *,
    dtypes: Collection[str],
    peers: Collection[str],
    rounds: int,
    threads: int = 1,
    cache: Path = models.CACHE,
    shapes: tuple[tuple[int, int, int], ...] = probe.SHAPES,
    after_round: Callable[[Result], None] = lambda _: None,
) -> Result:
    """Return the result of one size.

    Args:
        size: Model and workload.
        dtypes: Precisions of this package.
        peers: Libraries to compare with.
        rounds: How often everything is timed; the slowest rivals may have fewer (see ``plan``).
        threads: Threads that torch uses, for the record.
        cache: Where the random models are.
        shapes: Products that the limit is taken from.
        after_round: Gets the result so far, so that an interrupted run keeps what it has.
    """
    directory = models.directory_of(size.model, cache)
    jobs = plan.jobs(size, dtypes, peers, rounds)
    tokenizer = rows.tokenizer_of(directory)
    task = make_task(size.workload, max(job.documents for job in jobs), rows.counter(tokenizer))
    encoded = rows.rows(size.model, tokenizer, task)
    limits = _Limits(shapes, dtypes)
    last = max(job.rounds for job in jobs)
    latest: Result = {}

    def report(number: int, measured: list[Run]) -> None:
        limits.look()
        latest.update(_result(size, task, encoded, measured, limits))
        latest.update(machine=machine.described(threads), rounds=rounds, complete=number + 1 == last)
        latest.update(packages=machine.packages(), date=machine.today())
        after_round(latest)

    limits.look()
    Bench(size.model, directory, task, limits.probe).run(jobs, report)
    return latest


def _result(size: Size, task: Task, encoded: list[list[int]], measured: list[Run], limits: _Limits) -> Result:
    whole = size.workload.documents
    result: Result = {
        "size": size.name,
        "title": size.title,
        "workload": summary.workload(size, task.first(whole), encoded[:whole]),
        "limits": limits.described(),
        "runs": summary.runs(size, measured, encoded, limits.in_probes()),
        "ratios": summary.ratios(measured, whole),
        "failed": summary.failures(measured),
    }
    return {**result, "goals": goals.checked(result)}


class _Limits:
    """The core's limit for each precision, looked at before, between and after the rounds."""

    def __init__(self, shapes: tuple[tuple[int, int, int], ...], dtypes: Collection[str]) -> None:
        self.probe = probe.Probe(shapes[0])
        self._shapes = shapes
        self._looks: dict[str, list[tuple[float, float]]] = {dtype: [] for dtype in {"float32", *dtypes}}

    def look(self) -> None:
        """Measure every limit once, each beside the probe."""
        for dtype, looks in self._looks.items():
            before = self.probe.speed()
            found = probe.limit(dtype, self._shapes)
            looks.append((found, found / ((before + self.probe.speed()) / 2)))

    def in_probes(self) -> dict[str, float]:
        """Return the limits in multiples of the probe, which do not move with the machine's speed."""
        return {dtype: median(ratio for _, ratio in looks) for dtype, looks in self._looks.items()}

    def described(self) -> dict[str, dict[str, float]]:
        """Return the limits in GFLOP/s (best look) and in multiples of the probe (median)."""
        ratios = self.in_probes()
        return {
            dtype: {"gflops": round(max(found for found, _ in looks), 1), "in_probes": round(ratios[dtype], 3)}
            for dtype, looks in sorted(self._looks.items())
        }
