"""Measures are those computed by hand, and no tie rule of a library touches them."""

from __future__ import annotations

from math import log2

import pytest
from toys import indifferent, query

from rerank_plugins.evaluation.measures import best_order, means, quality
from rerank_plugins.evaluation.runs import run

GRADED = query("a", {"x": "", "y": "", "z": ""}, {"y": 2, "z": 1})


def test_measures_are_those_computed_by_hand() -> None:
    found = quality([GRADED], {"a": ["x", "y", "z"]}, 10)
    expected = {
        "nDCG@10": (2 / log2(3) + 1 / log2(4)) / (2 + 1 / log2(3)),
        "MRR@10": 1 / 2,
        "recall@10": 1,
        "MAP": (1 / 2 + 2 / 3) / 2,
    }
    assert {name: values["a"] for name, values in found.items()} == pytest.approx(expected)


def test_only_the_first_k_count_except_in_map() -> None:
    found = quality([GRADED], {"a": ["x", "y", "z"]}, 1)
    assert means(found) == pytest.approx({"nDCG@1": 0, "MRR@1": 0, "recall@1": 0, "MAP": (1 / 2 + 2 / 3) / 2})


def test_a_relevant_document_that_is_no_candidate_caps_even_the_best_order() -> None:
    asked = query("a", {"x": "", "y": ""}, {"y": 1, "elsewhere": 1})
    found = means(quality([asked], {"a": best_order(asked)}, 10))
    assert found["recall@10"] == pytest.approx(1 / 2)
    assert found["nDCG@10"] == pytest.approx(1 / (1 + 1 / log2(3)))


def test_a_query_without_candidates_is_0_and_stays_in_the_mean() -> None:
    empty = query("none", {}, {"y": 1})
    found = quality([GRADED, empty], {"a": ["y", "z", "x"], "none": []}, 10)
    assert found["nDCG@10"] == pytest.approx({"a": 1, "none": 0})
    assert means(found)["MRR@10"] == pytest.approx(1 / 2)


def test_a_grade_below_0_counts_as_not_relevant() -> None:
    asked = query("a", {"spam": "", "y": ""}, {"spam": -2, "y": 1})
    assert means(quality([asked], {"a": ["spam", "y"]}, 10))["nDCG@10"] == pytest.approx(1 / log2(3))


@pytest.mark.parametrize("names", ["abc", "cba", "bca"])
def test_equal_scores_keep_the_order_of_the_candidates(names: str) -> None:
    """trec_eval would order them by name, downwards, and MS MARCO's script upwards."""
    asked = query("q", dict.fromkeys(names, "text"), {names[1]: 1})
    orders = run(indifferent(), [asked], None).orders
    assert orders == {"q": list(names)}
    found = means(quality([asked], orders, 10))
    assert (found["MRR@10"], found["MAP"]) == (0.5, 0.5)
