"""How many actors there are and what each of them holds; knows no rows and no columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ray
import ray.data

from rerank_plugins.core.remote.address import is_url

if TYPE_CHECKING:
    from collections.abc import Mapping


def actor_options(
    model: str | None,
    load_options: Mapping[str, object] | None,
    *,
    concurrency: int | tuple[int, int] | None,
    num_gpus: float | None,
    num_cpus: float | None,
) -> dict[str, Any]:
    """Return the keyword arguments of ``map_batches`` that describe the pool."""
    there = _gpus()
    gpus = _gpus_each(model, load_options, there) if num_gpus is None else num_gpus
    size = max(1, int(there // gpus)) if concurrency is None and gpus else 1
    options: dict[str, Any] = {"compute": _strategy(size if concurrency is None else concurrency)}
    if gpus:
        options["num_gpus"] = gpus
    if num_cpus is not None:
        options["num_cpus"] = num_cpus
    return options


def _gpus_each(model: str | None, load_options: Mapping[str, object] | None, there: float) -> int:
    """Return 1 for a model that runs in the actor, where there are GPUs."""
    options = {} if load_options is None else load_options
    elsewhere = is_url(model) or is_url(options.get("engine"))
    return 0 if elsewhere or options.get("device") == "cpu" or not there else 1


def _gpus() -> float:
    """Return how many GPUs the cluster has now."""
    return float(ray.cluster_resources().get("GPU", 0)) if ray.is_initialized() else 0.0


def _strategy(concurrency: int | tuple[int, int]) -> ray.data.ActorPoolStrategy:
    if isinstance(concurrency, int):
        return ray.data.ActorPoolStrategy(size=concurrency)
    return ray.data.ActorPoolStrategy(min_size=concurrency[0], max_size=concurrency[1])
