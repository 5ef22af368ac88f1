"""Writes the generated parts of the README: families from ``families()``, demo and benchmark from result files.

Run by ``make readme``, checked by a test.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from readme_benchmarks import benchmarks

from rerank_plugins import families

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
FAMILIES_HEAD = "| family | models | instruction | max_length | license | scores as in |\n" + "| --- " * 6 + "|"
DEMO_HEAD = "| | BM25 | reranked | difference |\n| --- | --- | --- | --- |"


def families_table() -> str:
    """Return one row per family."""
    return "\n".join([FAMILIES_HEAD, *(family_row(family) for family in families())])


def family_row(family: Any) -> str:
    models = "<br>".join(f"`{model}`" for model in family.models) or "any of this kind"
    longest = "the checkpoint's" if family.max_length is None else f"{family.max_length}"
    instruction = "none" if family.instruction is None else family.instruction.replace("<", "&lt;")
    return f"| `{family.name}` | {models} | {instruction} | {longest} | {family.license} | {family.source} |"


def demo() -> str:
    """Return what the demo gained and what it cost, from both of its result files."""
    kept, anew = results("demo.json"), results("demo-no-cache.json")
    return f"{quality(kept)}\n\n{cost(kept, anew)}"


def results(name: str) -> dict[str, Any]:
    return json.loads((ROOT / "benchmarks/results" / name).read_text(encoding="utf-8"))


def quality(run: dict[str, Any]) -> str:
    before, after = run["quality"]["first_stage"], run["quality"]["reranked"]
    rows = [
        f"| {label} | {before[name]:.3f} | {after[name]:.3f} | {after[name] - before[name]:+.3f} |"
        for name, label in (("mrr@10", "MRR@10"), ("ndcg@10", "nDCG@10"))
    ]
    won, lost, equal = (run["by_reciprocal_rank"][name] for name in ("won", "lost", "equal"))
    asked = (
        f"{run['questions']['used']} questions over {run['passages']} passages of CPython's language reference, "
        "50 passages reranked for each, with the embedded model:"
    )
    said = (
        f"{won} questions got better, {lost} worse, {equal} stayed; the three frameworks gave identical scores "
        f"for all {run['scores_checked']} pairs."
    )
    return "\n".join([asked, "", DEMO_HEAD, *rows, "", said])


def cost(kept: dict[str, Any], anew: dict[str, Any]) -> str:
    """Return load time, time per query and memory; the slowest framework's whole pipeline counts."""
    where = kept["machine"]
    frameworks = [name for name in kept["milliseconds"] if name != "BM25"]
    slow, fast = (max(run["milliseconds"][name]["median"] for name in frameworks) for run in (anew, kept))
    return (
        f"Loading took {kept['load_seconds']:.1f} s. A query took {slow:.0f} ms where every passage is read "
        f"anew, and {fast:.0f} ms where the bi-encoder keeps the vectors of passages that earlier questions met "
        "(medians of the slowest framework's whole pipeline). Peak memory was "
        f"{kept['peak_memory_mib']:.0f} MiB, frameworks included. Measured on {where['cpu']}, "
        f"{where['cores']} cores, "
        f"Python {where['python']}, torch {where['packages']['torch']}, {where['date']}, by `make demo-results`; "
        "see `benchmarks/results`."
    )


PARTS = {"families": families_table, "demo": demo, "benchmarks": benchmarks}


def marks(name: str) -> tuple[str, str]:
    return f"<!-- {name}: start -->", f"<!-- {name}: end -->"


def current(name: str) -> str:
    """Return what stands in the README."""
    start, end = marks(name)
    return README.read_text(encoding="utf-8").split(start)[1].split(end)[0].strip()


def write() -> None:
    """Put every part into the README."""
    for name, part in PARTS.items():
        start, end = marks(name)
        before, _, rest = README.read_text(encoding="utf-8").partition(start)
        README.write_text(f"{before}{start}\n{part()}\n{end}{rest.partition(end)[2]}", encoding="utf-8")


if __name__ == "__main__":
    write()
