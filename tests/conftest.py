"""Fixtures for all tests: tiny checkpoints made on the spot, and no network unless asked for."""

from __future__ import annotations

import os
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest
import tiny
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from rerank_plugins import Reranker

# Time is measured by benchmarks; here a busy machine must not fail a property.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
if os.environ.get("RERANK_HUB") != "1":  # only the tests of published models ask for the hub
    os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HAYSTACK_TELEMETRY_ENABLED"] = "False"
os.environ["TOKENIZERS_PARALLELISM"] = "false"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Make pytest-asyncio's settings known also where only the vendors' code is installed beside pytest."""
    if find_spec("pytest_asyncio") is None:
        for name in ("asyncio_mode", "asyncio_default_fixture_loop_scope"):
            parser.addini(name, "unused")


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return a function that gives the directory of a tiny random model of an architecture."""
    made: dict[str, Path] = {}

    def directory(architecture: str) -> Path:
        if architecture not in made:
            made[architecture] = tiny.save(architecture, tmp_path_factory.mktemp(architecture))
        return made[architecture]

    return directory


@pytest.fixture(scope="session")
def bert(checkpoint: Callable[[str], Path]) -> Iterator[Reranker]:
    """Return a loaded tiny BERT cross-encoder that all tests share."""
    from rerank_plugins import load

    with load(str(checkpoint("bert"))) as reranker:
        yield reranker
