"""The goals, as data, and whether a result meets them; measures nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, kw_only=True, slots=True)
class Goal:
    """A number that a result must reach.

    Attributes:
        size: On which size.
        what: ``"ratio"`` (speed over a rival), ``"share"`` (of the core's limit), ``"memory"`` (extra, in MiB) or
            ``"milliseconds"``; the first two must be at least the number, the others at most.
        dtype: The precision of this package.
        wanted: The number.
        over: The rival of a ratio.
    """

    size: str
    what: str
    dtype: str
    wanted: float
    over: str | None = None

    @property
    def at_least(self) -> bool:
        """Whether more is better."""
        return self.what in {"ratio", "share"}


def _ratios(size: str, over: str, **wanted: float) -> tuple[Goal, ...]:
    return tuple(
        Goal(size=size, what="ratio", dtype=dtype, wanted=number, over=over) for dtype, number in wanted.items()
    )


def _each(what: str, sizes: Iterable[str], **wanted: float) -> tuple[Goal, ...]:
    return tuple(
        Goal(size=size, what=what, dtype=dtype, wanted=number)
        for size in sizes
        for dtype, number in wanted.items()
    )


_ST = "sentence-transformers"
GOALS: tuple[Goal, ...] = (
    *_ratios("minilm", f"{_ST} tuned float32", float32=2.0),
    *_ratios("minilm", f"{_ST} tuned bfloat16", bfloat16=1.5, int8=1.6),
    *_ratios("minilm", f"{_ST} default", float32=3.4, bfloat16=6.0, int8=6.5),
    *_ratios("minilm", "FlagEmbedding default", float32=13.0, bfloat16=23.0),
    *_ratios("minilm", "rerankers default", float32=5.5, bfloat16=10.0),
    *_ratios("xlmr", f"{_ST} tuned float32", float32=2.2),
    *_ratios("xlmr", f"{_ST} tuned bfloat16", bfloat16=1.5, int8=2.0),
    *_ratios("xlmr", f"{_ST} default", float32=3.8, bfloat16=7.4, int8=9.8),
    *_ratios("qwen", f"{_ST} tuned bfloat16", bfloat16=1.5, int8=2.2),
    *_ratios("qwen", "mxbai-rerank tuned", float32=3.6, bfloat16=7.3, int8=10.0),
    *_ratios("qwen", "mxbai-rerank default", float32=6.2, bfloat16=12.0, int8=18.0),
    *_ratios("qwen-8turn", f"{_ST} tuned float32", float32=5.0),
    *_ratios("qwen-8turn", f"{_ST} tuned bfloat16", bfloat16=5.0),
    *_each("memory", ("qwen",), float32=65.0, bfloat16=65.0),
    *_each("share", ("xlmr", "qwen"), float32=0.80, bfloat16=0.78, int8=0.57),
)
# On an H200, 100 documents of 300 tokens, end to end.
GPU_GOALS: tuple[Goal, ...] = tuple(
    Goal(size=size, what="milliseconds", dtype="bfloat16", wanted=wanted)
    for size, wanted in (("xlmr", 12.0), ("qwen", 56.0), ("qwen-8turn", 60.0))
)


def checked(result: Mapping[str, Any], goals: Iterable[Goal] = GOALS) -> list[dict[str, Any]]:
    """Return each goal of this result's size with what was found; ``met`` is ``None`` where nothing was."""
    rows = []
    for goal in goals:
        if goal.size == result["size"]:
            found = _found(goal, result)
            met = None if found is None else (found >= goal.wanted if goal.at_least else found <= goal.wanted)
            row = {"what": goal.what, "over": goal.over, "dtype": goal.dtype, "wanted": goal.wanted}
            rows.append({**row, "found": found, "met": met})
    return rows


def _found(goal: Goal, result: Mapping[str, Any]) -> float | None:
    """Return the number of the main measurement, or ``None``."""
    if goal.what == "ratio":
        fits = [row for row in result["ratios"] if row["over"] == goal.over and row["dtype"] == goal.dtype]
        return next((row["median"] for row in fits if row["main"]), None)
    whole = result["workload"]["documents"]
    own = [run for run in result["runs"] if run["ours"] and run["dtype"] == goal.dtype]
    key = {"share": "share_of_limit", "memory": "extra_memory_mib", "milliseconds": "milliseconds"}[goal.what]
    return next((run[key] for run in own if run["documents"] == whole and run[key] is not None), None)
