"""Text files by lines, with errors that name file and line and never show a document; knows no data set."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from rerank_plugins.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def numbered_lines(path: Path) -> Iterator[tuple[str, str]]:
    """Yield ``("FILE, line N", text)`` for each line that is not blank.

    Raises:
        ArgumentError: There is no such file; it is not UTF-8.
    """
    if not path.is_file():
        raise ArgumentError(f"There is no file {path}. Check the path, or leave the option out if it has one.")
    try:
        # Not splitlines: U+2028 and its like may stand inside a JSON string.
        with path.open(encoding="utf-8-sig") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield f"{path.name}, line {number}", line.rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise ArgumentError(f"{path.name} is not UTF-8 text. Convert it to UTF-8.") from error


def json_objects(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield ``("FILE, line N", object)`` for each line of a JSON Lines file.

    Raises:
        ArgumentError: There is no such file; a line is no JSON object.
    """
    for where, line in numbered_lines(path):
        try:
            value = json.loads(line)
        except json.JSONDecodeError as error:
            raise ArgumentError(
                f"{where}: not JSON ({error.msg} at column {error.colno}). Put one JSON object on each line."
            ) from None  # the cause's own attributes hold the line
        if not isinstance(value, dict):
            raise ArgumentError(f"{where}: expected a JSON object, got {kind(value)}.")
        yield where, value


def text_of(record: dict[str, Any], name: str, where: str) -> str:
    """Return a string of an object.

    Raises:
        ArgumentError: It is missing or no string.
    """
    value = record.get(name)
    if not isinstance(value, str):
        raise ArgumentError(f'{where}: "{name}" must be a string, got {kind(value)}.')
    return value


def id_of(record: dict[str, Any], where: str) -> str:
    """Return the id, under ``_id`` as BEIR writes it or under ``id``; numbers are taken as their digits.

    Raises:
        ArgumentError: There is none.
    """
    value = record.get("_id", record.get("id"))
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise ArgumentError(f'{where}: "_id" (or "id") must be a string, got {kind(value)}.')
    return str(value)


def kind(value: object) -> str:
    """Return what JSON calls the type of a value: errors name types, never texts."""
    names = {bool: "true or false", str: "a string", int: "a number", float: "a number", list: "a list"}
    return "nothing" if value is None else names.get(type(value), "an object")
