"""The conditions for continuous integration."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from toys import harmful, indifferent, perfect, toy_data

from rerank_plugins import ArgumentError, evaluate
from rerank_plugins.evaluation import broken_conditions

if TYPE_CHECKING:
    from pathlib import Path

GOOD, SAME, BAD = (evaluate(toy_data(), [("m", make())]) for make in (perfect, indifferent, harmful))
"""nDCG 1.0, 0.631 (as the baseline) and 0.5."""


def test_a_pass_says_nothing() -> None:
    assert broken_conditions(GOOD, min_ndcg=1.0, not_worse_than="baseline") == []
    assert broken_conditions(SAME, not_worse_than="baseline") == []
    assert broken_conditions(BAD) == []


def test_each_broken_condition_is_told() -> None:
    assert broken_conditions(BAD, min_ndcg=0.6, not_worse_than="baseline") == [
        "m: nDCG@10 is 0.5000, below 0.6.",
        "m: nDCG@10 is 0.5000, worse than 0.6309 of baseline.",
    ]


def test_every_model_must_meet_the_condition() -> None:
    both = evaluate(toy_data(), [("good", perfect()), ("bad", harmful())])
    assert broken_conditions(both, min_ndcg=0.9) == ["bad: nDCG@10 is 0.5000, below 0.9."]


def test_an_earlier_evaluation_is_a_condition(tmp_path: Path) -> None:
    SAME.write_json(tmp_path / "earlier.json")
    assert broken_conditions(GOOD, not_worse_than=tmp_path / "earlier.json") == []
    assert len(broken_conditions(BAD, not_worse_than=str(tmp_path / "earlier.json"))) == 1


def test_a_small_loss_can_be_tolerated() -> None:
    assert broken_conditions(BAD, not_worse_than="baseline", tolerance=0.14) == []
    assert len(broken_conditions(BAD, not_worse_than="baseline", tolerance=0.12)) == 1


def test_an_earlier_evaluation_of_other_things_is_no_condition(tmp_path: Path) -> None:
    path = tmp_path / "earlier.json"
    evaluate(toy_data(), [("other", perfect())]).write_json(path)
    with pytest.raises(ArgumentError, match="no model 'm', it has 'other'"):
        broken_conditions(GOOD, not_worse_than=path)
    evaluate(toy_data(5), [("m", perfect())]).write_json(path)
    with pytest.raises(ArgumentError, match="nDCG@10 of 5 queries, this is nDCG@10 of 4"):
        broken_conditions(GOOD, not_worse_than=path)
    evaluate(toy_data(), [("m", perfect())], k=5).write_json(path)
    with pytest.raises(ArgumentError, match="holds nDCG@5"):
        broken_conditions(GOOD, not_worse_than=path)


@pytest.mark.parametrize("text", ["{}", "[]", "no json"])
def test_a_file_that_is_no_evaluation_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "other.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ArgumentError, match="was not written by an evaluation"):
        broken_conditions(GOOD, not_worse_than=path)


@pytest.mark.parametrize("conditions", [{"min_ndcg": 61}, {"min_ndcg": -0.1}, {"tolerance": 2}])
def test_a_number_out_of_range_is_refused(conditions: dict[str, float]) -> None:
    with pytest.raises(ArgumentError, match="from 0 to 1"):
        broken_conditions(GOOD, **conditions)
