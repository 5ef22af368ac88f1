"""What every adapter promises when something is wrong: it says so, or keeps the order and says so."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from rerank_plugins.errors import (
    ArgumentError,
    ArgumentTypeError,
    InstructionNotSupportedError,
    NonFiniteScoreError,
)

from .asking import BEST_FIRST, QUERY, TEXTS, aranked, both, ranked
from .fakes import Broken, FakeReranker, ScoreOnly

if TYPE_CHECKING:
    from .drivers import Driver
    from .fakes import FakeLoad


class FailureContract:
    """Nothing is silently wrong."""

    @pytest.mark.parametrize("top_n", [0, -1])
    @pytest.mark.promise("P19")
    def test_refuses_a_top_n_that_is_not_positive(self, driver: Driver, load: FakeLoad, top_n: int) -> None:
        with pytest.raises(ValueError, match=r"top_[nk]"):
            driver.make(model="m", top_n=top_n)
        with pytest.raises(ValueError, match="must be > 0"):
            ranked(driver, driver.make(model="m"), top_n=top_n)
        assert load.calls == []

    @pytest.mark.promise("P21")
    def test_instruction_is_refused_by_an_object_that_takes_none(self, driver: Driver) -> None:
        component = driver.make(reranker=ScoreOnly())
        with pytest.raises(InstructionNotSupportedError, match="ScoreOnly"):
            ranked(driver, component, instruction="x")
        with pytest.raises(InstructionNotSupportedError, match="ScoreOnly"):
            aranked(driver, component, instruction="x")

    @pytest.mark.parametrize("scores", [[1.0, 2.0], [1.0] * 6, []])
    def test_refuses_another_number_of_scores(self, driver: Driver, scores: list[float]) -> None:
        with pytest.raises(ArgumentError, match=f"{len(scores)} scores for 5 documents"):
            ranked(driver, driver.make(reranker=ScoreOnly(scores)))

    @pytest.mark.parametrize("bad", [float("nan"), float("inf")])
    def test_refuses_scores_that_do_not_order(self, driver: Driver, bad: float) -> None:
        with pytest.raises(NonFiniteScoreError, match="document 1"):
            ranked(driver, driver.make(reranker=ScoreOnly([0.0, bad, 1.0, 2.0, 3.0])))
        with pytest.raises(NonFiniteScoreError, match="document 0"):
            ranked(driver, driver.make(reranker=FakeReranker(bias=bad)))

    @pytest.mark.promise("P18")
    def test_refuses_scores_that_are_not_numbers(self, driver: Driver) -> None:
        with pytest.raises(ArgumentTypeError, match="list"):
            ranked(driver, driver.make(reranker=ScoreOnly([[1.0, 2.0]] * 5)))

    @pytest.mark.promise("P44")
    def test_a_failed_call_keeps_the_order_where_asked_and_marks_every_result(
        self, driver: Driver, caplog: pytest.LogCaptureFixture
    ) -> None:
        component = driver.make(reranker=Broken(), on_error="keep_order")
        hosts = driver.hosts(TEXTS)
        for found in (driver.rank(component, QUERY, hosts), asyncio.run(driver.arank(component, QUERY, hosts))):
            assert driver.found(found) == [(index, None) for index in range(len(TEXTS))]
            assert [driver.error(one) for one in found] == ["RuntimeError"] * len(TEXTS)
        assert [record.levelname for record in caplog.records] == ["WARNING"] * 2  # once for each call
        assert "fake failed" in caplog.text
        assert "the device is gone" in caplog.text

    def test_a_kept_order_still_has_a_top_n_and_no_threshold(self, driver: Driver) -> None:
        component = driver.make(reranker=Broken(), on_error="keep_order", threshold=2.0)
        assert ranked(driver, component, ["a", "", "b"], top_n=2) == [(0, None), (1, None)]
        dropping = driver.make(reranker=Broken(), on_error="keep_order", text_less="drop")
        assert ranked(driver, dropping, ["a", "", "b"]) == [(0, None), (2, None)]

    @pytest.mark.promise("P44")
    def test_a_model_that_does_not_load_keeps_the_order_where_asked(self, driver: Driver, load: FakeLoad) -> None:
        load.failures = 2
        component = driver.make(model="m", on_error="keep_order")
        kept = [(index, None) for index in range(len(TEXTS))]
        assert both(driver, component) == kept
        assert both(driver, component) == BEST_FIRST
        assert driver.error(driver.rank(component, QUERY, driver.hosts(TEXTS))[0]) is None

    def test_what_the_caller_got_wrong_is_raised_all_the_same(self, driver: Driver) -> None:
        component = driver.make(reranker=ScoreOnly(), on_error="keep_order")
        with pytest.raises(InstructionNotSupportedError):
            ranked(driver, component, instruction="x")
        with pytest.raises(ValueError, match="must be > 0"):
            ranked(driver, component, top_n=0)

    @pytest.mark.parametrize("policy", ["on_error", "text_less"])
    def test_refuses_policies_that_do_not_exist(self, driver: Driver, policy: str) -> None:
        with pytest.raises(ValueError, match=policy):
            driver.make(model="m", **{policy: "keep-order"})
