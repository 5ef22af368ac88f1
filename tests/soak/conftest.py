"""Collects what long runs found, and writes it down once all of them have passed."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path

import pytest
import torch

from benchmarks.machine import described

FOUND: list[dict[str, str]] = []
STARTED = time.monotonic()


@pytest.fixture
def found() -> Callable[[str, str], None]:
    """Return what writes down what a run did and what came of it."""
    return lambda what, result: FOUND.append({"what": what, "found": result})


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    path = os.environ.get("SOAK_RESULT")
    if path and exitstatus == 0 and FOUND:
        run = {
            "date": datetime.now(timezone.utc).date().isoformat(),
            "minutes": (time.monotonic() - STARTED) / 60,
            "command": "make soak",
            "machine": described(torch.get_num_threads()),
            "runs": FOUND,
        }
        Path(path).write_text(json.dumps(run, indent=1) + "\n", encoding="utf-8")
