"""Equal rows are read once; kept vectors are those that were read."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rerank_plugins.core.cache import CachedReads
from rerank_plugins.core.family import Row


class Counting:
    """An engine whose vector for a row says what the row is; counts the rows it is given."""

    def __init__(self) -> None:
        self.rows: list[Row] = []

    def read(self, rows: list[Row]) -> torch.Tensor:
        self.rows += rows
        vectors = [[float(sum(row.ids)), float(read)] for row in rows for read in row.reads]
        return torch.tensor(vectors)


def row(*ids: int) -> Row:
    return Row(list(ids), (0,), 0)


calls = st.lists(st.lists(st.integers(0, 5), max_size=6), max_size=8)


@given(calls, st.integers(0, 4))
def test_what_is_read_is_what_the_engine_reads(numbers: list[list[int]], size: int) -> None:
    cached = CachedReads(Counting(), size=size)
    for call in numbers:
        rows = [row(number, number + 1) for number in call]
        if rows:
            torch.testing.assert_close(cached.read(rows), Counting().read(rows))


@given(calls, st.integers(0, 4))
def test_no_more_is_kept_than_asked_for(numbers: list[list[int]], size: int) -> None:
    cached = CachedReads(Counting(), size=size)
    for call in numbers:
        if call:
            cached.read([row(number) for number in call])
            assert len(cached._kept) <= size


@pytest.mark.parametrize("size", [0, 10])
def test_equal_rows_of_a_call_are_read_once(size: int) -> None:
    engine = Counting()
    CachedReads(engine, size=size).read([row(1), row(2), row(1), row(1)])
    assert [list(read.ids) for read in engine.rows] == [[1], [2]]


def test_a_kept_row_is_not_read_again() -> None:
    engine = Counting()
    cached = CachedReads(engine, size=10)
    cached.read([row(1), row(2)])
    cached.read([row(2), row(3)])
    assert [list(read.ids) for read in engine.rows] == [[1], [2], [3]]


def test_the_row_not_used_for_longest_goes_first() -> None:
    engine = Counting()
    cached = CachedReads(engine, size=2)
    for number in (1, 2, 1, 3, 1, 2):
        cached.read([row(number)])
    assert [list(read.ids) for read in engine.rows] == [[1], [2], [3], [2]]


@pytest.mark.parametrize(
    "other",
    [
        Row([1, 2], (1,), 0),
        Row([1, 2], (0,), 0, type_ids=[0, 1]),
        Row([1, 2], (0,), 0, mergeable=(0, 1)),
        Row([1, 3], (0,), 0),
    ],
)
def test_rows_that_differ_in_anything_that_counts_are_different(other: Row) -> None:
    engine = Counting()
    cached = CachedReads(engine, size=10)
    cached.read([Row([1, 2], (0,), 0)])
    cached.read([other])
    assert len(engine.rows) == 2


def test_rows_with_several_reads_stay_together() -> None:
    rows = [Row([5], (0, 0), 0), row(7), Row([5], (0, 0), 1)]
    torch.testing.assert_close(CachedReads(Counting(), size=3).read(rows), Counting().read(rows))
