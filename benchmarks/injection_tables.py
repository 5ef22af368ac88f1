"""The tables of ``docs/injection.md``, from the result file; measures nothing."""

from __future__ import annotations

import re
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Rows = Sequence[Mapping[str, Any]]

PAGE = Path(__file__).parents[1] / "docs/injection.md"


def write(result: Mapping[str, Any]) -> None:
    """Put the tables into the page."""
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), result), encoding="utf-8")


def filled(page: str, result: Mapping[str, Any]) -> str:
    """Return the page with its tables as the result gives them."""
    tables = {
        "run": run(result),
        "control": control(result["embedded"]),
        "semantic": semantic(result["embedded"]),
        "tiny": tiny(result["tiny"]),
    }
    for name, table in tables.items():
        place = re.compile(f"(<!-- {name} -->\n).*?(<!-- end -->)", flags=re.DOTALL)
        page, count = place.subn(lambda found, text=table: f"{found[1]}{text}\n{found[2]}", page)
        if count != 1:
            raise ValueError(f"docs/injection.md must have one place for the table {name!r}, but has {count}.")
    return page


def run(result: Mapping[str, Any]) -> str:
    """Return what was run."""
    versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    gap = result["embedded"][0]["mean_gap"]
    return (
        f"{result['attacks']} attacks on {result['questions']} questions, {result['date']}; {versions}. "
        f"Scores are cosines; the relevant document stands {gap:.3f} above the irrelevant one on average."
    )


def control(rows: Rows) -> str:
    """Return the attacks that spell control tokens beside the same with the tokens broken up."""
    head = "| attack | mean shift | tokens broken up | control ids added |\n| --- | --- | --- | --- |"
    lines = [
        f"| {row['attack']} | {row['mean_shift']:+.3f} | {row['broken_up']['mean_shift']:+.3f} "
        f"| {row['control_ids_added']} |"
        for row in rows
        if row["kind"] == "control"
    ]
    return "\n".join([head, *lines])


def semantic(rows: Rows) -> str:
    """Return the other attacks, the strongest first."""
    head = "| attack | mean shift | largest shift | above the relevant document |\n| --- | --- | --- | --- |"
    found = sorted((row for row in rows if row["kind"] == "semantic"), key=lambda row: -row["mean_shift"])
    lines = [
        f"| {row['attack']} | {row['mean_shift']:+.3f} | {row['max_shift']:+.3f} | {row['over_relevant']} of 5 |"
        for row in found
    ]
    return "\n".join([head, *lines])


def tiny(families: Mapping[str, Rows]) -> str:
    """Return one row per family on random weights."""
    head = "| family | control ids added | control tokens | broken up | other attacks |\n" + "| --- " * 5 + "|"
    return "\n".join([head, *(_family(name, rows) for name, rows in families.items())])


def _family(name: str, rows: Rows) -> str:
    spelled = [row for row in rows if row["kind"] == "control"]
    other = [row for row in rows if row["kind"] == "semantic"]
    added = max(row["control_ids_added"] for row in spelled)
    sizes = (_size(spelled), _size([row["broken_up"] for row in spelled]), _size(other))
    return " | ".join([f"| `{name}`", str(added), *(f"{size:.3f}" for size in sizes)]) + " |"


def _size(rows: Rows) -> float:
    return mean(abs(row["mean_shift"]) for row in rows)
