"""Many small requests at once against one large one, on this package: ``make bench-threads``.

Knows no other library: how those bear several threads is not what is asked here.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.candidates.ours import ThisPackage
    from benchmarks.texts import Task

RESULT = Path(__file__).parent / "results" / "concurrency.json"
CALLERS = 8
EACH = 10
GOALS = {"throughput_ratio": 1.0, "p99_over_p50": 1.5}
_SHARE_OF_SLOWEST = 0.99


def main() -> None:
    """Measure MiniLM on one core and write the result."""
    options = _arguments()
    os.environ.update(TOKENIZERS_PARALLELISM="false", OMP_NUM_THREADS=str(options.threads))
    from rich.console import Console

    from benchmarks import machine

    machine.pin(options.threads)
    result = {
        **measure(options.dtype, repeats=options.repeats, rounds=options.rounds),
        "machine": machine.described(options.threads),
        "packages": machine.packages(),
        "date": machine.today(),
        "command": f"make bench-threads DTYPE={options.dtype} ROUNDS={options.rounds} THREADS={options.threads}",
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    Console().print({key: result[key] for key in ("throughput_ratio", "p50_ms", "p99_ms", "p99_over_p50", "met")})


def measure(dtype: str, *, repeats: int, rounds: int) -> dict[str, Any]:
    """Return throughput and latency of 8 callers with 10 documents each, beside one caller with 80.

    Args:
        dtype: Precision of this package.
        repeats: Requests of each caller in a round.
        rounds: How often both are timed, in turns.
    """
    from benchmarks import models, rows
    from benchmarks.candidates.ours import ThisPackage
    from benchmarks.sizes import MINILM
    from benchmarks.texts import make_task

    directory = models.directory_of(MINILM.model)
    candidate = ThisPackage(dtype)
    candidate.load(MINILM.model, directory, "cpu")
    task = make_task(MINILM.workload, CALLERS * EACH, rows.counter(rows.tokenizer_of(directory)))
    candidate.score(task.query, task.documents[:2], None)
    return compared(candidate, task, repeats, rounds)


def compared(candidate: ThisPackage, task: Task, repeats: int, rounds: int) -> dict[str, Any]:
    """Return the result of a loaded candidate; every request of a caller brings the same documents."""
    together: list[float] = []
    alone: list[float] = []
    latencies: list[float] = []
    for _ in range(rounds):
        alone.append(_seconds(lambda: candidate.score(task.query, task.documents, None), repeats))
        seconds, each = _together(candidate, task, repeats)
        together.append(seconds)
        latencies += each
    ratios = [one / many for one, many in zip(alone, together, strict=True)]
    p50, p99 = median(latencies), _high(latencies)
    found = {"throughput_ratio": round(median(ratios), 3), "p99_over_p50": round(p99 / p50, 3)}
    return {
        "size": "minilm",
        "dtype": candidate.dtype,
        "callers": CALLERS,
        "documents_each": len(task.documents) // CALLERS,
        "rounds": rounds,
        "requests": len(latencies),
        "throughput_ratio": found["throughput_ratio"],
        "throughput_ratio_min": round(min(ratios), 3),
        "throughput_ratio_max": round(max(ratios), 3),
        "pairs_per_second_together": round(len(task.documents) * repeats / median(together), 1),
        "pairs_per_second_alone": round(len(task.documents) * repeats / median(alone), 1),
        "p50_ms": round(1000 * p50, 1),
        "p99_ms": round(1000 * p99, 1),
        "p99_over_p50": found["p99_over_p50"],
        "goals": GOALS,
        "met": {
            "throughput_ratio": found["throughput_ratio"] >= GOALS["throughput_ratio"],
            "p99_over_p50": found["p99_over_p50"] <= GOALS["p99_over_p50"],
        },
    }


def _together(candidate: ThisPackage, task: Task, repeats: int) -> tuple[float, list[float]]:
    """Return the seconds until all callers are done, and the latency of each request."""
    each = len(task.documents) // CALLERS
    parts = [task.documents[caller * each : (caller + 1) * each] for caller in range(CALLERS)]

    def calls(documents: Sequence[str]) -> list[float]:
        return [_seconds(lambda: candidate.score(task.query, documents, None), 1) for _ in range(repeats)]

    with ThreadPoolExecutor(CALLERS) as pool:
        start = time.perf_counter()
        latencies = [latency for each in pool.map(calls, parts) for latency in each]
        return time.perf_counter() - start, latencies


def _seconds(call: Callable[[], object], repeats: int) -> float:
    start = time.perf_counter()
    for _ in range(repeats):
        call()
    return time.perf_counter() - start


def _high(latencies: Sequence[float]) -> float:
    """Return the latency that 99 % of requests stay within (the slowest, if there are fewer than 100)."""
    ordered = sorted(latencies)
    return ordered[min(int(_SHARE_OF_SLOWEST * len(ordered)), len(ordered) - 1)]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.concurrency", description=__doc__)
    parser.add_argument("--dtype", default="float32", choices=("float32", "bfloat16", "int8"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--repeats", type=int, default=5, help="requests of each caller in a round")
    parser.add_argument("--threads", type=int, default=1, help="1 also pins the process to one core")
    parser.add_argument("--out", type=Path, default=RESULT)
    return parser.parse_args()


if __name__ == "__main__":
    main()
