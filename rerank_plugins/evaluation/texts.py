"""Texts of queries and documents by id, from JSON Lines as BEIR writes them or from tab-separated lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rerank_plugins.errors import ArgumentError
from rerank_plugins.evaluation.lines import id_of, json_objects, numbered_lines, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def read_texts(path: Path) -> dict[str, str]:
    """Return text by id, in the file's order.

    A name that ends in ``.tsv`` or ``.txt`` is read as ``id<TAB>text``, every other as JSON Lines with ``_id`` (or
    ``id``), ``text`` and maybe ``title``, which is put before the text with a blank between, as BEIR does.

    Raises:
        ArgumentError: There is no such file; a line is not of that form, an id occurs twice, or the file is empty.
    """
    texts: dict[str, str] = {}
    for where, name, text in _tabbed(path) if path.suffix in {".tsv", ".txt"} else _json(path):
        if name in texts:
            raise ArgumentError(f"{where}: the id {name[:40]!r} occurred before. Give each text an id of its own.")
        texts[name] = text
    if not texts:
        raise ArgumentError(f"{path.name} is empty. Give one text on each line.")
    return texts


def _json(path: Path) -> Iterator[tuple[str, str, str]]:
    for where, record in json_objects(path):
        text = text_of(record, "text", where)
        title = text_of(record, "title", where) if record.get("title") is not None else ""
        yield where, id_of(record, where), f"{title} {text}" if title else text


def _tabbed(path: Path) -> Iterator[tuple[str, str, str]]:
    for where, line in numbered_lines(path):
        name, tab, text = line.partition("\t")
        if not tab:
            raise ArgumentError(f"{where}: expected id<TAB>text, got a line without a tab.")
        yield where, name, text
