"""Whether a change of quality is more than chance, query by query; knows no model and no measure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rerank_plugins.errors import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Mapping

FEW_QUERIES = 30
LEVEL = 0.05
RESAMPLES = 9999
_SAME = 1e-9
"""Differences below are rounding."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """One measure with reranking against the same measure without it, over the same queries.

    Attributes:
        change: Mean of the differences; above 0 is better with reranking.
        p_value: Of a two-sided paired permutation test; 1 where nothing differs.
        better: Queries whose measure rose.
        worse: Queries whose measure fell.
        equal: Queries whose measure stayed.
    """

    change: float
    p_value: float
    better: int
    worse: int
    equal: int

    @property
    def significant(self) -> bool:
        """Whether the test rejects "no difference" at 5%."""
        return self.p_value < LEVEL


def compared(before: Mapping[str, float], after: Mapping[str, float]) -> Comparison:
    """Return the comparison of two values for each query; the keys must be the same.

    The test flips the signs of the differences at random (all ways where there are at most 9999), with a fixed
    seed. Source: Smucker, Allan and Carterette, "A comparison of statistical significance tests for information
    retrieval evaluation", CIKM 2007, who recommend it for measures like these.

    Raises:
        MissingExtraError: scipy is not installed.
    """
    changes = np.array([after[name] - before[name] for name in before])
    changes[np.abs(changes) < _SAME] = 0.0
    better, worse = int((changes > 0).sum()), int((changes < 0).sum())
    return Comparison(
        change=float(changes.mean()),
        p_value=_p_value(changes),
        better=better,
        worse=worse,
        equal=len(changes) - better - worse,
    )


def _p_value(changes: np.ndarray[Any, np.dtype[np.float64]]) -> float:
    if len(changes) < 2 or not changes.any():
        return 1.0  # both signs of one difference are as likely, and no difference is no evidence
    try:
        from scipy.stats import permutation_test
    except ModuleNotFoundError as error:
        raise MissingExtraError('The test needs scipy: pip install "rerank-plugins[evaluate]"') from error
    result = permutation_test(
        (changes,),
        np.mean,
        permutation_type="samples",
        vectorized=True,
        n_resamples=RESAMPLES,
        batch=1000,
        rng=np.random.default_rng(0),
    )
    return float(result.pvalue)
