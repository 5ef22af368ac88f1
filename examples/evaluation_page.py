"""The demo's last step: the same model on the same questions by ``evaluate``, as a page; knows no framework."""

from __future__ import annotations

from typing import TYPE_CHECKING

from python_questions import relevant_to

from rerank_plugins import evaluate
from rerank_plugins.evaluation import Candidate, Dataset, JudgedQuery

if TYPE_CHECKING:
    from pathlib import Path

    from corpus import Passage
    from outcome import Outcome

    from rerank_plugins import Reranker

DEPTH = 20


def write_page(reranker: Reranker, outcome: Outcome, path: Path) -> None:
    """Rerank the first candidates of every question once more, timed alone, and write the report."""
    found = evaluate(dataset(outcome), [(reranker.info.model, reranker)], depth=DEPTH)
    path.parent.mkdir(parents=True, exist_ok=True)
    found.write_html(path)


def dataset(outcome: Outcome) -> Dataset:
    """Return the demo's questions with BM25's passages; passages of a right topic are relevant."""
    corpus = outcome.corpus
    queries = (
        JudgedQuery(
            question.id,
            question.text,
            tuple(candidate(passage) for passage in outcome.trial.before[question.id]),
            {passage.id: 1 for passage in relevant_to(question, corpus.passages)},
        )
        for question in corpus.questions
    )
    return Dataset("Python's language reference", tuple(queries))


def candidate(passage: Passage) -> Candidate:
    """Return the passage as an evaluation takes it."""
    return Candidate(passage.id, passage.text)
