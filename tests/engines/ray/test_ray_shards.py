"""A job over shards goes on where it stopped: what is finished is not done again, what is not is done whole."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import ray.data
from scorers import Gone, Numbers

from rerank_plugins import ArgumentError, ArgumentTypeError
from rerank_plugins.integrations.ray import rerank_dataset, rerank_shards

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.engine

NAMES = ["a.parquet", "b.parquet"]


@pytest.fixture
def shards(tmp_path: Path) -> list[Path]:
    for place, name in enumerate(NAMES):
        ids = range(place * 2000, (place + 1) * 2000)
        table = pa.table({"id": ids, "query": ["q"] * 2000, "document": [f"text {number}" for number in ids]})
        pq.write_table(table, tmp_path / name)
    return [tmp_path / name for name in NAMES]


def failing_at(number: int, calls: list[int]) -> Callable[[ray.data.Dataset], ray.data.Dataset]:
    """Return what reranks, but fails at one of its calls, after the first block was scored."""

    def rerank(rows: ray.data.Dataset) -> ray.data.Dataset:
        calls.append(len(calls))
        make = Gone if len(calls) == number else Numbers
        return rerank_dataset(rows, make_reranker=make, batch_size=1000, rows_per_block=1000)

    return rerank


def test_a_second_call_does_only_what_is_missing(shards: list[Path], tmp_path: Path) -> None:
    output, calls = tmp_path / "out", []
    with pytest.raises(Exception, match="the device is lost"):
        rerank_shards(shards, output, failing_at(2, calls))
    assert [path.name for path in output.iterdir() if not path.name.startswith(".")] == ["a.parquet"]
    first = {path: path.stat().st_mtime_ns for path in (output / "a.parquet").iterdir()}

    done = rerank_shards(shards, output, failing_at(0, calls))

    assert len(calls) == 3  # a and the failing b; then b alone
    assert done == [output / name for name in NAMES]
    assert {path: path.stat().st_mtime_ns for path in (output / "a.parquet").iterdir()} == first
    assert sorted(path.name for path in output.iterdir()) == NAMES
    found = pq.read_table(done[0].parent).sort_by("id")
    assert found.column("id").to_pylist() == list(range(4000))
    assert found.column("score").to_pylist() == [float(number) for number in range(4000)]


class Rows:
    """A dataset that is there at once, for what needs no cluster."""

    def __init__(self, count: int) -> None:
        self._count = count

    def write_parquet(self, path: str) -> None:
        if self._count:  # Ray writes no file for no rows
            pq.write_table(pa.table({"id": range(self._count)}), Path(path) / "new.parquet")


def test_what_an_interrupted_call_left_is_not_part_of_the_shard(shards: list[Path], tmp_path: Path) -> None:
    left = tmp_path / "out" / ".a.parquet.partial"
    left.mkdir(parents=True)
    pq.write_table(pq.read_table(shards[0]), left / "old.parquet")

    (done,) = rerank_shards(shards[:1], tmp_path / "out", lambda path: Rows(5), read=lambda path: path)

    assert pq.read_table(done).num_rows == 5
    assert not left.exists()


def test_a_shard_without_rows_is_finished(shards: list[Path], tmp_path: Path) -> None:
    (done,) = rerank_shards(shards[:1], tmp_path / "out", lambda path: Rows(0), read=lambda path: path)

    assert done.is_dir()


def test_a_shard_is_read_by_the_function_that_is_given(shards: list[Path], tmp_path: Path) -> None:
    asked: list[str] = []

    rerank_shards(
        shards, tmp_path / "out", lambda path: asked.append(path) or Rows(1), read=lambda path: f"read {path}"
    )

    assert asked == [f"read {shard}" for shard in shards]


@pytest.mark.parametrize(
    ("names", "output", "message"),
    [
        (["a.parquet", "a.parquet"], "out", "different names, a.parquet comes more than once"),
        (["a.parquet", "z.parquet"], "out", "No such shard: .*z.parquet"),
        (["a.parquet"], "s3://bucket/out", "object stores cannot do"),
    ],
)
def test_shards_that_cannot_work_are_refused_before_any_is_done(
    shards: list[Path], tmp_path: Path, names: list[str], output: str, message: str
) -> None:
    calls: list[object] = []

    with pytest.raises(ArgumentError, match=message):
        rerank_shards([tmp_path / name for name in names], output, calls.append)
    assert calls == []


def test_one_path_is_no_list_of_shards(shards: list[Path], tmp_path: Path) -> None:
    with pytest.raises(ArgumentTypeError, match="must be a list of paths"):
        rerank_shards(str(shards[0]), tmp_path / "out", lambda rows: rows)
