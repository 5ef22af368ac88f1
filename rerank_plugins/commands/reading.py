"""Documents from a file or from standard input, for the command line; knows no model."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rerank_plugins.errors import ArgumentError
from rerank_plugins.evaluation.lines import numbered_lines

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Entry:
    """One document: its text, and the object it came in, if it did."""

    text: str
    given: dict[str, object] | None = None


def read_entries(path: str, *, field: str, jsonl: bool) -> list[Entry]:
    """Return the documents of a file; ``"-"`` is standard input.

    Args:
        path: Lines of text, or JSONL: each line a string, or an object with the text under ``field``.
        field: Where the text of an object is.
        jsonl: Whether the lines are JSON; a file whose name ends with ``.jsonl`` is JSON anyway.

    Raises:
        ArgumentError: There is no such file, nothing to read, or a line is not what it should be; then the message
            gives its number and not its text.
    """
    is_json = jsonl or path.endswith(".jsonl")
    return [_entry(line, where, field) if is_json else Entry(line) for where, line in _lines(path)]


def _lines(path: str) -> Iterator[tuple[str, str]]:
    """Yield each line that is not blank, and what errors call it."""
    if path != "-":
        yield from numbered_lines(Path(path))
        return
    if sys.stdin.isatty():
        raise ArgumentError("No documents: give a file with one per line, or pipe them in.")
    for number, line in enumerate(sys.stdin, start=1):
        if line.strip():
            yield f"Line {number}", line.rstrip("\n")


def _entry(line: str, where: str, field: str) -> Entry:
    try:
        value = json.loads(line)
    except ValueError as error:
        raise ArgumentError(f"{where} is not JSON ({error}). For lines of text leave --jsonl out.") from None
    if isinstance(value, str):
        return Entry(value)
    if not isinstance(value, dict) or not isinstance(value.get(field), str):
        raise ArgumentError(
            f"{where} must be a string or an object with a string under {field!r}. Name it with --field."
        )
    return Entry(value[field], value)
