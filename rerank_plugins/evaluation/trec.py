"""Reads a TREC run and qrels, with the texts they name; knows no folder layout and no measure."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rerank_plugins.evaluation.data import Dataset
from rerank_plugins.evaluation.judgments import joined, read_qrels, read_run
from rerank_plugins.evaluation.texts import read_texts

if TYPE_CHECKING:
    from os import PathLike


def read_trec(
    *,
    run: str | PathLike[str],
    qrels: str | PathLike[str],
    queries: str | PathLike[str],
    corpus: str | PathLike[str],
) -> Dataset:
    """Return the queries of a run and its qrels, as trec_eval would read them.

    A judged query that the run does not have has no candidates and so counts as 0. A judged document needs no text
    if it is no candidate.

    Args:
        run: ``query Q0 document rank score tag`` on each line; ordered by score, ties keep the order of lines.
        qrels: ``query iteration document grade`` on each line, or three columns with tabs.
        queries: Texts of queries: ``id<TAB>text`` in a ``.tsv`` or ``.txt``, else JSON Lines with ``_id`` and
            ``text``.
        corpus: Texts of documents, in the same forms; at least those that the run names.

    Raises:
        ArgumentError: A file is not there; a line is malformed, or an id has no text.
    """
    found = joined(
        read_run(Path(run)), read_qrels(Path(qrels)), read_texts(Path(queries)), read_texts(Path(corpus))
    )
    return Dataset(Path(run).name, found)
