"""Many callers share few reads, each gets its own vectors or its own error, and nothing is left behind."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, wait

import pytest
import torch

from rerank_plugins.core.family import Row
from rerank_plugins.core.scheduler import Scheduler
from rerank_plugins.errors import ClosedError

SOON = 20
"""Seconds after which something is taken to hang."""


class Fake:
    """An engine whose vectors say which row and read they belong to; it waits at the gate, if there is one."""

    def __init__(self, *, gate: bool = False, layers: int = 1) -> None:
        self.reads: list[list[int]] = []
        self.started, self.gate = threading.Event(), threading.Event()
        self.layers = layers
        if not gate:
            self.gate.set()

    def read(self, rows: Sequence[Row]) -> torch.Tensor:
        self.reads.append([row.ids[0] for row in rows])
        self.started.set()
        assert self.gate.wait(SOON)
        for row in rows:
            if row.ids[0] < 0:
                raise ValueError(f"row {row.ids[0]} is broken")
        return expected(rows, self.layers)


def expected(rows: Sequence[Row], layers: int = 1) -> torch.Tensor:
    return torch.tensor(
        [[row.ids[0], read, layer] for row in rows for read in row.reads for layer in range(layers)]
    ).float()


def row(number: int, tokens: int = 1, reads: tuple[int, ...] = (0,)) -> Row:
    return Row([number] * tokens, reads, 0)


def busy(engine: Fake, merged_tokens: int = 100) -> tuple[Scheduler, Future[torch.Tensor]]:
    """Return a scheduler in the middle of a read, and the future of that read."""
    scheduler = Scheduler(engine, merged_tokens=merged_tokens)
    first = scheduler.submit([row(0)])
    assert engine.started.wait(SOON)
    return scheduler, first


def opened(engine: Fake, futures: Sequence[Future[torch.Tensor]]) -> None:
    engine.gate.set()
    wait(futures, timeout=SOON)


def test_what_comes_during_a_read_is_read_together_next() -> None:
    engine = Fake(gate=True)
    scheduler, first = busy(engine)
    later = [scheduler.submit([row(number), row(number + 10)]) for number in range(1, 5)]
    opened(engine, [first, *later])
    assert engine.reads == [[0], [1, 11, 2, 12, 3, 13, 4, 14]]


@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.promise("P31")
def test_each_caller_gets_its_own_vectors(layers: int) -> None:
    engine = Fake(gate=True, layers=layers)
    scheduler, _ = busy(engine)
    calls = [[row(1), row(2, reads=(0, 4))], [row(3, reads=(2,))], [], [row(4, reads=(0, 1, 2))]]
    later = [scheduler.submit(rows) for rows in calls]
    opened(engine, later)
    for rows, future in zip(calls, later, strict=True):
        assert future.result().tolist() == expected(rows, layers).tolist()


def test_rows_pooled_to_one_mean_each_are_told_apart() -> None:
    """Whatever positions they name: a mean has none."""
    gate, started = threading.Event(), threading.Event()

    class Mean(Fake):
        def read(self, rows: Sequence[Row]) -> torch.Tensor:
            started.set()
            assert gate.wait(SOON)
            return torch.tensor([[float(row.ids[0])] for row in rows])

    scheduler = Scheduler(Mean(), merged_tokens=100)
    calls = [[row(0)], [row(1, reads=()), row(2, reads=(0, 1))], [row(3)]]
    futures = [scheduler.submit(calls[0])]
    assert started.wait(SOON)
    futures += [scheduler.submit(rows) for rows in calls[1:]]
    gate.set()
    assert [future.result(SOON).flatten().tolist() for future in futures] == [[0.0], [1.0, 2.0], [3.0]]


def test_a_merged_read_is_bounded_by_tokens_and_first_come_is_first_served() -> None:
    engine = Fake(gate=True)
    scheduler, first = busy(engine, merged_tokens=10)
    later = [scheduler.submit([row(number, size)]) for number, size in enumerate((4, 4, 4, 50, 10, 1), start=1)]
    opened(engine, [first, *later])
    assert engine.reads == [[0], [1, 2], [3], [4], [5], [6]]


def test_small_calls_share_reads_where_one_large_call_has_its_own() -> None:
    """Eight threads with ten documents each take no more reads than one thread with eighty."""
    engine = Fake(gate=True)
    scheduler, first = busy(engine)
    with ThreadPoolExecutor(8) as pool:
        later = list(pool.map(lambda at: scheduler.submit([row(10 * at + k) for k in range(10)]), range(8)))
        opened(engine, [first, *later])
    assert [len(read) for read in engine.reads] == [1, 80]


@pytest.mark.promise("P33")
def test_work_cancelled_before_it_starts_is_never_read() -> None:
    engine = Fake(gate=True)
    scheduler, first = busy(engine)
    later = [scheduler.submit([row(number)]) for number in range(1, 4)]
    assert later[1].cancel()
    opened(engine, [first, *later])
    assert engine.reads == [[0], [1, 3]]
    with pytest.raises(CancelledError):
        later[1].result(SOON)


def test_only_the_caller_whose_rows_fail_gets_the_error() -> None:
    engine = Fake(gate=True)
    scheduler, _ = busy(engine)
    good, bad, fine = (scheduler.submit(rows) for rows in ([row(1)], [row(2), row(-3)], [row(4)]))
    opened(engine, [good, bad, fine])
    assert [good.result().tolist(), fine.result().tolist()] == [[[1.0, 0.0, 0.0]], [[4.0, 0.0, 0.0]]]
    with pytest.raises(ValueError, match="row -3"):
        bad.result()


@pytest.mark.parametrize("error", [ValueError, MemoryError, SystemExit, KeyboardInterrupt])
def test_the_worker_outlives_any_error(error: type[BaseException], monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Fake()
    scheduler = Scheduler(engine, merged_tokens=10)

    def broken(_: object) -> None:
        raise error("broken")

    with monkeypatch.context() as patch:
        patch.setattr(engine, "read", broken)
        with pytest.raises(error, match="broken"):
            scheduler.submit([row(1)]).result(SOON)
    assert scheduler.submit([row(2)]).result(SOON).tolist() == [[2.0, 0.0, 0.0]]


def test_closing_lets_what_runs_end_and_refuses_what_waits() -> None:
    engine = Fake(gate=True)
    scheduler, first = busy(engine)
    later = [scheduler.submit([row(number)]) for number in range(1, 4)]
    scheduler.close()
    scheduler.close()
    opened(engine, [first, *later])
    assert first.result().tolist() == [[0.0, 0.0, 0.0]]
    for future in later:
        with pytest.raises(ClosedError, match="load"):
            future.result(SOON)
    with pytest.raises(ClosedError, match="load"):
        scheduler.submit([row(5)])


def test_the_worker_itself_may_close_the_scheduler(monkeypatch: pytest.MonkeyPatch) -> None:
    """The garbage collector runs wherever it likes."""
    engine = Fake()
    scheduler = Scheduler(engine, merged_tokens=10)
    read = engine.read
    monkeypatch.setattr(engine, "read", lambda rows: (scheduler.close(), read(rows))[1])
    assert scheduler.submit([row(1)]).result(SOON).tolist() == [[1.0, 0.0, 0.0]]
    with pytest.raises(ClosedError):
        scheduler.submit([row(2)])


def test_no_caller_waits_forever_for_a_scheduler_that_is_closed_meanwhile() -> None:
    for attempt in range(30):
        scheduler = Scheduler(Fake(), merged_tokens=10)
        with ThreadPoolExecutor(8) as pool:
            work = [pool.submit(outcome, scheduler, number) for number in range(40)]
            time.sleep(attempt / 6000)
            scheduler.close()
            assert all(future.result(SOON) for future in work)


def outcome(scheduler: Scheduler, number: int) -> bool:
    try:
        return scheduler.submit([row(number)]).result(SOON).tolist() == [[number, 0.0, 0.0]]
    except ClosedError:
        return True


@pytest.mark.parametrize("leave", [Scheduler.close, lambda _: None], ids=["closed", "forgotten"])
@pytest.mark.promise("P28")
def test_thread_and_engine_are_gone_afterwards(leave: Callable[[Scheduler], None]) -> None:
    before = set(threading.enumerate())
    engine = Fake()
    scheduler = Scheduler(engine, merged_tokens=10)
    scheduler.submit([row(1)]).result(SOON)
    with pytest.raises(ValueError, match="broken"):
        scheduler.submit([row(-1)]).result(SOON)
    (thread,) = set(threading.enumerate()) - before
    leave(scheduler)
    alive = weakref.ref(engine)
    del scheduler, engine
    gc.collect()
    thread.join(SOON)
    assert not thread.is_alive()
    assert alive() is None


def test_vectors_are_not_kept_once_their_caller_has_let_go() -> None:
    scheduler = Scheduler(Fake(), merged_tokens=10)
    vectors = scheduler.submit([row(1)]).result(SOON)
    storage = weakref.ref(vectors)
    del vectors
    assert gone(storage)


def gone(reference: weakref.ref[torch.Tensor]) -> bool:
    """The worker's last step may still be under way."""
    until = time.monotonic() + SOON
    while reference() is not None and time.monotonic() < until:
        time.sleep(0.001)
    return reference() is None


MID_CALL = """
import threading
import torch
from rerank_plugins.core.family import Row
from rerank_plugins.core.scheduler import Scheduler

class Engine:
    def read(self, rows):
        started.set()
        while True:
            torch.ones(200, 200) @ torch.ones(200, 200)
        return torch.zeros(len(rows), 1)

started = threading.Event()
scheduler = Scheduler(Engine(), merged_tokens=10)
futures = [scheduler.submit([Row([number], (0,), 0)]) for number in range(50)]
started.wait()
print("leaving", flush=True)
"""


@pytest.mark.promise("P34")
def test_the_interpreter_leaves_in_the_middle_of_a_read() -> None:
    run = subprocess.run([sys.executable, "-c", MID_CALL], timeout=60, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout, run.stderr) == (0, "leaving\n", "")
