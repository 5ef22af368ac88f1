"""Takes the steps of an exchange in a thread or in an event loop; knows no retry rule and no score."""

from __future__ import annotations

import asyncio
from time import sleep
from typing import TYPE_CHECKING

from rerank_plugins.core.remote.exchange import Pause

if TYPE_CHECKING:
    from rerank_plugins.core.remote.exchange import Steps
    from rerank_plugins.core.remote.retrying import Failure, Reply
    from rerank_plugins.core.remote.transport import Loops, Threads


def drive(steps: Steps, threads: Threads) -> list[float]:
    """Return the scores that the steps lead to."""
    outcome: Reply | Failure | None = None
    try:
        while True:
            step = steps.send(outcome)
            if isinstance(step, Pause):
                outcome = None
                sleep(step.seconds)
            else:
                outcome = threads.post(step)
    except StopIteration as end:
        return list(end.value)


async def adrive(steps: Steps, loops: Loops) -> list[float]:
    """Do what ``drive`` does without blocking the event loop."""
    outcome: Reply | Failure | None = None
    lane = await loops.lane()
    try:
        while True:
            step = steps.send(outcome)
            if isinstance(step, Pause):
                outcome = None
                await asyncio.sleep(step.seconds)
            else:
                outcome = await lane.post(step)
    except StopIteration as end:
        return list(end.value)
