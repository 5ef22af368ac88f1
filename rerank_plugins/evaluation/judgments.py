"""Qrels and runs in the forms of TREC and BEIR, and what they make with texts; knows no folder layout.

A qrels line is ``query iteration document grade`` (TREC, any whitespace) or ``query document grade`` (BEIR, tabs,
with a heading). A run line is ``query Q0 document rank score tag`` (TREC).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rerank_plugins.errors import ArgumentError
from rerank_plugins.evaluation.data import Candidate, JudgedQuery
from rerank_plugins.evaluation.lines import numbered_lines

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

Qrels = dict[str, dict[str, int]]
Run = dict[str, list[str]]


def read_qrels(path: Path) -> Qrels:
    """Return grades by query id and document id.

    Raises:
        ArgumentError: There is no such file; a line is none of the two forms, a grade is no whole number, or
            the file is empty.
    """
    qrels: Qrels = {}
    for place, (where, line) in enumerate(numbered_lines(path)):
        query, document, grade = _qrels_fields(line, where)
        if place == 0 and _whole(grade) is None:
            continue  # BEIR's heading: query-id, corpus-id, score
        value = _whole(grade)
        if value is None:
            raise ArgumentError(f"{where}: the grade must be a whole number, got {grade[:20]!r}.")
        qrels.setdefault(query, {})[document] = value
    if not qrels:
        raise ArgumentError(f"{path.name} holds no judgment. Give lines of query, document and grade.")
    return qrels


def read_run(path: Path) -> Run:
    """Return candidate ids by query id, highest score first; equal scores keep the order of their lines.

    The column of ranks is not read, as trec_eval does not read it either.

    Raises:
        ArgumentError: There is no such file; a line has not six columns, a score is no number, or the file is
            empty.
    """
    scored: dict[str, list[tuple[float, str]]] = {}
    for where, line in numbered_lines(path):
        fields = line.split()
        if len(fields) != 6:
            raise ArgumentError(
                f"{where}: a run has 6 columns (query Q0 document rank score tag), got {len(fields)}."
            )
        score = _number(fields[4])
        if score is None:
            raise ArgumentError(f"{where}: the score (column 5) must be a number, got {fields[4][:20]!r}.")
        scored.setdefault(fields[0], []).append((score, fields[2]))
    if not scored:
        raise ArgumentError(f"{path.name} holds no candidate. Give lines: query Q0 document rank score tag.")
    return {query: [name for _, name in sorted(found, key=lambda one: -one[0])] for query, found in scored.items()}


def joined(
    run: Run, qrels: Qrels, queries: Mapping[str, str], documents: Mapping[str, str]
) -> tuple[JudgedQuery, ...]:
    """Return a query for each id that is in the run or in the qrels, in the order of ``queries``.

    Raises:
        ArgumentError: The run or the qrels name a query, or the run a document, that has no text.
    """
    wanted = {**qrels, **run}
    _check_known("queries", "qrels", sorted(qrels), queries)
    _check_known("queries", "run", sorted(run), queries)
    _check_known("documents", "run", sorted({name for names in run.values() for name in names}), documents)
    return tuple(
        JudgedQuery(
            query,
            text,
            tuple(Candidate(name, documents[name]) for name in run.get(query, ())),
            qrels.get(query, {}),
        )
        for query, text in queries.items()
        if query in wanted
    )


def check_documents(qrels: Qrels, documents: Mapping[str, str]) -> None:
    """Raise ``ArgumentError`` if the qrels name a document that a whole corpus does not have."""
    _check_known("documents", "qrels", sorted({name for grades in qrels.values() for name in grades}), documents)


def _check_known(what: str, source: str, names: Sequence[str], known: Mapping[str, str]) -> None:
    unknown = [name for name in names if name not in known]
    if unknown:
        shown = ", ".join(repr(name[:40]) for name in unknown[:3]) + (", ..." if len(unknown) > 3 else "")
        raise ArgumentError(
            f"The {source} name {len(unknown)} of {len(names)} {what} that have no text: {shown}. "
            f"Check that {source} and {what} are of the same data set, and that ids are written the same way."
        )


def _qrels_fields(line: str, where: str) -> tuple[str, str, str]:
    tabbed = line.split("\t")
    fields = tabbed if len(tabbed) == 3 else line.split()
    match fields:
        case (query, document, grade) | (query, _, document, grade):
            return query, document, grade.strip()
    raise ArgumentError(
        f"{where}: qrels have 4 columns (query iteration document grade) or, with tabs, 3 (query document grade), "
        f"got {len(fields)}."
    )


def _whole(text: str) -> int | None:
    try:
        return int(text)
    except ValueError:
        return None


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if value == value else None  # noqa: PLR0124 - NaN has no place in an order
