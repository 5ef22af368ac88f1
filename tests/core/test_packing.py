"""Rows are shared out to forwards completely, within the budget, and with the best sharing of prefixes."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rerank_plugins.core.family import Row
from rerank_plugins.core.packing import bundles, forwards, pack, tokens
from rerank_plugins.core.padding import pad, padded_batches
from rerank_plugins.core.prefixes import best_partition

ids = st.lists(st.integers(0, 2), min_size=1, max_size=12)
some_rows = st.lists(ids, min_size=1, max_size=12).map(
    lambda lists: [Row(row, (len(row) - 1,), place) for place, row in enumerate(lists)]
)


def saved(heights: list[int], parts: list[tuple[int, int, int]]) -> int:
    """Return what these parts save, checking that each shares no more than all its members have."""
    for first, last, prefix in parts:
        assert prefix <= min(heights[first:last], default=prefix)
    return sum(prefix * (last - first) for first, last, prefix in parts)


def best_by_trying(heights: list[int]) -> int:
    """Return the most that any partition saves, by trying every place to cut first."""
    members = len(heights) + 1
    best = [0] * (members + 1)
    for end in range(1, members + 1):
        best[end] = max(
            best[start] + min(heights[start : end - 1], default=0) * (end - 1 - start) for start in range(end)
        )
    return best[members]


@given(st.lists(st.integers(0, 6), max_size=9))
def test_partition_covers_every_member_once(heights: list[int]) -> None:
    parts = best_partition(heights)
    assert [place for first, last, _ in parts for place in range(first, last + 1)] == list(range(len(heights) + 1))


@given(st.lists(st.integers(0, 6), max_size=9))
def test_partition_saves_as_much_as_the_best_one(heights: list[int]) -> None:
    assert saved(heights, best_partition(heights)) == best_by_trying(heights)


@given(some_rows, st.booleans(), st.integers(1, 40))
def test_every_row_is_in_exactly_one_forward(rows: list[Row], causal: bool, budget: int) -> None:
    placed = [
        index
        for batch in forwards(rows, bundles(rows, causal=causal), budget)
        for bundle in batch
        for index in bundle.rows
    ]
    assert sorted(placed) == list(range(len(rows)))


@given(some_rows, st.booleans(), st.integers(1, 40))
@pytest.mark.promise("P24")
def test_a_forward_exceeds_the_budget_only_for_a_single_row(rows: list[Row], causal: bool, budget: int) -> None:
    for batch in forwards(rows, bundles(rows, causal=causal), budget):
        size = sum(tokens(rows, bundle) for bundle in batch)
        assert size <= budget or sum(len(bundle.rows) for bundle in batch) == 1


@given(some_rows, st.booleans())
def test_packed_ids_are_each_rows_own_at_its_reads(rows: list[Row], causal: bool) -> None:
    (batch,) = forwards(rows, bundles(rows, causal=causal), 10_000)
    packed = pack(rows, batch)
    found = [(packed.ids[read], packed.positions[read]) for read in packed.reads]
    assert found == [(rows[index].ids[-1], len(rows[index].ids) - 1) for index in packed.rows]


def test_rows_of_two_queries_share_within_each_query() -> None:
    rows = [Row([query] * 10 + [document, 9], (11,), 0) for query in (1, 2) for document in (3, 4, 5)]
    assert [bundle.prefix for bundle in bundles(rows, causal=True)] == [10, 10]


def test_bidirectional_rows_share_nothing() -> None:
    rows = [Row([1] * 10 + [document, 9], (11,), 0) for document in (3, 4, 5)]
    assert [bundle.prefix for bundle in bundles(rows, causal=False)] == [0]


@pytest.mark.promise("P27")
def test_neighbours_in_a_forward_are_sorted_by_length() -> None:
    rows = [Row([1] * length, (0,), 0) for length in (5, 2, 9, 2, 5)]
    (bundle,) = bundles(rows, causal=False)
    lengths = [len(rows[index].ids) for index in bundle.rows]
    assert all(left <= right for left, right in pairwise(lengths))


@given(some_rows, st.integers(1, 40))
@pytest.mark.promise("P24")
def test_padded_batches_hold_every_row_once_within_the_budget(rows: list[Row], budget: int) -> None:
    batches = [bundle.rows for (bundle,) in padded_batches(rows, budget)]
    assert sorted(index for batch in batches for index in batch) == list(range(len(rows)))
    for batch in batches:
        assert len(batch) * max(len(rows[index].ids) for index in batch) <= budget or len(batch) == 1


@given(some_rows)
@pytest.mark.promise("P13")
def test_padding_is_masked_and_keeps_every_id(rows: list[Row]) -> None:
    padded = pad(rows)
    for row, filled, mask in zip(rows, padded.ids, padded.mask, strict=True):
        assert [number for number, real in zip(filled, mask, strict=True) if real] == list(row.ids)
