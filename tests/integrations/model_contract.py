"""What every adapter promises about its model: loaded late, once, shared, freed, never pickled."""

from __future__ import annotations

import asyncio
import gc
import pickle
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest

from rerank_plugins.errors import ArgumentTypeError

from .asking import BEST_FIRST, QUERY, TEXTS, aranked, both, ranked
from .fakes import FakeReranker, ScoreOnly

if TYPE_CHECKING:
    from .drivers import Driver
    from .fakes import FakeLoad


class ModelContract:
    """A model belongs to all components that name it, and to nobody's pickle."""

    @pytest.mark.parametrize("live", [FakeReranker(), ScoreOnly()])
    def test_accepts_a_live_object(self, driver: Driver, live: object, load: FakeLoad) -> None:
        assert both(driver, driver.make(reranker=live, top_n=2)) == BEST_FIRST[:2]
        assert load.calls == []

    def test_normalize_travels_with_the_call_and_shares_the_model(self, driver: Driver, load: FakeLoad) -> None:
        components = [driver.make(model="m", normalize=value) for value in (None, True, False)]
        for component in components:
            ranked(driver, component)
        assert [call["normalize"] for call in load.made[0].calls] == [None, True, False]
        assert load.calls == [{"model": "m"}]

    @pytest.mark.promise("P40")
    def test_load_options_are_handed_over(self, driver: Driver, load: FakeLoad) -> None:
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
    def test_refuses_constructor_arguments(self, driver: Driver, options: dict[str, Any], message: str) -> None:
        with pytest.raises((ValueError, TypeError), match=message):
            driver.make(**options)

    def test_constructor_loads_nothing(self, driver: Driver, load: FakeLoad) -> None:
        driver.make(model="m")
        assert load.calls == []

    @pytest.mark.promise("P32")
    def test_equal_options_load_once_also_under_threads(self, driver: Driver, load: FakeLoad) -> None:
        load.seconds = 0.05
        components = [driver.make(model="m", instruction=str(index)) for index in range(8)]
        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(lambda component: ranked(driver, component), components)) == [BEST_FIRST] * 8
        assert len(load.calls) == 1
        ranked(driver, driver.make(model="other"))
        assert len(load.calls) == 2

    @pytest.mark.promise("P32")
    def test_async_calls_load_once_and_never_on_the_loop(self, driver: Driver, load: FakeLoad) -> None:
        components = [driver.make(model="m") for _ in range(4)]

        async def run() -> None:
            calls = (driver.arank(component, QUERY, driver.hosts(TEXTS)) for component in components)
            await load.while_the_loop_runs(asyncio.gather(*calls))

        asyncio.run(run())
        assert len(load.calls) == 1

    @pytest.mark.promise("P32")
    def test_a_failed_load_is_not_remembered(self, driver: Driver, load: FakeLoad) -> None:
        load.failures = 2
        component = driver.make(model="m")
        with pytest.raises(OSError, match="no such model"):
            ranked(driver, component)
        with pytest.raises(OSError, match="no such model"):
            aranked(driver, component)
        assert ranked(driver, component) == BEST_FIRST
        assert len(load.calls) == 3

    def test_the_last_user_frees_the_model(self, driver: Driver, load: FakeLoad) -> None:
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

    def test_a_live_object_is_never_closed(self, driver: Driver) -> None:
        live = FakeReranker()
        component = driver.make(reranker=live)
        ranked(driver, component)
        component.close()
        del component
        assert not live.closed

    @pytest.mark.promise("P37")
    def test_copies_share_the_model_and_pickles_hold_no_weights(self, driver: Driver, load: FakeLoad) -> None:
        component = driver.make(model="m", top_n=2, dtype="float32")
        ranked(driver, component)
        pickled = pickle.dumps(component)
        assert len(pickled) < 2_000
        for copied in (deepcopy(component), pickle.loads(pickled)):  # noqa: S301 - our own bytes
            assert ranked(driver, copied) == BEST_FIRST[:2]
            copied.close()
        assert len(load.calls) == 1
        assert not load.made[0].closed

    def test_a_live_object_is_shared_by_copies_and_refused_by_pickle(self, driver: Driver) -> None:
        live = FakeReranker()
        component = driver.make(reranker=live)
        assert ranked(driver, deepcopy(component)) == BEST_FIRST
        assert len(live.calls) == 1
        with pytest.raises(ArgumentTypeError, match="Pass model="):
            pickle.dumps(component)

    def test_the_model_follows_its_name(self, driver: Driver, load: FakeLoad) -> None:
        component = driver.make(model="m")
        ranked(driver, component)
        component.model = "n"
        ranked(driver, component)
        assert [call["model"] for call in load.calls] == ["m", "n"]
        assert load.made[0].closed

    @pytest.mark.filterwarnings("ignore:The function `loads` is in beta")
    @pytest.mark.promise("P37")
    def test_the_frameworks_own_dump_restores_every_option(self, driver: Driver, load: FakeLoad) -> None:
        options: dict[str, Any] = {
            "model": "m",
            "instruction": "stone",
            "top_n": 3,
            "threshold": 0.5,
            "normalize": False,
            "text_less": "drop",
            "on_error": "keep_order",
            "dtype": "float32",
            "max_length": 64,
            "long_documents": "passages",
            "family_options": {"cutoff_layers": [8]},
        }
        component = driver.make(**options)
        restored = driver.restored(component)
        assert ranked(driver, restored) == ranked(driver, component)
        assert len(load.calls) == 1  # equal options, so both use one model
        for name in ("instruction", "normalize", "text_less", "on_error", "long_documents", "family_options"):
            assert getattr(restored, name) == options[name]
