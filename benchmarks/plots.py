"""Result files as pictures for the README; measures nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    Result = Mapping[str, Any]

SIZES = ("minilm", "xlmr", "qwen", "qwen-8turn")
_COLOURS = {"float32": "#4477aa", "bfloat16": "#228833", "int8": "#cc6677"}
_INCHES = 9.0
_THICK = 0.28
"""Of a bar, where rows are 1 apart."""


def results(directory: Path, sizes: Sequence[str] = SIZES) -> list[Result]:
    """Return the results with all precisions that are there, in the order of the sizes."""
    paths = [directory / f"{size}-all.json" for size in sizes]
    return [json.loads(path.read_text(encoding="utf-8")) for path in paths if path.exists()]


def draw(directory: Path) -> list[Path]:
    """Write ``ratios.png`` and ``time.png`` beside the results, and return what was written."""
    import matplotlib as mpl

    mpl.use("agg")
    found = results(directory)
    drawn = [(_draw_ratios, "ratios.png", [one for one in found if one["ratios"]])]
    drawn.append((_draw_time, "time.png", [one for one in found if len(_points(one)) > 1]))
    written = []
    for drawing, name, fitting in drawn:
        if fitting:
            figure = drawing(fitting)
            figure.savefig(directory / name, dpi=120, facecolor="white", bbox_inches="tight")
            written.append(directory / name)
    return written


def _draw_ratios(found: Sequence[Result]) -> Any:
    """Draw one panel for each size: a row for each rival, a bar for each precision.

    A bar ends at the median; the line on it goes from the smallest to the largest round.
    """
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    rivals = [_rivals(result) for result in found]
    rows = [len(names) + 1.2 for names in rivals]
    figure = Figure(figsize=(_INCHES, 0.42 * sum(rows) + 0.6), layout="constrained")
    panels = figure.subplots(len(found), 1, squeeze=False, sharex=True, height_ratios=rows)[:, 0]
    for result, names, panel in zip(found, rivals, panels, strict=True):
        _ratio_panel(panel, result, names)
    panels[-1].set_xlabel("times faster than the other library on the same documents")
    patches = [Patch(color=colour, label=f"rerank_plugins {dtype}") for dtype, colour in _COLOURS.items()]
    figure.legend(handles=patches, loc="outside lower center", ncols=len(patches), fontsize=8)
    return figure


def _rivals(result: Result) -> dict[str, list[Mapping[str, Any]]]:
    """Return the ratios of each rival's main measurement, tuned ones first."""
    rivals: dict[str, list[Mapping[str, Any]]] = {}
    for row in sorted(result["ratios"], key=lambda row: "tuned" not in row["over"]):
        if row["main"]:
            fewer = row["documents"] != result["workload"]["documents"]
            name = row["over"] + (f", {row['documents']} documents" if fewer else "")
            rivals.setdefault(name, []).append(row)
    return rivals


def _ratio_panel(panel: Any, result: Result, rivals: Mapping[str, list[Mapping[str, Any]]]) -> None:
    for place, rows in enumerate(rivals.values()):
        for turn, row in enumerate(rows):
            _bar(panel, place + _THICK * (turn - (len(rows) - 1) / 2), row)
    panel.set_yticks(range(len(rivals)), list(rivals), fontsize=8)
    panel.set_ylim(len(rivals) - 0.5, -0.5)
    panel.set_xscale("log")
    panel.set_xticks([1, 2, 5, 10, 20, 50], ["1", "2", "5", "10", "20", "50"])
    panel.axvline(1, color="black", linewidth=0.8)
    panel.set_title(f"{result['title']}, {result['workload']['documents']} documents", fontsize=10, loc="left")
    panel.spines[["top", "right"]].set_visible(False)


def _bar(panel: Any, place: float, row: Mapping[str, Any]) -> None:
    """Draw from 1, equally fast, to the ratio; what is slower goes to the left."""
    median, low, high = row["median"], row["min"], row["max"]
    panel.barh(place, median - 1, left=1, height=0.9 * _THICK, color=_COLOURS[row["dtype"]])
    panel.plot([low, high], [place, place], color="black", linewidth=1, marker="|", markersize=4)
    panel.text(max(high, 1) * 1.04, place, f"{median:.2g}", va="center", fontsize=7)


def _points(result: Result) -> dict[str, list[tuple[int, float]]]:
    """Return documents and seconds of everything that was timed at several numbers of documents."""
    curves: dict[str, list[tuple[int, float]]] = {}
    for run in result["runs"]:
        if run["documents"] in result["workload"]["curve"]:
            curves.setdefault(run["candidate"], []).append((run["documents"], run["milliseconds"] / 1000))
    return {name: sorted(points) for name, points in curves.items() if len(points) > 1}


def _draw_time(found: Sequence[Result]) -> Any:
    """Draw one panel of lines for each size, solid for this package, dashed for the other."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_INCHES, 3.6), layout="constrained")
    panels = figure.subplots(1, len(found), squeeze=False)[0]
    for result, panel in zip(found, panels, strict=True):
        for name, points in _points(result).items():
            dtype = next(run["dtype"] for run in result["runs"] if run["candidate"] == name)
            ours = name.startswith("rerank_plugins")
            style = {"linestyle": "-" if ours else "--", "marker": "o" if ours else "s", "markersize": 4}
            panel.plot(*zip(*points, strict=True), color=_COLOURS[dtype], label=name, **style)
        panel.set(xscale="log", yscale="log", xlabel="documents")
        panel.set_title(result["title"].replace("with the ", "with\n").replace(", 8", ",\n8"), fontsize=9)
        panel.set_xticks(result["workload"]["curve"], [str(point) for point in result["workload"]["curve"]])
        panel.yaxis.set_major_formatter("{x:g}")
        for axis in (panel.xaxis, panel.yaxis):
            axis.set_minor_formatter("")
        panel.grid(visible=True, which="major", color="#dddddd")
        panel.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylabel("seconds, one core")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize=8)
    return figure
