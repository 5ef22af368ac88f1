"""The demo's last step: the same model on the same questions by ``evaluate``, as a page; knows no framework."""

from __future__ import annotations

from typing import TYPE_CHECKING

from python_questions import relevant_to

from rerank_plugins import evaluate, load
from rerank_plugins.evaluation import Candidate, Dataset, JudgedQuery

if TYPE_CHECKING:
    from pathlib import Path

    from corpus import Passage
    from outcome import Outcome

DEPTH = 20


def write_page(model: str, outcome: Outcome, path: Path) -> None:
    """Rerank the first candidates of every question once more, timed alone, and write the report.

    The model is loaded anew and keeps nothing: with vectors that the demo has kept, times would not be honest.
    """
    found = evaluate(dataset(outcome), [(model, lambda: load(model, cache_size=0))], depth=DEPTH)
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
