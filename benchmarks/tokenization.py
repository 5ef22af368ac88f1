"""Times how rows are written, beside the ways that tokenize the query again for each document: no model runs.

Run by ``make bench-tokenization``, which writes ``benchmarks/results/tokenization.json``. Text is Python's own
language reference.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from pydoc_data.topics import topics
from statistics import median
from typing import Any

from transformers import PreTrainedTokenizerFast

from rerank_plugins.core.checkpoint import Checkpoint
from rerank_plugins.core.family import Limits
from rerank_plugins.core.registry import by_name
from rerank_plugins.core.sources import embedded_directory
from rerank_plugins.core.tokenization import TextTokenizer

ROOT = Path(__file__).parents[1]
RESULT = ROOT / "benchmarks/results/tokenization.json"
QUERY = "how do I close a file when an error happens"
INSTRUCTION = "Prefer passages about exceptions over passages about syntax. " * 40
SHORTEST, LONGEST = 20, 180
GOLDEN_RATIO = (5**0.5 - 1) / 2
LIMIT = 512
PADDING = "[PAD]"
ROUNDS = 15

Ways = dict[str, Callable[[], object]]


@dataclass(frozen=True, slots=True)
class Workload:
    """What is tokenized: documents with one query for one family."""

    family: str
    tokenizer: str
    directory: Path
    documents: int
    instruction: str | None = None


def main() -> None:
    """Measure everything and write the result."""
    tiny = ROOT / "tests/golden/mxbai_v2/checkpoint"
    workloads = [
        Workload("cross-encoder", "all-MiniLM-L6-v2 (BERT)", embedded_directory(), 60),
        Workload("cross-encoder", "all-MiniLM-L6-v2 (BERT)", embedded_directory(), 100),
        Workload("mxbai-v2", "tiny one of the tests (BPE)", tiny, 100),
        Workload("mxbai-v2", "tiny one of the tests (BPE)", tiny, 100, INSTRUCTION),
    ]
    result = {
        "machine": described(),
        "rounds": ROUNDS,
        "words_per_document": [SHORTEST, LONGEST],
        "runs": [run(workload, one_thread=alone) for workload in workloads for alone in (True, False)],
    }
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    for found in result["runs"]:
        sys.stdout.write(f"{json.dumps(found)}\n")


def run(workload: Workload, *, one_thread: bool) -> dict[str, Any]:
    """Return the times of all ways, which take turns, and how many times as fast as each of them ours is."""
    os.environ["TOKENIZERS_PARALLELISM"] = "false" if one_thread else "true"
    ways, tokens = prepared(workload)
    rounds = [{name: seconds(way) for name, way in ways.items()} for _ in range(ROUNDS)]
    others = [name for name in ways if name != "ours"]
    ratios = {name: sorted(found[name] / found["ours"] for found in rounds) for name in others}
    return {
        "family": workload.family,
        "tokenizer": workload.tokenizer,
        "documents": workload.documents,
        "instruction_words": len((workload.instruction or "").split()),
        "tokens": tokens,
        "threads": 1 if one_thread else described()["cores"],
        "milliseconds": {name: round(1000 * median(found[name] for found in rounds), 2) for name in ways},
        "ratio": {
            name: {"median": round(median(all_of), 2), "min": round(all_of[0], 2), "max": round(all_of[-1], 2)}
            for name, all_of in ratios.items()
        },
    }


def prepared(workload: Workload) -> tuple[Ways, int]:
    """Return the ways to tokenize a workload, and how many tokens our rows have."""
    family = by_name(workload.family)
    tokenizer = TextTokenizer(Checkpoint(workload.directory, name=workload.family))
    stock = PreTrainedTokenizerFast(tokenizer_file=str(workload.directory / "tokenizer.json"), pad_token=PADDING)
    documents = passages()[: workload.documents]
    limits = Limits(LIMIT if workload.family == "cross-encoder" else 8192)

    def ours() -> Any:
        return family.template.rows(tokenizer, QUERY, documents, instruction=workload.instruction, limits=limits)

    rows = ours()
    tokens = sum(len(row.ids) for row in rows)
    if workload.family != "cross-encoder":  # one text for each document, as it is written in the prompt
        prompts = [stock.decode(row.ids) for row in rows]
        return {"ours": ours, "one by one": lambda: [stock(prompt).input_ids for prompt in prompts]}, tokens

    def one_by_one() -> list[list[int]]:
        return [stock(QUERY, text, truncation=True, max_length=LIMIT).input_ids for text in documents]

    def padded() -> object:
        pairs = [(QUERY, text) for text in documents]
        return stock(pairs, padding=True, truncation=True, max_length=LIMIT, return_tensors="pt")

    if [list(row.ids) for row in rows] != one_by_one():
        raise RuntimeError("the ids differ, so the times say nothing")
    return {"ours": ours, "one by one": one_by_one, "pairs, padded": padded}, tokens


def passages() -> list[str]:
    """Return texts of 20 to 180 words, 100 in the mean, evenly spread in a fixed order without a pattern."""
    words = " ".join(topics[name] for name in sorted(topics)).split()
    texts = []
    start = 0
    while start < len(words) - LONGEST:
        size = SHORTEST + round((LONGEST - SHORTEST) * (len(texts) * GOLDEN_RATIO % 1))
        texts.append(" ".join(words[start : start + size]))
        start += size
    return texts


def seconds(way: Callable[[], object]) -> float:
    """Return how long one call takes."""
    started = time.perf_counter()
    way()
    return time.perf_counter() - started


def described() -> dict[str, Any]:
    """Return processor, versions and date."""
    facts = Path("/proc/cpuinfo")
    lines = facts.read_text(encoding="utf-8").splitlines() if facts.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return {
        "cpu": names[0] if names else platform.processor() or platform.machine(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in ("tokenizers", "transformers", "torch")},
        "date": datetime.now(timezone.utc).date().isoformat(),
    }


if __name__ == "__main__":
    main()
