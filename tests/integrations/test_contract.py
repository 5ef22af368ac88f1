"""What every adapter promises, checked on all of them with the same tests."""

from __future__ import annotations

import asyncio
import gc
import json
import pickle
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest

from rerank_plugins import rerank_options
from rerank_plugins.errors import (
    ArgumentError,
    ArgumentTypeError,
    InstructionNotSupportedError,
    NonFiniteScoreError,
)

from .fakes import FakeReranker, ScoreOnly

if TYPE_CHECKING:
    from .drivers import Driver
    from .fakes import FakeLoad

QUERY = "red apple pie"
TEXTS = ["a stone", "red apple", "red apple pie", "apple tree", "apple tart"]
BEST_FIRST = [(2, 3.0), (1, 2.0), (3, 1.0), (4, 1.0), (0, 0.0)]


def ranked(driver: Driver, component: Any, texts: list[str] = TEXTS, **options: Any) -> list[Any]:
    return driver.found(driver.rank(component, QUERY, driver.hosts(texts), **options))


def aranked(driver: Driver, component: Any, texts: list[str] = TEXTS, **options: Any) -> list[Any]:
    return driver.found(asyncio.run(driver.arank(component, QUERY, driver.hosts(texts), **options)))


def both(driver: Driver, component: Any, **options: Any) -> list[Any]:
    """Rank sync and async, which must agree."""
    found = ranked(driver, component, **options)
    assert found == aranked(driver, component, **options)
    return found


def test_orders_best_first_and_ties_keep_input_order(driver: Driver, load: FakeLoad) -> None:
    assert both(driver, driver.make(model="m")) == BEST_FIRST


@pytest.mark.parametrize("live", [FakeReranker(), ScoreOnly()])
def test_accepts_a_live_object(driver: Driver, live: object, load: FakeLoad) -> None:
    assert both(driver, driver.make(reranker=live, top_n=2)) == BEST_FIRST[:2]
    assert load.calls == []


@pytest.mark.parametrize(("top_n", "count"), [(1, 1), (3, 3), (99, 5), (None, 5)])
def test_top_n_in_constructor_and_call(driver: Driver, load: FakeLoad, top_n: int | None, count: int) -> None:
    assert BEST_FIRST[:count] == both(driver, driver.make(model="m", top_n=top_n))
    assert BEST_FIRST[:count] == both(driver, driver.make(model="m"), top_n=top_n)


@pytest.mark.parametrize("top_n", [0, -1])
def test_refuses_a_top_n_that_is_not_positive(driver: Driver, load: FakeLoad, top_n: int) -> None:
    with pytest.raises(ValueError, match=r"top_[nk]"):
        driver.make(model="m", top_n=top_n)
    with pytest.raises(ValueError, match="must be > 0"):
        ranked(driver, driver.make(model="m"), top_n=top_n)
    assert load.calls == []


def test_threshold_is_inclusive_and_comes_before_top_n(driver: Driver, load: FakeLoad) -> None:
    assert both(driver, driver.make(model="m", threshold=1.0)) == BEST_FIRST[:4]
    assert both(driver, driver.make(model="m"), threshold=2.0, top_n=3) == BEST_FIRST[:2]
    assert both(driver, driver.make(model="m", top_n=1), threshold=0.0) == BEST_FIRST[:1]


def test_empty_input_loads_nothing(driver: Driver, load: FakeLoad) -> None:
    component = driver.make(model="m")
    assert ranked(driver, component, []) == aranked(driver, component, []) == []
    assert load.calls == []


def test_leaves_its_input_alone(driver: Driver, load: FakeLoad) -> None:
    hosts = driver.hosts(TEXTS)
    before = deepcopy(hosts)
    component = driver.make(model="m")
    found = driver.rank(component, QUERY, hosts)
    asyncio.run(driver.arank(component, QUERY, hosts))
    assert hosts == before
    assert not {id(host) for host in found} & {id(host) for host in hosts}


def test_equal_texts_stay_apart(driver: Driver, load: FakeLoad) -> None:
    assert ranked(driver, driver.make(model="m"), ["x", "pie", "x", "pie"]) == [
        (1, 1.0),
        (3, 1.0),
        (0, 0.0),
        (2, 0.0),
    ]


def test_scores_are_python_floats(driver: Driver) -> None:
    numpy = pytest.importorskip("numpy")
    live = ScoreOnly(list(numpy.array([0, 2, 3, 1, 1], dtype="float32")))
    found = ranked(driver, driver.make(reranker=live))
    assert found == BEST_FIRST
    assert json.loads(json.dumps(found)) == [list(pair) for pair in BEST_FIRST]


def test_texts_without_text_are_not_scored(driver: Driver, load: FakeLoad) -> None:
    texts = ["", "stone", " \n", "pie"]
    assert ranked(driver, driver.make(model="m"), texts) == [(3, 1.0), (1, 0.0), (0, None), (2, None)]
    assert ranked(driver, driver.make(model="m"), texts, top_n=3) == [(3, 1.0), (1, 0.0), (0, None)]
    assert ranked(driver, driver.make(model="m"), texts, threshold=0.0) == [(3, 1.0), (1, 0.0)]
    assert aranked(driver, driver.make(model="m", text_less="drop"), texts) == [(3, 1.0), (1, 0.0)]
    with pytest.raises(ArgumentError, match=r"\[0, 2\]"):
        ranked(driver, driver.make(model="m", text_less="error"), texts)
    assert all(call["documents"] == ["stone", "pie"] for made in load.made for call in made.calls)


def test_nothing_but_blank_texts_loads_nothing(driver: Driver, load: FakeLoad) -> None:
    assert ranked(driver, driver.make(model="m"), [""]) == [(0, None)]
    assert load.calls == []


def test_instruction_reaches_the_model(driver: Driver, load: FakeLoad) -> None:
    assert both(driver, driver.make(model="m", instruction="stone"), top_n=3)[-1] == (0, 1.0)
    assert both(driver, driver.make(model="m"), instruction="stone", top_n=3)[-1] == (0, 1.0)
    with rerank_options(instruction="stone", top_n=3):
        assert both(driver, driver.make(model="m"))[-1] == (0, 1.0)


def test_call_wins_over_block_wins_over_constructor(driver: Driver, load: FakeLoad) -> None:
    component = driver.make(model="m", instruction="constructor", top_n=1, threshold=3.0)
    with rerank_options(instruction="block", top_n=2, threshold=2.0):
        assert both(driver, component) == BEST_FIRST[:2]
        assert both(driver, component, instruction="call", top_n=3, threshold=1.0) == BEST_FIRST[:3]
    assert both(driver, component) == BEST_FIRST[:1]
    asked = [call["instruction"] for call in load.made[0].calls]
    assert asked == ["block", "block", "call", "call", "constructor", "constructor"]


def test_instruction_is_refused_by_an_object_that_takes_none(driver: Driver) -> None:
    component = driver.make(reranker=ScoreOnly())
    with pytest.raises(InstructionNotSupportedError, match="ScoreOnly"):
        ranked(driver, component, instruction="x")
    with pytest.raises(InstructionNotSupportedError, match="ScoreOnly"):
        aranked(driver, component, instruction="x")


def test_normalize_travels_with_the_call_and_shares_the_model(driver: Driver, load: FakeLoad) -> None:
    components = [driver.make(model="m", normalize=value) for value in (None, True, False)]
    for component in components:
        ranked(driver, component)
    assert [call["normalize"] for call in load.made[0].calls] == [None, True, False]
    assert load.calls == [{"model": "m"}]


@pytest.mark.parametrize("scores", [[1.0, 2.0], [1.0] * 6, []])
def test_refuses_another_number_of_scores(driver: Driver, scores: list[float]) -> None:
    with pytest.raises(ArgumentError, match=f"{len(scores)} scores for 5 documents"):
        ranked(driver, driver.make(reranker=ScoreOnly(scores)))


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_refuses_scores_that_do_not_order(driver: Driver, bad: float) -> None:
    with pytest.raises(NonFiniteScoreError, match="document 1"):
        ranked(driver, driver.make(reranker=ScoreOnly([0.0, bad, 1.0, 2.0, 3.0])))
    with pytest.raises(NonFiniteScoreError, match="document 0"):
        ranked(driver, driver.make(reranker=FakeReranker(bias=bad)))


def test_refuses_scores_that_are_not_numbers(driver: Driver) -> None:
    with pytest.raises(ArgumentTypeError, match="list"):
        ranked(driver, driver.make(reranker=ScoreOnly([[1.0, 2.0]] * 5)))


def test_load_options_are_handed_over(driver: Driver, load: FakeLoad) -> None:
    component = driver.make(model="m", dtype="float32", max_length=64, family_options={"cutoff_layers": [8]})
    ranked(driver, component)
    assert load.calls == [{"model": "m", "dtype": "float32", "max_length": 64, "cutoff_layers": [8]}]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "either model= "),
        ({"model": "m", "reranker": ScoreOnly()}, "either model= "),
        ({"reranker": ScoreOnly(), "max_length": 64}, "max_length: no effect"),
        ({"model": "m", "family_options": {"device": "cpu"}}, "device: give this as its own"),
        ({"model": "m", "family_options": {"x": object()}}, "plain JSON types"),
        ({"reranker": object()}, "has none"),
        ({"model": "m", "topn": 3}, "topn"),
    ],
)
def test_refuses_constructor_arguments(driver: Driver, options: dict[str, Any], message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        driver.make(**options)


def test_constructor_loads_nothing(driver: Driver, load: FakeLoad) -> None:
    driver.make(model="m")
    assert load.calls == []


def test_equal_options_load_once_also_under_threads(driver: Driver, load: FakeLoad) -> None:
    load.seconds = 0.05
    components = [driver.make(model="m", instruction=str(index)) for index in range(8)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda component: ranked(driver, component), components)) == [BEST_FIRST] * 8
    assert len(load.calls) == 1
    ranked(driver, driver.make(model="other"))
    assert len(load.calls) == 2


def test_async_calls_load_once_and_never_on_the_loop(driver: Driver, load: FakeLoad) -> None:
    components = [driver.make(model="m") for _ in range(4)]

    async def run() -> None:
        calls = (driver.arank(component, QUERY, driver.hosts(TEXTS)) for component in components)
        await load.while_the_loop_runs(asyncio.gather(*calls))

    asyncio.run(run())
    assert len(load.calls) == 1


def test_a_failed_load_is_not_remembered(driver: Driver, load: FakeLoad) -> None:
    load.failures = 2
    component = driver.make(model="m")
    with pytest.raises(OSError, match="no such model"):
        ranked(driver, component)
    with pytest.raises(OSError, match="no such model"):
        aranked(driver, component)
    assert ranked(driver, component) == BEST_FIRST
    assert len(load.calls) == 3


def test_the_last_user_frees_the_model(driver: Driver, load: FakeLoad) -> None:
    first, second = driver.make(model="m"), driver.make(model="m")
    ranked(driver, first)
    ranked(driver, second)
    model = load.made[0]
    first.close()
    assert not model.closed
    del second
    gc.collect()  # Haystack keeps each component in a reference cycle
    assert [made.closed for made in load.made] == [True]
    assert ranked(driver, first) == BEST_FIRST
    assert len(load.made) == 2


def test_a_live_object_is_never_closed(driver: Driver) -> None:
    live = FakeReranker()
    component = driver.make(reranker=live)
    ranked(driver, component)
    component.close()
    del component
    assert not live.closed


def test_copies_share_the_model_and_pickles_hold_no_weights(driver: Driver, load: FakeLoad) -> None:
    component = driver.make(model="m", top_n=2, dtype="float32")
    ranked(driver, component)
    pickled = pickle.dumps(component)
    assert len(pickled) < 10_000
    for copied in (deepcopy(component), pickle.loads(pickled)):  # noqa: S301 - our own bytes
        assert ranked(driver, copied) == BEST_FIRST[:2]
        copied.close()
    assert len(load.calls) == 1
    assert not load.made[0].closed


def test_a_live_object_is_shared_by_copies_and_refused_by_pickle(driver: Driver) -> None:
    live = FakeReranker()
    component = driver.make(reranker=live)
    assert ranked(driver, deepcopy(component)) == BEST_FIRST
    assert len(live.calls) == 1
    with pytest.raises(ArgumentTypeError, match="Pass model="):
        pickle.dumps(component)


def test_the_model_follows_its_name(driver: Driver, load: FakeLoad) -> None:
    component = driver.make(model="m")
    ranked(driver, component)
    component.model = "n"
    ranked(driver, component)
    assert [call["model"] for call in load.calls] == ["m", "n"]
    assert load.made[0].closed
