"""The results as tables for a terminal; measures nothing and prints nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rerank_plugins.errors import MissingExtraError
from rerank_plugins.evaluation.rows import (
    between_head,
    between_rows,
    quality_head,
    quality_rows,
    speed_head,
    speed_rows,
)
from rerank_plugins.evaluation.saying import thresholds, verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Group
    from rich.table import Table

    from rerank_plugins.evaluation.report import Evaluation


def tables(evaluation: Evaluation) -> Group:
    """Return what ``rich.console.Console().print`` shows: verdicts, quality, speed, thresholds, notes.

    Raises:
        MissingExtraError: rich is not installed.
    """
    try:
        from rich.console import Group
        from rich.text import Text
    except ModuleNotFoundError as error:
        raise MissingExtraError('Tables need rich: pip install "rerank-plugins[evaluate]"') from error
    names = {one.label: one.label for one in evaluation.models}
    return Group(
        *(Text(verdict(one, evaluation), style=_style(one.comparison.change)) for one in evaluation.models),
        _table(quality_head(evaluation), quality_rows(evaluation)),
        *([_table(between_head(evaluation), between_rows(evaluation, names))] if evaluation.between else []),
        _table(speed_head(evaluation), speed_rows(evaluation)),
        *(Text(text) for text in thresholds(evaluation)),
        *(Text(f"Note: {note}", style="yellow") for note in (*evaluation.skipped, *evaluation.notes)),
    )


def _style(change: float) -> str:
    return "bold red" if change < 0 else "bold"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for place, name in enumerate(head):
        table.add_column(name, justify="right" if place else "left", overflow="fold", no_wrap=place > 0)
    for row in rows:
        table.add_row(*map(Text, row))  # Text, because a label may hold rich's own markup
    return table
