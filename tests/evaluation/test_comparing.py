"""The test of significance, and the threshold, against what can be counted by hand."""

from __future__ import annotations

import pytest
from toys import query

from rerank_plugins.evaluation.comparing import compared
from rerank_plugins.evaluation.separating import separated


def values(*numbers: float) -> dict[str, float]:
    return {f"q{place}": number for place, number in enumerate(numbers)}


def test_few_queries_are_tested_exactly() -> None:
    """Of the 16 ways to flip four signs only two are as far from 0 as all up."""
    found = compared(values(0, 0, 0, 0), values(0.1, 0.2, 0.3, 0.4))
    assert found.p_value == pytest.approx(2 / 16)
    assert (found.better, found.worse, found.equal, found.significant) == (4, 0, 0, False)
    assert found.change == pytest.approx(0.25)


def test_many_losses_are_significant_and_the_same_every_time() -> None:
    before, after = values(*[0.5] * 40), values(*[0.4] * 35, *[0.55] * 5)
    first, again = compared(before, after), compared(before, after)
    assert first == again
    assert first.significant
    assert first.change < 0
    assert (first.better, first.worse, first.equal) == (5, 35, 0)


@pytest.mark.parametrize("number", [1, 5])
def test_no_difference_is_no_evidence(number: int) -> None:
    found = compared(values(*[0.3] * number), values(*[0.3 + 1e-12] * number))
    assert (found.p_value, found.equal, found.change) == (1.0, number, 0.0)


def test_one_query_is_never_significant() -> None:
    assert compared(values(0), values(1)).p_value == 1.0


def test_the_threshold_has_the_highest_f1() -> None:
    asked = query("q", dict.fromkeys("abcd", ""), {"a": 1, "c": 2})
    _, found = separated([asked], {"q": {"a": 0.9, "b": 0.8, "c": 0.7, "d": 0.1}})
    assert found.value == 0.7  # F1 by cut: 2/3, 1/2, 4/5, 2/3
    assert (found.f1, found.precision, found.recall, found.kept) == pytest.approx((0.8, 2 / 3, 1, 0.75))
    assert found.f1_of_all == pytest.approx(2 / 3)
    assert found.helps


def test_equal_scores_are_kept_or_cut_together() -> None:
    asked = query("q", dict.fromkeys("abc", ""), {"a": 1})
    _, found = separated([asked], {"q": {"a": 0.5, "b": 0.5, "c": 0.1}})
    assert (found.value, found.precision) == (0.5, 0.5)


@pytest.mark.parametrize("grades", [{}, {"a": 1, "b": 1}])
def test_there_is_no_threshold_where_nothing_is_to_be_parted(grades: dict[str, int]) -> None:
    asked = query("q", dict.fromkeys("ab", ""), grades)
    distribution, threshold = separated([asked], {"q": {"a": 0.5, "b": 0.1}})
    assert threshold is None
    assert sum(distribution.relevant) == len(grades)
    assert sum(distribution.other) == 2 - len(grades)


@pytest.mark.parametrize("step", [0.0, 1e-16])
def test_scores_that_differ_by_rounding_only_still_have_a_distribution(step: float) -> None:
    asked = query("q", dict.fromkeys("abc", ""), {"a": 1})
    found, _ = separated([asked], {"q": {"a": 1.0, "b": 1.0 - step, "c": 1.0 - 2 * step}})
    assert (sum(found.relevant), sum(found.other)) == (1, 2)
    assert found.edges[-1] - found.edges[0] == pytest.approx(1)


def test_nothing_scored_is_no_distribution() -> None:
    assert separated([query("q", {}, {"a": 1})], {}) == (None, None)
