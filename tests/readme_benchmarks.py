"""The benchmark's part of the README, written from the committed result files; measures nothing.

``readme_table`` puts it between its marks.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
SIZES = ("minilm", "xlmr", "qwen", "qwen-8turn")
DTYPES = ("float32", "bfloat16", "int8")
NOTHING = "not measured yet"
HEAD = "| workload | over | float32 | bfloat16 | int8 |\n| --- | --- | --- | --- | --- |"


def benchmarks(results: Path = RESULTS) -> str:
    """Return tables, pictures and where the numbers are from; ``not measured yet`` where there is no result."""
    found = [read(results, f"{size}-all.json") for size in SIZES]
    measured = [result for result in found if result is not None]
    if not measured:
        return f"Speed beside other libraries: {NOTHING} (`make bench`)."
    parts = [speed(measured), pictures(results), own(measured), failed(measured), where(measured)]
    parts += [threads(read(results, "concurrency.json")), gpu(read(results, "gpu.json"))]
    return "\n\n".join(part for part in parts if part)


def read(results: Path, name: str) -> dict[str, Any] | None:
    path = results / name
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def speed(found: list[dict[str, Any]]) -> str:
    """Return how many times faster than each rival, tuned ones first: the honest comparison."""
    rows = [
        f"| {label(result, ratios)} | {over} | {' | '.join(cell(ratios, dtype) for dtype in DTYPES)} |"
        for result in found
        for over, ratios in rivals(result)
    ]
    said = "Times faster than the other library, same documents, one core: median (smallest to largest round)."
    return "\n".join([said, "", HEAD, *rows])


def rivals(result: dict[str, Any]) -> list[tuple[str, list[dict[str, Any]]]]:
    main = [row for row in result["ratios"] if row["main"]]
    names = sorted(dict.fromkeys(row["over"] for row in main), key=lambda name: "tuned" not in name)
    return [(name, [row for row in main if row["over"] == name]) for name in names]


def label(result: dict[str, Any], ratios: list[dict[str, Any]]) -> str:
    return f"{result['title']}, {ratios[0]['documents']} documents"


def cell(ratios: list[dict[str, Any]], dtype: str) -> str:
    row = next((row for row in ratios if row["dtype"] == dtype), None)
    if row is None:
        return ""
    spread = "" if row["rounds"] == 1 else f" ({row['min']:.2g} to {row['max']:.2g})"
    return f"{row['median']:.2g}{spread}"


def pictures(results: Path) -> str:
    """Return the pictures that are there."""
    known = {"ratios.png": "Times faster than other libraries", "time.png": "Time against number of documents"}
    there = {name: text for name, text in known.items() if (results / name).exists()}
    return "\n\n".join(f"![{text}](benchmarks/results/{name})" for name, text in there.items())


def own(found: list[dict[str, Any]]) -> str:
    """Return this package's own speed, share of the limit, memory and score difference."""
    head = "| workload | dtype | pairs/s | of the core's limit | extra memory | difference to float32 | Spearman |"
    rows = [
        own_row(result, run)
        for result in found
        for run in result["runs"]
        if run["ours"] and run["documents"] == result["workload"]["documents"]
    ]
    return "\n".join([head, "| --- " * 7 + "|", *rows])


def own_row(result: dict[str, Any], run: dict[str, Any]) -> str:
    memory = "" if run["extra_memory_mib"] is None else f"{run['extra_memory_mib']:.0f} MiB"
    share = "" if run["share_of_limit"] is None else f"{100 * run['share_of_limit']:.0f} %"
    ranks = "" if run["spearman"] is None else f"{run['spearman']:.3f}"
    values = (f"{run['pairs_per_second']:.3g}", share, memory, f"{run['score_difference']:.1g}", ranks)
    return f"| {result['title']} | {run['dtype']} | {' | '.join(values)} |"


def failed(found: list[dict[str, Any]]) -> str:
    rows = dict.fromkeys(
        f"* {result['title']}: {row['candidate']} could not be run ({row['error']})"
        for result in found
        for row in result["failed"]
    )
    return "\n".join(rows)


def where(found: list[dict[str, Any]]) -> str:
    machine, packages = found[0]["machine"], found[0]["packages"]
    names = ("torch", "transformers", "sentence-transformers", "FlagEmbedding", "rerankers", "mxbai-rerank")
    versions = ", ".join(f"{name} {packages[name]}" for name in names if name in packages)
    dates = " and ".join(sorted({result["date"] for result in found}))
    return (
        f"Random weights of true size, {machine['cpu']}, {machine['threads']} thread, {versions}, {dates}, by "
        "`make bench`. What every column means, and what was given fewer documents or rounds, is in "
        "[benchmarks/README.md](benchmarks/README.md)."
    )


def threads(result: dict[str, Any] | None) -> str:
    if result is None:
        return f"Several threads at once: {NOTHING} (`make bench-threads`)."
    return (
        f"{result['callers']} threads with {result['documents_each']} documents each reach "
        f"{result['throughput_ratio']:.2f} times the throughput of one thread with all of them; the median "
        f"request takes {result['p50_ms']:.0f} ms, the slowest percent more than {result['p99_ms']:.0f} ms "
        "(`make bench-threads`)."
    )


def gpu(result: dict[str, Any] | None) -> str:
    """Return absolute times on a GPU."""
    if result is None:
        return f"On a GPU: {NOTHING} (`make bench-gpu`)."
    head = f"On {result['device']}, 100 documents of 300 tokens, from texts to scores, in milliseconds:"
    table = ["| workload | candidate | median | slowest | peak memory |", "| --- " * 5 + "|"]
    table += [gpu_row(size, run) for size in result["sizes"] for run in size["runs"]]
    return "\n".join([head, "", *table])


def gpu_row(size: dict[str, Any], run: dict[str, Any]) -> str:
    if run["milliseconds"] is None:
        return f"| {size['title']} | {run['candidate']} | could not be run: {run['error']} | | |"
    values = (run["milliseconds"], run["milliseconds_max"])
    times = " | ".join(f"{value:.1f}" for value in values)
    return f"| {size['title']} | {run['candidate']} | {times} | {run['max_memory_allocated_mib']:.0f} MiB |"
