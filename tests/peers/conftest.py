"""Fixtures of the comparisons, and a summary that says how far apart the scores were."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pytest
import torch
from peers import checkpoints

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

TOLERANCE = 1e-4
_DIFFERENCES: dict[str, list[float]] = defaultdict(list)


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    """More threads only wait for each other on models this small."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Return a function that gives the directory of a random model of a recorded set's configuration."""
    made: dict[str, Path] = {}

    def directory(folder: str, seed: int, **changes: Any) -> Path:
        name = "-".join([folder, str(seed), *map(str, changes.values())])
        if name not in made:
            made[name] = checkpoints.save(folder, seed, tmp_path_factory.mktemp(name), **changes)
        return made[name]

    return directory


@pytest.fixture
def agree() -> Callable[[str, Sequence[float], Sequence[float]], None]:
    """Return a function that compares our scores with a vendor's; equal scores everywhere would prove nothing."""

    def compare(vendor: str, ours: Sequence[float], theirs: Sequence[float]) -> None:
        assert max(theirs) - min(theirs) > 30 * TOLERANCE
        assert list(ours) == pytest.approx(list(theirs), abs=TOLERANCE)
        _DIFFERENCES[vendor] += [abs(a - b) for a, b in zip(ours, theirs, strict=True)]

    return compare


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the number of scores compared with each vendor and the largest difference."""
    for vendor, found in sorted(_DIFFERENCES.items()):
        terminalreporter.write_line(f"{vendor}: {len(found)} scores, largest difference {max(found):.1e}")
