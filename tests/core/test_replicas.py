"""Several replicas give what one engine gives, share the work, and pass on each other's errors."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import tiny
import torch
from hypothesis import given
from hypothesis import strategies as st

from rerank_plugins import load
from rerank_plugins.core.family import Row
from rerank_plugins.core.replicas import Replicas, shares

GOLDEN = Path(__file__).parents[1] / "golden"
SOON = 20


class Fake:
    """An engine whose vectors say which rows they belong to."""

    device = torch.device("cpu")

    def __init__(self, before: Callable[[], None] = lambda: None) -> None:
        self.before = before
        self.rows: list[int] = []
        self.threads: set[str | int] = set()

    def read(self, rows: Sequence[Row]) -> torch.Tensor:
        self.before()
        self.rows += [row.ids[0] for row in rows]
        self.threads.add(threading.get_ident())
        return torch.tensor([[float(row.ids[0])] for row in rows for _ in row.reads])


def rows_of(lengths: Sequence[int]) -> list[Row]:
    return [Row([place] * length, (0,), place) for place, length in enumerate(lengths)]


@given(st.lists(st.integers(1, 50), max_size=40), st.integers(1, 5))
def test_shares_keep_the_order_and_are_even_to_one_row(lengths: list[int], most: int) -> None:
    rows = rows_of(lengths)
    parts = shares(rows, most)
    assert [row for part in parts for row in part] == rows
    assert 1 <= len(parts) <= most
    assert all(parts) or not rows
    for part in parts:
        assert sum(len(row.ids) for row in part) <= sum(lengths) / most + max(lengths, default=0)


def test_each_replica_reads_its_share_in_a_thread_of_its_own() -> None:
    engines = [Fake(), Fake()]
    replicas = Replicas(engines)
    for _ in range(3):
        assert replicas.read(rows_of([5, 5, 10, 1])).flatten().tolist() == [0.0, 1.0, 2.0, 3.0]
    assert [engine.rows[:2] for engine in engines] == [[0, 1], [2, 3]]
    threads = [engine.threads for engine in engines]
    assert [len(found) for found in threads] == [1, 1]
    assert len(set.union(*threads, {threading.get_ident()})) == 3


def test_replicas_read_at_the_same_time() -> None:
    both = threading.Barrier(2)
    replicas = Replicas([Fake(lambda: both.wait(SOON)), Fake(lambda: both.wait(SOON))])
    assert replicas.read(rows_of([4, 4])).shape == (2, 1)


@pytest.mark.parametrize("broken", [0, 1])
def test_an_error_reaches_the_caller_after_all_replicas_have_ended(broken: int) -> None:
    failed = threading.Event()

    def fail() -> None:
        failed.set()
        raise ValueError("broken")

    engines = [Fake(lambda: failed.wait(SOON)), Fake(lambda: failed.wait(SOON))]
    engines[broken] = Fake(fail)
    replicas = Replicas(engines)
    with pytest.raises(ValueError, match="broken"):
        replicas.read(rows_of([4, 4]))
    assert engines[1 - broken].rows == [1 - broken]


@pytest.mark.parametrize(
    ("folder", "options"),
    [
        ("cross_encoder", {}),
        ("mxbai_v1", {}),
        ("gte_modernbert", {}),
        ("contextual", {"family": "contextual"}),
        ("qwen3", {"family": "qwen3"}),
        ("bge_layerwise", {}),
        ("bge_lightweight", {"compress_layers": [2], "compress_ratio": 2}),
    ],
)
def test_two_devices_give_the_scores_of_one(folder: str, options: dict[str, object]) -> None:
    path, documents = str(GOLDEN / folder / "checkpoint"), list(tiny.DOCUMENTS)
    with load(path, device="cpu", **options) as one, load(path, device=["cpu", "cpu"], **options) as two:
        assert two.info.devices == ("cpu", "cpu")
        for count in (1, 2, len(documents)):
            expected = one.score(tiny.QUERY, documents[:count])
            assert two.score(tiny.QUERY, documents[:count]) == pytest.approx(expected, abs=1e-5)


def test_a_cached_mean_is_the_same_from_two_devices(checkpoint: Callable[[str], Path]) -> None:
    path, documents = str(checkpoint("bert-embedding")), list(tiny.DOCUMENTS)
    with load(path, family="bi-encoder") as one, load(path, family="bi-encoder", device=["cpu", "cpu"]) as two:
        for _ in range(2):
            assert two.score("bread", documents) == pytest.approx(one.score("bread", documents), abs=1e-5)


def test_the_threads_of_all_replicas_end_with_the_reranker(checkpoint: Callable[[str], Path]) -> None:
    before = set(threading.enumerate())
    reranker = load(str(checkpoint("bert")), device=["cpu", "cpu"])
    reranker.score("bread", list(tiny.DOCUMENTS))
    started = [thread for thread in set(threading.enumerate()) - before if thread.name == "rerank-engine"]
    assert len(started) == 3
    reranker.close()
    for thread in started:
        thread.join(SOON)
    assert not [thread for thread in started if thread.is_alive()]
