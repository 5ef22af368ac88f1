"""A process that ends or forks in mid-call neither crashes nor hangs; each script runs in a process of its own.

Forks of processes with a GPU are not tried.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

SECONDS = 60
"""After which a script is taken to hang; one takes about three."""

BEGIN = """
import asyncio, os, signal, sys, threading, time
from contextlib import suppress
import torch
from rerank_plugins import ClosedError, load
from rerank_plugins.core.engine import Engine

path, documents = sys.argv[1], ["a panda eats bamboo " * 8] * 300
started, read = threading.Event(), Engine.read

def slow(self, rows):
    started.set()
    until = time.monotonic() + float(os.environ.get("READ_SECONDS", "0"))
    while time.monotonic() < until:
        torch.ones(200, 200) @ torch.ones(200, 200)
    return read(self, rows)

Engine.read = slow
"""


def outcome(script: str, path: Path, *, seconds: float = 0.0) -> subprocess.CompletedProcess[str]:
    """Return how a script ended and what it said; ``seconds`` is how long each read takes at least."""
    return subprocess.run(
        [sys.executable, "-c", BEGIN + script, str(path)],
        env={**os.environ, "READ_SECONDS": str(seconds), "TOKENIZERS_PARALLELISM": "false"},
        timeout=SECONDS,
        capture_output=True,
        text=True,
        check=False,
    )


QUICK = ("many daemon threads score", "the event loop was given up")
"""Of the following, what is tried at each run; every script takes seconds to import torch."""
EXITS = {
    "a daemon thread scores": """
reranker = load(path, device="cpu")
threading.Thread(target=reranker.score, args=("a", documents), daemon=True).start()
started.wait()
print("leaving", flush=True)
""",
    "many daemon threads score": """
reranker = load(path, device="cpu")
def score():
    with suppress(ClosedError):  # what a thread hears that still waits its turn
        reranker.score("a", documents)
for _ in range(8):
    threading.Thread(target=score, daemon=True).start()
started.wait()
print("leaving", flush=True)
sys.exit(0)
""",
    "the event loop was given up": """
reranker = load(path, device="cpu")
async def main():
    task = asyncio.create_task(reranker.ascore("a", documents))
    await asyncio.to_thread(started.wait)
asyncio.run(main())
print("leaving", flush=True)
""",
    "the reranker was closed in mid-call": """
reranker = load(path, device="cpu")
threading.Thread(target=reranker.score, args=("a", documents), daemon=True).start()
started.wait()
reranker.close()
print("leaving", flush=True)
""",
    "two replicas score": """
reranker = load(path, device=["cpu", "cpu"])
threading.Thread(target=reranker.score, args=("a", documents), daemon=True).start()
started.wait()
print("leaving", flush=True)
""",
}


@pytest.mark.promise("P34")
@pytest.mark.parametrize(
    "case", [*QUICK, *(pytest.param(case, marks=pytest.mark.slow) for case in sorted(EXITS.keys() - QUICK))]
)
def test_the_interpreter_leaves_in_mid_call_without_a_word(checkpoint: Callable[[str], Path], case: str) -> None:
    ended = outcome(EXITS[case], checkpoint("bert"), seconds=2.0)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "leaving\n", "")


@pytest.mark.slow
@pytest.mark.promise("P34")
def test_an_interrupt_in_mid_call_ends_the_process_as_any_interrupt_does(
    checkpoint: Callable[[str], Path],
) -> None:
    script = """
reranker = load(path, device="cpu")
def interrupt():
    started.wait()
    os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=interrupt, daemon=True).start()
reranker.score("a", documents)
"""
    ended = outcome(script, checkpoint("bert"), seconds=2.0)
    assert ended.returncode in {1, -signal.SIGINT}  # by the version of Python
    assert ended.stderr.rstrip().endswith("KeyboardInterrupt")


FORK = """
def tried(call):
    try:
        return f"{len(call())} scores"
    except Exception as error:
        return f"{type(error).__name__} {'fork' in str(error)}"

def forked(*calls):
    child = os.fork()
    if child == 0:
        signal.alarm(40)  # nobody else would end a child that hangs
        for call in calls:
            print(tried(call), flush=True)
        sys.stdout.flush()
        os._exit(0)  # as multiprocessing does; torch's own clean-up may wait for threads that are gone
    return os.waitpid(child, 0)[1]
"""


@pytest.mark.promise("P34", "P31")
def test_a_reranker_from_before_a_fork_says_so_and_the_parent_goes_on(checkpoint: Callable[[str], Path]) -> None:
    """Torch's own threads are gone as well, so scoring in the child could hang also where nothing was scored."""
    script = """
torch.set_num_threads(2)
uses = {
    "unused": lambda it: None,
    "used": lambda it: it.score("a", documents[:3]),
    "used async": lambda it: asyncio.run(it.ascore("a", documents[:3])),
    "in mid-call": lambda it: threading.Thread(target=it.score, args=("a", documents)).start() or started.wait(),
}
for before, use in uses.items():
    reranker = load(path, device="cpu")
    started.clear()
    os.environ["READ_SECONDS"] = "0.5" if before == "in mid-call" else "0"
    use(reranker)
    calls = [
        lambda: reranker.score("a", documents[:3]),
        lambda: asyncio.run(reranker.ascore("a", documents[:3])),
        lambda: reranker.rank_many(["a"], [documents[:3]]),
        lambda: reranker.close() or "",
        lambda: reranker.score("a", documents[:3]),
    ]
    print(before, flush=True)
    for _ in range(2):
        print(forked(*calls), tried(lambda: reranker.score("a", documents[:3])), flush=True)
"""
    ended = outcome(FORK + script, checkpoint("bert"))
    refused = ["ClosedError True"] * 3 + ["0 scores", "ClosedError False", "0 3 scores"]
    said = [line for before in ("unused", "used", "used async", "in mid-call") for line in (before, *refused * 2)]
    assert ended.stdout.splitlines() == said
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.promise("P34", "P32")
def test_a_component_from_before_a_fork_says_so_and_loads_anew_once_closed(
    checkpoint: Callable[[str], Path],
) -> None:
    """So does one whose load had not ended: nobody waits for a load of the other process."""
    script = """
from rerank_plugins.core.checkpoint import Checkpoint
from rerank_plugins.integrations.models import ModelHandle
torch.set_num_threads(1)  # threads of torch's own would not live on
go, begun, tensors = threading.Event(), threading.Event(), Checkpoint.tensors
go.set()
def late(self):
    begun.set()
    go.wait()
    return tensors(self)
Checkpoint.tensors = late
handle = ModelHandle({"model": path})
handle.get().score("a", documents[:3])
ask = lambda: handle.get().score("a", documents[:3])
print(forked(ask, lambda: handle.close() or "", ask), tried(ask), flush=True)
loading = ModelHandle({"model": path, "max_length": 100})
go.clear()
begun.clear()
threading.Thread(target=loading.get).start()
begun.wait()
status = forked(lambda: loading.get().score("a", documents[:3]))
go.set()
print(status, tried(lambda: loading.get().score("a", documents[:3])))
"""
    ended = outcome(FORK + script, checkpoint("bert"))
    closed = ["ClosedError True", "0 scores", "3 scores", "0 3 scores"]
    assert ended.stdout.splitlines() == [*closed, "ClosedError True", "0 3 scores"]
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.promise("P34", "P37")
def test_a_component_that_was_not_used_before_a_fork_works_after_it(checkpoint: Callable[[str], Path]) -> None:
    script = """
from rerank_plugins.integrations.models import ModelHandle
handle = ModelHandle({"model": path})
ask = lambda: handle.get().score("a", documents[:3])
print(forked(ask, ask), tried(ask))
"""
    ended = outcome(FORK + script, checkpoint("bert"))
    assert ended.stdout.splitlines() == ["3 scores", "3 scores", "0 3 scores"]
    assert (ended.returncode, ended.stderr) == (0, "")
