"""A result as tables for the terminal; measures nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

    Row = Mapping[str, Any]

_RUN_HEADS = (
    *("candidate", "dtype", "documents", "rounds", "pairs/s", "GFLOP/s", "of limit", "extra MiB"),
    *("score difference", "Spearman"),
)

_BUSY = 0.95


def show(result: Row, console: Console) -> None:
    """Print speeds, ratios, failures and goals."""
    console.print(_runs(result))
    console.print(_ratios(result))
    for name, error in dict.fromkeys((failed["candidate"], failed["error"]) for failed in result["failed"]):
        console.print(f"not run: {name} ({error})", markup=False, style="yellow")
    console.print(_goals(result))
    shared = [run["candidate"] for run in result["runs"] if min(run["busy"]) < _BUSY]
    if shared:
        names = ", ".join(dict.fromkeys(shared))
        console.print(f"another process took part of the core while these were timed: {names}", style="yellow")


def _runs(result: Row) -> Table:
    table = _table(f"{result['title']}: speed, memory and scores", *_RUN_HEADS)
    for run in result["runs"]:
        memory, difference = run["extra_memory_mib"], run["score_difference"]
        table.add_row(
            run["candidate"],
            run["dtype"],
            str(run["documents"]),
            str(run["rounds"]),
            f"{run['pairs_per_second']:.1f}",
            f"{run['useful_gflops']:.0f}",
            _percent(run["share_of_limit"]),
            "" if memory is None else f"{memory:.0f}",
            "" if difference is None else f"{difference:.1e}",
            "" if run["spearman"] is None else f"{run['spearman']:.3f}",
        )
    return table


def _ratios(result: Row) -> Table:
    table = _table(
        f"{result['title']}: this package is so many times faster", "over", "documents", "dtype", "ratio"
    )
    for row in result["ratios"]:
        spread = f"{row['median']:.2f} ({row['min']:.2f} to {row['max']:.2f}, {row['rounds']} rounds)"
        table.add_row(row["over"], str(row["documents"]), row["dtype"], spread)
    return table


def _goals(result: Row) -> Table:
    table = _table(f"{result['title']}: goals", "goal", "dtype", "wanted", "found", "")
    for goal in result["goals"]:
        found, wanted = goal["found"], goal["wanted"]
        state = {True: "[green]met[/]", False: "[red]missed[/]", None: "not measured"}[goal["met"]]
        name = goal["what"] if goal["over"] is None else f"{goal['what']} over {goal['over']}"
        table.add_row(name, goal["dtype"], f"{wanted:g}", "" if found is None else f"{found:.3g}", state)
    return table


def _table(title: str, *heads: str) -> Table:
    table = Table(title=title, title_justify="left")
    for place, head in enumerate(heads):
        table.add_column(head, justify="left" if place == 0 else "right")
    return table


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.0f} %"
