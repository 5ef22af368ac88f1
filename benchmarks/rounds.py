"""Times candidates in turns, each between two probes of the machine's speed; knows no goals and no files."""

from __future__ import annotations

import sys
import time
import traceback
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from benchmarks.memory import ExtraMemory

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from benchmarks.candidates.base import Candidate
    from benchmarks.plan import Job
    from benchmarks.probe import Probe
    from benchmarks.sizes import Model
    from benchmarks.texts import Task

_WARM_UP = 2  # documents


@dataclass(slots=True)
class Timing:
    """One call.

    Attributes:
        seconds: Time on the wall.
        speed: The probe's GFLOP/s, mean of just before and just after.
        busy: Processor time over time on the wall. On one core, less than 1 means that another process took part
            of it, and the timing is worth less.
    """

    seconds: float
    speed: float
    busy: float = 1.0

    @property
    def normalised(self) -> float:
        """The time in GFLOP of the probe: what the machine could have multiplied meanwhile."""
        return self.seconds * self.speed


@dataclass(slots=True)
class Run:
    """Everything that was measured of one job; timings by round."""

    job: Job
    timings: dict[int, Timing] = field(default_factory=dict)
    extra_mib: float | None = None
    scores: list[float] = field(default_factory=list)
    error: str | None = None


class Bench:
    """The candidates of one size, loaded when they are first needed and let go after their last turn."""

    def __init__(self, model: Model, directory: Path, task: Task, probe: Probe, device: str = "cpu") -> None:
        self._model = model
        self._directory = directory
        self._task = task
        self._probe = probe
        self._device = device
        self._loaded: set[str] = set()
        self._broken: dict[str, str] = {}

    def run(self, jobs: Sequence[Job], after_round: Callable[[int, list[Run]], None]) -> list[Run]:
        """Return the measurements of all jobs, and hand them on after each round."""
        runs = [Run(job) for job in jobs]
        for number in range(max((job.rounds for job in jobs), default=0)):
            # Every other round goes backwards, so that nobody always follows the same neighbour.
            turn = runs if number % 2 == 0 else runs[::-1]
            for place, run in enumerate(turn):
                if number < run.job.rounds:
                    self._measure(run, number)
                self._let_go(run.job.candidate, number, turn[place + 1 :], runs)
            after_round(number, runs)
        return runs

    def _measure(self, run: Run, number: int) -> None:
        candidate = run.job.candidate
        try:
            if candidate.name not in self._broken:
                self._prepare(candidate)
                self._time(run, number)
        except Exception as error:  # noqa: BLE001 - whatever another library raises is a result
            traceback.print_exc(file=sys.stderr)
            self._broken[candidate.name] = _short(error, self._directory)
        run.error = self._broken.get(candidate.name)

    def _prepare(self, candidate: Candidate) -> None:
        """Load, and score two documents that do not count: the first call of anything is slower."""
        if candidate.name not in self._loaded:
            candidate.load(self._model, self._directory, self._device)
            self._loaded.add(candidate.name)
            small = self._task.first(_WARM_UP)
            candidate.score(small.query, small.documents, small.instruction)

    def _time(self, run: Run, number: int) -> None:
        task = self._task.first(run.job.documents)
        before = self._probe.speed()
        with ExtraMemory() as memory:
            start, worked = time.perf_counter(), time.process_time()
            run.scores = run.job.candidate.score(task.query, task.documents, task.instruction)
            seconds, busy = time.perf_counter() - start, time.process_time() - worked
        run.timings[number] = Timing(seconds, (before + self._probe.speed()) / 2, busy / seconds)
        if memory.mib is not None:
            run.extra_mib = max(run.extra_mib or 0.0, memory.mib)

    def _let_go(self, candidate: Candidate, number: int, rest: Sequence[Run], runs: Sequence[Run]) -> None:
        """Close the candidate if no turn of it is left: models of 2 GB must not pile up."""
        left = any(run.job.candidate.name == candidate.name and number < run.job.rounds for run in rest)
        later = any(run.job.candidate.name == candidate.name and number + 1 < run.job.rounds for run in runs)
        if candidate.name in self._loaded and not left and not later:
            candidate.close()
            self._loaded.discard(candidate.name)


def _short(error: Exception, directory: Path) -> str:
    """Return the kind of error and its first line, without this machine's paths."""
    line = (str(error).strip().splitlines() or [""])[0]
    for path, name in ((str(directory), "<model>"), (sys.prefix, "<environment>")):
        line = line.replace(path, name)
    return f"{type(error).__name__}: {line}"[:300]
