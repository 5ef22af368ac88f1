"""The playground with two real models: one that takes no instruction, one that does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from families.recorded import GOLDEN
from playground.asked import client_of

from rerank_plugins import Reranker, load

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.testclient import TestClient


@pytest.fixture(scope="session")
def rerankers() -> Iterator[dict[str, Reranker]]:
    with load("embedded") as plain, load(str(GOLDEN / "qwen3/checkpoint"), family="qwen3") as instructed:
        yield {"plain": plain, "instructed": instructed}


@pytest.fixture
def client(rerankers: dict[str, Reranker]) -> TestClient:
    return client_of(rerankers)
