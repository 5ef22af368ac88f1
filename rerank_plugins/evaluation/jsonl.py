"""Reads one JSON Lines file that holds everything: a query, its candidates and which of them are relevant.

{"query": "...", "documents": ["...", "..."], "relevant": [0]}
{"id": "q2", "query": "...", "documents": [{"id": "a", "text": "..."}], "relevant": {"a": 2, "b": 1}}
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rerank_plugins.errors import ArgumentError
from rerank_plugins.evaluation.data import Candidate, Dataset, JudgedQuery
from rerank_plugins.evaluation.lines import id_of, json_objects, kind, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from os import PathLike


def read_jsonl(path: str | PathLike[str]) -> Dataset:
    """Return the queries of a file, one on each line.

    ``documents`` holds strings, whose ids are their indices, or objects with ``id`` and ``text``, in the first
    stage's order. ``relevant`` is a list of indices or ids, or an object of grades by id; an id that is no
    candidate is a relevant document that the first stage missed. ``id`` may be left out: it is the line's number
    then.

    Raises:
        ArgumentError: There is no such file; a line is malformed, or an index is beyond the documents.
    """
    home = Path(path)
    return Dataset(home.name, tuple(_query(record, where) for where, record in json_objects(home)))


def _query(record: dict[str, Any], where: str) -> JudgedQuery:
    name = id_of(record, where) if {"id", "_id"} & set(record) else where.rpartition(" ")[2]
    candidates = tuple(
        _candidate(value, place, where) for place, value in enumerate(_list(record, "documents", where))
    )
    return JudgedQuery(name, text_of(record, "query", where), candidates, _grades(record, candidates, where))


def _candidate(value: object, place: int, where: str) -> Candidate:
    if isinstance(value, str):
        return Candidate(str(place), value)
    there = f"{where}, documents[{place}]"
    if not isinstance(value, dict):
        raise ArgumentError(f'{there}: expected a string or {{"id", "text"}}, got {kind(value)}.')
    # An id that is a number would be taken for an index in "relevant", so ids are strings here.
    return Candidate(text_of(value, "id", there), text_of(value, "text", there))


def _grades(record: dict[str, Any], candidates: Sequence[Candidate], where: str) -> dict[str, int]:
    given = record.get("relevant")
    if isinstance(given, dict):
        return _graded(given, where)
    return {_named(one, candidates, where): 1 for one in _list(record, "relevant", where)}


def _graded(given: Mapping[str, object], where: str) -> dict[str, int]:
    for name, grade in given.items():
        if isinstance(grade, bool) or not isinstance(grade, int):
            raise ArgumentError(f'{where}: "relevant" must give {name[:40]!r} a whole number, got {kind(grade)}.')
    return {name: grade for name, grade in given.items() if isinstance(grade, int)}


def _named(one: object, candidates: Sequence[Candidate], where: str) -> str:
    if isinstance(one, str):
        return one
    if isinstance(one, bool) or not isinstance(one, int):
        raise ArgumentError(f'{where}: "relevant" must hold indices or ids, got {kind(one)}.')
    if not 0 <= one < len(candidates):
        raise ArgumentError(
            f'{where}: "relevant" names document {one}, but there are {len(candidates)}; they count from 0.'
        )
    return candidates[one].id


def _list(record: dict[str, Any], name: str, where: str) -> list[Any]:
    value = record.get(name)
    if not isinstance(value, list):
        raise ArgumentError(f'{where}: "{name}" must be a list, got {kind(value)}.')
    return value
