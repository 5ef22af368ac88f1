"""Everything the demo reports, as values and as JSON; measures nothing and prints nothing."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import machine
import numpy as np
from evaluation import METRICS
from trial import FIRST_STAGE, disagreements

if TYPE_CHECKING:
    from collections.abc import Sequence

    from corpus import Passage, Question
    from evaluation import Quality
    from trial import Trial

    from rerank_plugins.core.info import RerankerInfo


@dataclass(frozen=True, kw_only=True, slots=True)
class Corpus:
    """What is searched, and what is asked; ``dropped`` questions have no topic in this Python."""

    passages: Sequence[Passage]
    questions: Sequence[Question]
    dropped: int


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadedModel:
    """The model that all pipelines share, and how long loading took, imports of transformers included."""

    info: RerankerInfo
    cache_size: int | None
    load_seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """The demo's results.

    Attributes:
        reranked: Passages by question id, best first.
        before: Quality of the first stage.
        after: Quality of ``reranked``.
    """

    corpus: Corpus
    model: LoadedModel
    trial: Trial
    reranked: dict[str, list[Passage]]
    before: Quality
    after: Quality
    peak_mib: float | None

    @property
    def disagreements(self) -> list[str]:
        """Where the frameworks' scores differ."""
        return disagreements(self.trial)

    @property
    def scores_checked(self) -> int:
        """How many (question, passage) pairs each framework scored."""
        return sum(map(len, self.reranked.values()))

    @property
    def changes(self) -> dict[str, float]:
        """Change of the reciprocal rank by question id, lowest first; nDCG, then the id, decide between equals."""
        keys = [question.id for question in self.corpus.questions]
        return {key: self._change(key)[0] for key in sorted(keys, key=lambda key: (self._change(key), key))}

    @property
    def won_lost_equal(self) -> tuple[int, int, int]:
        """How many questions' reciprocal rank rose, fell and stayed."""
        changes = self.changes.values()
        return sum(c > 0 for c in changes), sum(c < 0 for c in changes), sum(c == 0 for c in changes)

    @property
    def milliseconds(self) -> dict[str, dict[str, float | None]]:
        """Time per query of the first stage and of each framework; "again" is the median of repeated questions."""
        first, again = self.trial.first_seconds, self.trial.again_seconds
        return {
            name: {
                "median": _milliseconds(first[name], 50),
                "p95": _milliseconds(first[name], 95),
                "again": _milliseconds(again[name], 50),
            }
            for name in (FIRST_STAGE, *self.trial.after)
        }

    def _change(self, key: str) -> tuple[float, ...]:
        return tuple(self.after.per_question[name][key] - self.before.per_question[name][key] for name in METRICS)


def _milliseconds(seconds: Sequence[float], percentile: int) -> float | None:
    return 1000 * float(np.percentile(seconds, percentile)) if seconds else None


def as_json(outcome: Outcome) -> dict[str, Any]:
    """Return every number as plain types."""
    corpus, model = outcome.corpus, outcome.model
    return {
        "machine": machine.described(),
        "model": {**asdict(model.info), "cache_size": model.cache_size},
        "load_seconds": model.load_seconds,
        "passages": len(corpus.passages),
        "questions": {"used": len(corpus.questions), "dropped": corpus.dropped},
        "quality": {"first_stage": outcome.before.means(), "reranked": outcome.after.means()},
        "by_reciprocal_rank": dict(zip(("won", "lost", "equal"), outcome.won_lost_equal, strict=True)),
        "milliseconds": outcome.milliseconds,
        "peak_memory_mib": outcome.peak_mib,
        "identical_scores": not outcome.disagreements,
        "scores_checked": outcome.scores_checked,
        "reciprocal_ranks": {
            "first_stage": outcome.before.per_question["mrr@10"],
            "reranked": outcome.after.per_question["mrr@10"],
        },
    }
