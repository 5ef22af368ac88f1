"""All three adapters rank with a server, sync and async, and without torch in the way."""

from __future__ import annotations

import asyncio

import pytest
from integrations.asking import BEST_FIRST, QUERY, TEXTS
from integrations.drivers import Driver, HaystackDriver, LangChainDriver, LlamaIndexDriver

from rerank_plugins.errors import ArgumentError

from .replay import Answer, Asked, Replay

DRIVERS = [LlamaIndexDriver(), LangChainDriver(), HaystackDriver()]
every_driver = pytest.mark.parametrize("driver", DRIVERS, ids=lambda driver: type(driver).__name__)


def scored(asked: Asked) -> Answer:
    """Score each document by the words that it shares with the query."""
    words = set(asked.body["text_1"].split())
    counts = [len(words & set(text.split())) for text in asked.body["text_2"]]
    return Answer(body={"data": [{"index": index, "score": count} for index, count in enumerate(counts)]})


@every_driver
def test_ranks_with_a_server(driver: Driver, replay: Replay) -> None:
    replay.always = scored
    component = driver.make(model=replay.url, dialect="vllm", model_name="m", normalize=False, timeout=5.0)
    assert driver.found(driver.rank(component, QUERY, driver.hosts(TEXTS))) == BEST_FIRST
    later = asyncio.run(driver.arank(component, QUERY, driver.hosts(TEXTS)))
    assert driver.found(later) == BEST_FIRST
    assert {body["model"] for body in replay.bodies} == {"m"}
    component.close()


@every_driver
def test_a_url_needs_a_dialect(driver: Driver, replay: Replay) -> None:
    component = driver.make(model=replay.url)
    with pytest.raises(ArgumentError, match="dialect"):
        driver.rank(component, QUERY, driver.hosts(TEXTS))


@every_driver
def test_a_server_that_is_down_can_keep_the_order(driver: Driver, replay: Replay) -> None:
    replay.always = lambda _: Answer(status=401)
    component = driver.make(model=replay.url, dialect="vllm", on_error="keep_order")
    found = driver.rank(component, QUERY, driver.hosts(TEXTS))
    assert [index for index, _ in driver.found(found)] == list(range(len(TEXTS)))
    assert {driver.error(result) for result in found} == {"RemoteAuthenticationError"}
