"""Checkpoints free to be made hostile, and what watches the process meanwhile; expects nothing itself."""

from __future__ import annotations

import json
import resource
import shutil
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from families.recorded import GOLDEN

from rerank_plugins import load

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECONDS = 10.0
"""More than any refusal takes on a busy machine, and far less than building what is declared."""
MEGABYTES = 300
"""More than loading a tiny model takes, and far less than what is declared."""


def copy_of(folder: str, to: Path) -> Path:
    """Return a copy of a recorded checkpoint."""
    return shutil.copytree(GOLDEN / folder / "checkpoint", to / folder)


def edit(path: Path, **changes: object) -> None:
    """Change keys of a JSON file; make it where it is missing."""
    found = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps({**found, **changes}))


def use(directory: Path, family: str | None = None) -> list[float]:
    """Load a checkpoint and score with it."""
    with load(str(directory), family=family, device="cpu") as reranker:
        return reranker.score("bread", ["a panda eats bamboo", "sourdough bread"])


@contextmanager
def bounded() -> Iterator[None]:
    """Fail if what happens inside takes long, or much memory at any time."""
    started, before = time.monotonic(), _peak()
    yield
    assert time.monotonic() - started < SECONDS
    assert _peak() - before < MEGABYTES


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
