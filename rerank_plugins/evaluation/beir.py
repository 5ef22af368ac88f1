"""Reads a folder in BEIR's layout: ``corpus.jsonl``, ``queries.jsonl``, ``qrels/SPLIT.tsv``; knows no measure.

Layout: https://github.com/beir-cellar/beir/wiki/Load-your-custom-dataset
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rerank_plugins.errors import ArgumentError
from rerank_plugins.evaluation.data import Dataset
from rerank_plugins.evaluation.judgments import check_documents, joined, read_qrels, read_run
from rerank_plugins.evaluation.texts import read_texts

if TYPE_CHECKING:
    from os import PathLike

MOST_WITHOUT_RUN = 1000
"""Documents of a corpus that may all be candidates of every query; more want a first stage."""


def read_beir(folder: str | PathLike[str], *, run: str | PathLike[str] | None = None, split: str = "") -> Dataset:
    """Return the queries of one split.

    Args:
        folder: Where ``corpus.jsonl``, ``queries.jsonl`` and ``qrels/`` are.
        run: Candidates as a TREC run; without it every document of the corpus, in its own order, is a candidate of
            every query, which is allowed up to 1000 documents.
        split: Which file of ``qrels/`` to take, ``"test"`` for ``qrels/test.tsv``; ``""`` takes ``test.tsv`` if it
            is there, else the only one.

    Raises:
        ArgumentError: A file is not there; a line is malformed, an id is unknown, or there is no run
            and the corpus is too large.
    """
    home = Path(folder)
    qrels = read_qrels(_qrels_path(home, split))
    documents, queries = read_texts(home / "corpus.jsonl"), read_texts(home / "queries.jsonl")
    check_documents(qrels, documents)
    if run is not None:
        return Dataset(home.resolve().name, joined(read_run(Path(run)), qrels, queries, documents))
    if len(documents) > MOST_WITHOUT_RUN:
        raise ArgumentError(
            f"{home.name} has {len(documents)} documents and no candidates. Retrieve some for each query first "
            f"(BM25, a vector index) and give them as a TREC run: --run FILE, or run= of read_beir()."
        )
    every = joined({query: list(documents) for query in qrels}, qrels, queries, documents)
    return Dataset(home.resolve().name, every, (_NO_RUN.format(len(documents)),))


_NO_RUN = (
    "There is no run, so all {} documents are candidates of every query, and the baseline is the corpus's own "
    "order, which says nothing about a first stage."
)


def _qrels_path(home: Path, split: str) -> Path:
    files = sorted((home / "qrels").glob("*.tsv"))
    names = [path.stem for path in files]
    if not files:
        raise ArgumentError(f"There is no qrels/*.tsv in {home}. Give a folder in BEIR's layout.")
    if split and split not in names:
        raise ArgumentError(f"{home.name} has no split {split!r}, it has {', '.join(names)}. Change --split.")
    if not split and "test" not in names and len(names) > 1:
        raise ArgumentError(f"{home.name} has several splits: {', '.join(names)}. Choose one with --split.")
    return home / "qrels" / f"{split or ('test' if 'test' in names else names[0])}.tsv"
