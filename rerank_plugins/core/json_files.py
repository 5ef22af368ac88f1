"""Reads a JSON file of a checkpoint that may be hostile; knows no keys and no models."""

from __future__ import annotations

import json
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, TypeVar

from rerank_plugins.errors import CheckpointMismatchError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_T = TypeVar("_T", dict[str, Any], list[Any])
_V = TypeVar("_V")

MOST_BYTES = 2**28
"""More than any real file holds (the largest are tokenizers of about 35 MB), and less than harms a machine."""
_WORDS: dict[type, str] = {dict: "an object", list: "a list", str: "a string", int: "a whole number"}


def stays_inside(filename: str) -> bool:
    """Return whether a name that a checkpoint gives stays in its directory; links in there may lead anywhere.

    The hub's cache is made of links to files elsewhere, so they are followed.
    """
    path = PurePath(filename)
    return not path.is_absolute() and ".." not in path.parts and "\\" not in filename and "\0" not in filename


def read_json(directory: Path, filename: str, kind: type[_T], *, name: str) -> _T:
    """Return what a file holds, or an empty ``kind`` where there is no such file.

    Args:
        directory: The checkpoint's.
        filename: Relative to it.
        kind: ``dict`` or ``list``.
        name: What error messages call the model.

    Raises:
        CheckpointMismatchError: The file is elsewhere, too large, damaged, or holds something else.
    """
    if not stays_inside(filename):
        raise CheckpointMismatchError(
            f"{name}: {filename!r} leads out of the checkpoint's directory. Only files in there are read; correct "
            "the path in modules.json, or download the model again."
        )
    path = directory / filename
    if not path.is_file():
        return kind()
    found = _parsed(path, f"{name}: {filename}")
    if not isinstance(found, kind):
        raise CheckpointMismatchError(
            f"{name}: {filename} must hold {_WORDS[kind]}, but holds {type(found).__name__}. "
            "Download or save it again."
        )
    return found


def typed(values: Mapping[str, Any], key: str, kind: type[_V], *, where: str) -> _V:
    """Return a value of a JSON object, or an empty ``kind`` where it is missing or null.

    Raises:
        CheckpointMismatchError: The value has another type.
    """
    value = values.get(key)
    if value is None:
        return kind()
    if not isinstance(value, kind) or isinstance(value, bool):
        raise CheckpointMismatchError(
            f"{where}: {key!r} must be {_WORDS[kind]}, but is {type(value).__name__}. Download or save it again."
        )
    return value


def _parsed(path: Path, where: str) -> object:
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise CheckpointMismatchError(
            f"{where} has {size:,} bytes; at most {MOST_BYTES:,} are read. This is no file of a reranker."
        )
    try:
        return json.loads(path.read_text(encoding="utf-8"), parse_constant=_constant)
    except RecursionError as error:
        raise CheckpointMismatchError(
            f"{where} is nested too deeply to be read. This is no file of a reranker."
        ) from error
    except ValueError as error:
        raise CheckpointMismatchError(
            f"{where} is not valid JSON ({error}). Download or save it again."
        ) from error


def _constant(word: str) -> float:
    """Return infinity, which some configurations hold; NaN is refused, because it passes every comparison."""
    if word == "NaN":
        raise ValueError("it holds NaN, which is no JSON")
    return float(word)
