"""The bar that counts queries; knows no model."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from rerank_plugins.errors import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def bar(total: int, *, shown: bool) -> Iterator[Callable[[], None]]:
    """Give a function that counts one query; the bar is on stderr and goes away at the end.

    Raises:
        MissingExtraError: rich is not installed.
    """
    if not shown:
        yield lambda: None
        return
    try:
        from rich.console import Console
        from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn
    except ModuleNotFoundError as error:
        raise MissingExtraError('The bar needs rich: pip install "rerank-plugins[evaluate]"') from error
    columns = (*Progress.get_default_columns()[:-1], MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown_bar:
        task = shown_bar.add_task("queries", total=total)
        yield lambda: shown_bar.advance(task)
