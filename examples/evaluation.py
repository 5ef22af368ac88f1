"""Whether the right topics come first, measured by ranx; knows no model and no framework."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ranx import Qrels, Run, evaluate

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from corpus import Passage, Question

METRICS = ("mrr@10", "ndcg@10")


@dataclass(frozen=True, slots=True)
class Quality:
    """The value of each metric for each question id."""

    per_question: Mapping[str, Mapping[str, float]]

    def means(self) -> dict[str, float]:
        """Return each metric's mean over the questions."""
        return {name: sum(values.values()) / len(values) for name, values in self.per_question.items()}


def measured(questions: Sequence[Question], rankings: Mapping[str, Sequence[Passage]]) -> Quality:
    """Return the quality of a ranking of passages per question id."""
    qrels = Qrels({question.id: dict.fromkeys(question.topics, 1) for question in questions})
    run = Run({question.id: _falling(topics_in_order(rankings[question.id])) for question in questions})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the compiler's remarks on ranx
        evaluate(qrels, run, list(METRICS))
    return Quality({name: {key: float(value) for key, value in run.scores[name].items()} for name in METRICS})


def topics_in_order(passages: Iterable[Passage]) -> list[str]:
    """Return topics by their best passage (MaxP); the topics of one passage come in alphabetical order."""
    return list(dict.fromkeys(topic for passage in passages for topic in sorted(passage.topics)))


def _falling(topics: Sequence[str]) -> dict[str, float]:
    """Return scores that say only the order, so that ties can move nothing."""
    return {topic: float(len(topics) - place) for place, topic in enumerate(topics)}
