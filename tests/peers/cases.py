"""Which queries, options and seeds a comparison is run with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from peers.texts import QUERIES

if TYPE_CHECKING:
    from collections.abc import Mapping

SEEDS = (1, 2, 3)
every_seed = pytest.mark.parametrize("seed", SEEDS)


def every_case(options: Mapping[str, dict[str, Any]]) -> pytest.MarkDecorator:
    """Return a parametrization with all options and all queries; the seeds take turns at both."""
    cases = [
        pytest.param(value, QUERIES[query], seed, id=f"{option}-{query} query-{seed}")
        for turn, (option, value) in enumerate(options.items())
        for query, seed in zip(QUERIES, SEEDS[turn % 3 :] + SEEDS[: turn % 3], strict=True)
    ]
    return pytest.mark.parametrize(("options", "query", "seed"), cases)
