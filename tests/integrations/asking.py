"""The question and the texts that the contract asks every adapter about; holds no expectations but the order."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .drivers import Driver

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
