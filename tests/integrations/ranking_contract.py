"""What every adapter promises about a ranking: order, counts, thresholds, blank texts, instructions."""

from __future__ import annotations

import asyncio
import json
from copy import deepcopy
from typing import TYPE_CHECKING

import pytest

from rerank_plugins import rerank_options
from rerank_plugins.errors import ArgumentError

from .asking import BEST_FIRST, QUERY, TEXTS, aranked, both, ranked
from .fakes import ScoreOnly

if TYPE_CHECKING:
    from .drivers import Driver
    from .fakes import FakeLoad


class RankingContract:
    """A ranking is complete, ordered, and leaves its input alone."""

    @pytest.mark.promise("P11", "P35")
    def test_orders_best_first_and_ties_keep_input_order(self, driver: Driver, load: FakeLoad) -> None:
        assert both(driver, driver.make(model="m")) == BEST_FIRST

    @pytest.mark.parametrize(("top_n", "count"), [(1, 1), (3, 3), (99, 5), (None, 5)])
    @pytest.mark.promise("P19")
    def test_top_n_in_constructor_and_call(
        self, driver: Driver, load: FakeLoad, top_n: int | None, count: int
    ) -> None:
        assert BEST_FIRST[:count] == both(driver, driver.make(model="m", top_n=top_n))
        assert BEST_FIRST[:count] == both(driver, driver.make(model="m"), top_n=top_n)

    @pytest.mark.promise("P20")
    def test_threshold_is_inclusive_and_comes_before_top_n(self, driver: Driver, load: FakeLoad) -> None:
        assert both(driver, driver.make(model="m", threshold=1.0)) == BEST_FIRST[:4]
        assert both(driver, driver.make(model="m"), threshold=2.0, top_n=3) == BEST_FIRST[:2]
        assert both(driver, driver.make(model="m", top_n=1), threshold=0.0) == BEST_FIRST[:1]

    @pytest.mark.promise("P16")
    def test_empty_input_loads_nothing(self, driver: Driver, load: FakeLoad) -> None:
        component = driver.make(model="m")
        assert ranked(driver, component, []) == aranked(driver, component, []) == []
        assert load.calls == []

    @pytest.mark.promise("P17")
    def test_leaves_its_input_alone(self, driver: Driver, load: FakeLoad) -> None:
        hosts = driver.hosts(TEXTS)
        before = deepcopy(hosts)
        component = driver.make(model="m")
        found = driver.rank(component, QUERY, hosts)
        asyncio.run(driver.arank(component, QUERY, hosts))
        assert hosts == before
        assert not {id(host) for host in found} & {id(host) for host in hosts}

    def test_equal_texts_stay_apart(self, driver: Driver, load: FakeLoad) -> None:
        assert ranked(driver, driver.make(model="m"), ["x", "pie", "x", "pie"]) == [
            (1, 1.0),
            (3, 1.0),
            (0, 0.0),
            (2, 0.0),
        ]

    @pytest.mark.promise("P18")
    def test_scores_are_python_floats(self, driver: Driver) -> None:
        numpy = pytest.importorskip("numpy")
        live = ScoreOnly(list(numpy.array([0, 2, 3, 1, 1], dtype="float32")))
        found = ranked(driver, driver.make(reranker=live))
        assert found == BEST_FIRST
        assert json.loads(json.dumps(found)) == [list(pair) for pair in BEST_FIRST]

    @pytest.mark.promise("P16")
    def test_texts_without_text_are_not_scored(self, driver: Driver, load: FakeLoad) -> None:
        texts = ["", "stone", " \n", "pie"]
        assert ranked(driver, driver.make(model="m"), texts) == [(3, 1.0), (1, 0.0), (0, None), (2, None)]
        assert ranked(driver, driver.make(model="m"), texts, top_n=3) == [(3, 1.0), (1, 0.0), (0, None)]
        assert ranked(driver, driver.make(model="m"), texts, threshold=0.0) == [(3, 1.0), (1, 0.0)]
        assert aranked(driver, driver.make(model="m", text_less="drop"), texts) == [(3, 1.0), (1, 0.0)]
        with pytest.raises(ArgumentError, match=r"\[0, 2\]"):
            ranked(driver, driver.make(model="m", text_less="error"), texts)
        assert all(call["documents"] == ["stone", "pie"] for made in load.made for call in made.calls)

    def test_nothing_but_blank_texts_loads_nothing(self, driver: Driver, load: FakeLoad) -> None:
        assert ranked(driver, driver.make(model="m"), [""]) == [(0, None)]
        assert load.calls == []

    @pytest.mark.promise("P21")
    def test_instruction_reaches_the_model(self, driver: Driver, load: FakeLoad) -> None:
        assert both(driver, driver.make(model="m", instruction="stone"), top_n=3)[-1] == (0, 1.0)
        assert both(driver, driver.make(model="m"), instruction="stone", top_n=3)[-1] == (0, 1.0)
        with rerank_options(instruction="stone", top_n=3):
            assert both(driver, driver.make(model="m"))[-1] == (0, 1.0)

    def test_call_wins_over_block_wins_over_constructor(self, driver: Driver, load: FakeLoad) -> None:
        component = driver.make(model="m", instruction="constructor", top_n=1, threshold=3.0)
        with rerank_options(instruction="block", top_n=2, threshold=2.0):
            assert both(driver, component) == BEST_FIRST[:2]
            assert both(driver, component, instruction="call", top_n=3, threshold=1.0) == BEST_FIRST[:3]
        assert both(driver, component) == BEST_FIRST[:1]
        asked = [call["instruction"] for call in load.made[0].calls]
        assert asked == ["block", "block", "call", "call", "constructor", "constructor"]
