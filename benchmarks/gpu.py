"""The package beside sentence-transformers on a CUDA device, end to end: ``make bench-gpu``.

Knows nothing of the CPU's probe: times are absolute, from texts to scores, with everything copied back.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
import time
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.sizes import QWEN, QWEN_8TURN, XLMR

if TYPE_CHECKING:
    from benchmarks.candidates.base import Candidate
    from benchmarks.sizes import Size
    from benchmarks.texts import Task

RESULT = Path(__file__).parent / "results" / "gpu.json"
DOCUMENTS = 100
_DEVICE = "cuda:0"
_WARM_UPS = 3


def sizes() -> list[Size]:
    """Return the sizes with 100 documents of 300 tokens each."""
    even: dict[str, Any] = {"documents": DOCUMENTS, "mean": 300, "shortest": 300, "longest": 300, "spread": 0.0}
    return [replace(size, workload=replace(size.workload, **even)) for size in (XLMR, QWEN, QWEN_8TURN)]


def main() -> None:
    """Measure all sizes and write the result after each."""
    options = _arguments()
    os.environ.update(TOKENIZERS_PARALLELISM="true", TQDM_DISABLE="1", HF_HUB_OFFLINE="1")
    import torch
    from rich.console import Console

    if not torch.cuda.is_available():
        sys.exit("bench-gpu needs a CUDA device, and torch sees none here. `make bench` measures the CPU.")
    from benchmarks import machine

    result: dict[str, Any] = {"device": torch.cuda.get_device_name(_DEVICE), "machine": machine.described(0)}
    result.update(packages=machine.packages(), date=machine.today(), rounds=options.rounds, sizes=[])
    result["command"] = f"make bench-gpu ROUNDS={options.rounds}"
    for size in sizes():
        result["sizes"].append(_measured(size, options.rounds))
        Console().print(result["sizes"][-1])
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def _measured(size: Size, rounds: int) -> dict[str, Any]:
    from benchmarks import goals, models, rows, summary
    from benchmarks.candidates.ours import ThisPackage
    from benchmarks.candidates.sentence_transformers import SentenceTransformers
    from benchmarks.texts import make_task

    directory = models.directory_of(size.model)
    tokenizer = rows.tokenizer_of(directory)
    task = make_task(size.workload, DOCUMENTS, rows.counter(tokenizer))
    encoded = rows.rows(size.model, tokenizer, task)
    rivals = [SentenceTransformers(f"bs{batch} bfloat16", "bfloat16", batch) for batch in (32, DOCUMENTS)]
    # float32 comes first: the others' scores are compared with its.
    candidates: tuple[Candidate, ...] = (ThisPackage("float32"), ThisPackage("bfloat16"), *rivals)
    runs = [_run(candidate, size, directory, task, rounds) for candidate in candidates]
    _compare(runs)
    result: dict[str, Any] = {
        "size": size.name,
        "title": size.title,
        "workload": summary.workload(size, task, encoded),
    }
    result.update(runs=runs, ratios=[])
    return {**result, "goals": goals.checked(result, goals.GPU_GOALS)}


def _run(candidate: Candidate, size: Size, directory: Path, task: Task, rounds: int) -> dict[str, Any]:
    """Return times and memory of one candidate; a GPU's speed is steady, so they need not be interleaved."""
    known = {
        "candidate": candidate.name,
        "ours": candidate.name.startswith("rerank_plugins"),
        "dtype": candidate.dtype,
        "documents": DOCUMENTS,
    }
    try:
        candidate.load(size.model, directory, _DEVICE)
        return {**known, **_timed(candidate, task, rounds)}
    except Exception as error:  # noqa: BLE001 - whatever another library raises is a result
        return {**known, "milliseconds": None, "scores": [], "error": f"{type(error).__name__}: {error}"[:300]}
    finally:
        candidate.close()
        gc.collect()


def _timed(candidate: Candidate, task: Task, rounds: int) -> dict[str, Any]:
    import torch

    for _ in range(_WARM_UPS):
        scores = candidate.score(task.query, task.documents, task.instruction)
    torch.cuda.synchronize()
    torch.cuda.empty_cache()
    held = torch.cuda.memory_allocated()
    torch.cuda.reset_peak_memory_stats()
    taken = []
    for _ in range(rounds):
        start = time.perf_counter()
        scores = candidate.score(task.query, task.documents, task.instruction)
        torch.cuda.synchronize()
        taken.append(1000 * (time.perf_counter() - start))
    return {
        "milliseconds": round(median(taken), 2),
        "milliseconds_min": round(min(taken), 2),
        "milliseconds_max": round(max(taken), 2),
        "max_memory_allocated_mib": round(torch.cuda.max_memory_allocated() / 2**20, 1),
        "extra_memory_mib": round((torch.cuda.max_memory_allocated() - held) / 2**20, 1),
        "scores": scores,
    }


def _compare(runs: list[dict[str, Any]]) -> None:
    """Replace each run's scores by their difference to this package's float32."""
    from benchmarks.summary import difference

    reference = runs[0]["scores"]
    for run in runs:
        run.update(difference(run.pop("scores"), reference))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--out", type=Path, default=RESULT)
    return parser.parse_args()


if __name__ == "__main__":
    main()
