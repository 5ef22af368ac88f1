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
    """Draw one panel of bars for each size: median, and a line from the slowest to the fastest round."""
    from matplotlib.figure import Figure

    bars = [_bars(result) for result in found]
    figure = Figure(figsize=(_INCHES, 0.6 * len(found) + 0.26 * sum(map(len, bars))), layout="constrained")
    heights = [len(rows) + 1.5 for rows in bars]
    panels = figure.subplots(len(found), 1, squeeze=False, sharex=True, height_ratios=heights)[:, 0]
    for result, rows, panel in zip(found, bars, panels, strict=True):
        _ratio_panel(panel, result, rows)
    panels[-1].set_xlabel("times faster than the other library on the same documents")
    return figure


def _bars(result: Result) -> list[Mapping[str, Any]]:
    return [row for row in result["ratios"] if row["main"]]


def _ratio_panel(panel: Any, result: Result, rows: Sequence[Mapping[str, Any]]) -> None:
    places = range(len(rows))
    medians = [row["median"] for row in rows]
    errors = [[row["median"] - row["min"] for row in rows], [row["max"] - row["median"] for row in rows]]
    colours = [_COLOURS[row["dtype"]] for row in rows]
    panel.barh(places, medians, xerr=errors, color=colours, error_kw={"elinewidth": 1, "capsize": 2})
    for place, row in zip(places, rows, strict=True):
        panel.text(row["max"] * 1.04, place, f"{row['median']:.1f}", va="center", fontsize=8)
    panel.set_yticks(places, [_label(row, result) for row in rows], fontsize=8)
    panel.invert_yaxis()
    panel.set_xscale("log")
    panel.set_xticks([1, 2, 5, 10, 20, 50], ["1", "2", "5", "10", "20", "50"])
    panel.axvline(1, color="black", linewidth=0.8)
    panel.set_title(f"{result['title']}, {result['workload']['documents']} documents", fontsize=10, loc="left")
    panel.spines[["top", "right"]].set_visible(False)


def _label(row: Mapping[str, Any], result: Result) -> str:
    fewer = row["documents"] != result["workload"]["documents"]
    return f"{row['dtype']} over {row['over']}" + (f" ({row['documents']} documents)" if fewer else "")


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
        panel.grid(visible=True, which="major", color="#dddddd")
        panel.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylabel("seconds, one core")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize=8)
    return figure
