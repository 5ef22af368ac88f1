"""How scores of relevant documents and of others lie, and which threshold parts them best; knows no model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rerank_plugins.evaluation.data import JudgedQuery

BINS = 24
LEAST_GAIN = 0.02
_NARROW = 1e-9


@dataclass(frozen=True, kw_only=True, slots=True)
class Threshold:
    """A score to cut at, and what keeping ``score >= value`` gives on these data.

    Attributes:
        value: On the scale of ``RerankerInfo.score_kind``.
        f1: 2 * precision * recall / (precision + recall).
        precision: Share of relevant documents among those kept.
        recall: Share of the relevant candidates that are kept.
        kept: Share of all candidates that are kept.
        f1_of_all: What keeping every candidate gives; where ``f1`` is hardly more, no threshold helps.
    """

    value: float
    f1: float
    precision: float
    recall: float
    kept: float
    f1_of_all: float

    @property
    def helps(self) -> bool:
        """Whether cutting there gains anything worth a setting over keeping all."""
        return self.f1 >= self.f1_of_all + LEAST_GAIN


@dataclass(frozen=True, kw_only=True, slots=True)
class Distribution:
    """Counts of documents by score, in bins of equal width between neighbouring ``edges``."""

    edges: tuple[float, ...]
    relevant: tuple[int, ...]
    other: tuple[int, ...]


def separated(
    queries: Sequence[JudgedQuery], scores: Mapping[str, Mapping[str, float]]
) -> tuple[Distribution | None, Threshold | None]:
    """Return the distribution of all scores and the threshold of highest F1; None where there are none."""
    pairs = [
        (score, query.grades.get(name, 0) > 0)
        for query in queries
        for name, score in scores.get(query.id, {}).items()
    ]
    if not pairs:
        return None, None
    values = np.array([score for score, _ in pairs])
    relevant = np.array([right for _, right in pairs])
    return _distribution(values, relevant), _threshold(values, relevant)


def _distribution(
    values: np.ndarray[Any, np.dtype[np.float64]], relevant: np.ndarray[Any, np.dtype[np.bool_]]
) -> Distribution:
    low, high = values.min(), values.max()
    # Scores that differ by rounding only would make bins too narrow to be told apart.
    room = 0.5 if high - low < _NARROW * max(1.0, abs(high)) else 0.0
    edges = np.histogram_bin_edges(values, bins=BINS, range=(low - room, high + room))
    right, other = (np.histogram(values[chosen], bins=edges)[0] for chosen in (relevant, ~relevant))
    return Distribution(edges=tuple(edges.tolist()), relevant=tuple(right.tolist()), other=tuple(other.tolist()))


def _threshold(
    values: np.ndarray[Any, np.dtype[np.float64]], relevant: np.ndarray[Any, np.dtype[np.bool_]]
) -> Threshold | None:
    """Return the lowest score to keep for the highest F1; of equal ones the highest, which keeps the fewest."""
    if not relevant.any() or relevant.all():
        return None
    order = np.argsort(-values, kind="stable")
    hits = np.cumsum(relevant[order])
    kept = np.arange(1, len(values) + 1)
    f1 = 2 * hits / (kept + hits[-1])
    # Equal scores are kept or cut together, so a cut can lie only where the next score is lower.
    f1[np.append(np.diff(values[order]) == 0, False)] = -1
    best = int(np.argmax(f1))
    return Threshold(
        value=float(values[order][best]),
        f1=float(f1[best]),
        precision=float(hits[best] / kept[best]),
        recall=float(hits[best] / hits[-1]),
        kept=float(kept[best] / len(values)),
        f1_of_all=float(2 * hits[-1] / (len(values) + hits[-1])),
    )
