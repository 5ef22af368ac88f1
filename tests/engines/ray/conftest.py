"""A small Ray cluster on this machine for all tests here; without Ray nothing here is collected."""

from __future__ import annotations

import os
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

collect_ignore_glob = [] if find_spec("ray") is not None else ["test_*.py"]

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")


@pytest.fixture(scope="session", autouse=True)
def cluster() -> Iterator[None]:
    import ray
    import ray.data
    import scorers
    from ray import cloudpickle

    cloudpickle.register_pickle_by_value(scorers)  # actors cannot import what only pytest has on its path

    # Two actors and a task: more would only start more processes.
    ray.init(num_cpus=3, num_gpus=0, include_dashboard=False, logging_level="ERROR", object_store_memory=500 << 20)
    context = ray.data.DataContext.get_current()
    context.default_hash_shuffle_parallelism = 4
    context.enable_progress_bars = False
    yield
    ray.shutdown()
