"""Which tokens a row keeps when something is too long."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers

from rerank_plugins.core.checkpoint import Checkpoint
from rerank_plugins.core.family import QUERY, Limits, Template
from rerank_plugins.core.prompts import FlagPrompt
from rerank_plugins.core.templates import PairTemplate, SingleTemplate, cut_document, cut_longest_first
from rerank_plugins.core.tokenization import TextTokenizer
from rerank_plugins.errors import ArgumentError

lengths = st.integers(0, 40)


@given(lengths, lengths, st.integers(2, 60))
def test_longest_first_cuts_as_the_tokenizers_library_does(query: int, document: int, room: int) -> None:
    reference = Tokenizer(models.WordLevel({"x": 0, "y": 1}, unk_token="x"))
    reference.pre_tokenizer = pre_tokenizers.Whitespace()
    reference.enable_truncation(room, strategy="longest_first")
    found = reference.encode("x " * query, "y " * document)
    expected = (found.ids.count(0), found.ids.count(1))
    assert cut_longest_first(query, document, Limits(room + 3), 3) == expected


@given(lengths, lengths, st.integers(17, 60), st.none() | st.integers(1, 12))
@pytest.mark.promise("P8")
def test_cut_document_keeps_the_capped_query_whole(
    query: int, document: int, max_length: int, max_query_length: int | None
) -> None:
    cap = max_length * 3 // 4 if max_query_length is None else max_query_length
    kept_query, kept_document = cut_document(query, document, Limits(max_length, max_query_length), 4)
    assert kept_query == min(query, cap)
    assert kept_document == min(document, max_length - 4 - kept_query)


@given(lengths, lengths)
@pytest.mark.parametrize("cut", [cut_document, cut_longest_first])
def test_a_limit_that_does_not_bind_cuts_nothing(cut: Callable[..., object], query: int, document: int) -> None:
    assert cut(query, document, Limits(200), 4) == (query, document)


def test_no_room_for_the_document_is_a_typed_error() -> None:
    with pytest.raises(ArgumentError, match="max_query_length"):
        cut_document(30, 5, Limits(20, 16), 4)


@pytest.fixture(scope="module")
def tokenizer(checkpoint: Callable[[str], Path]) -> TextTokenizer:
    return TextTokenizer(Checkpoint(checkpoint("bert"), name="tiny"))


def test_pair_rows_mark_the_second_segment_and_truncation(tokenizer: TextTokenizer) -> None:
    template = PairTemplate(cut=cut_longest_first)
    short, long = template.rows(tokenizer, "a file", ["bread", "bread " * 50], instruction=None, limits=Limits(20))
    query, document = tokenizer.encode(["a file", "bread"])
    assert short.ids == [2, *query, 3, *document, 3]
    assert short.type_ids == [0] * (len(query) + 2) + [1] * (len(document) + 1)
    assert (short.truncated, long.truncated, len(long.ids)) == (False, True, 20)


def test_an_instruction_goes_before_the_query_by_its_format(tokenizer: TextTokenizer) -> None:
    template = PairTemplate(cut=cut_longest_first, query_instruction_format=r"{}:\n{}")
    (row,) = template.rows(tokenizer, "file", ["bread"], instruction="bear", limits=Limits(99))
    (expected,) = PairTemplate(cut=cut_longest_first).rows(
        tokenizer, "bear:\nfile", ["bread"], instruction=None, limits=Limits(99)
    )
    assert row == expected


def test_an_empty_document_keeps_the_form_of_a_pair(tokenizer: TextTokenizer) -> None:
    (row,) = PairTemplate(cut=cut_longest_first).rows(tokenizer, "file", [""], instruction=None, limits=Limits(99))
    assert row.ids[-2:] == [3, 3]


def test_single_rows_start_with_the_query_and_are_cut_from_the_end(tokenizer: TextTokenizer) -> None:
    rows = SingleTemplate().rows(tokenizer, "file", ["bread", "bread " * 50], instruction=None, limits=Limits(10))
    assert [row.document for row in rows] == [QUERY, 0, 1]
    assert (len(rows[2].ids), rows[2].ids[-1], rows[2].truncated) == (10, 3, True)


@pytest.mark.promise("P8", "P16")
@pytest.mark.parametrize("mode", ["truncate", "passages"])
@pytest.mark.parametrize(
    "template", [PairTemplate(cut=cut_longest_first), PairTemplate(cut=cut_document), SingleTemplate()]
)
@given(most=st.integers(1, 8), query=st.sampled_from(["", "a", "a file"]), document=st.sampled_from(["", "bread"]))
def test_tiny_limits_give_rows_within_them_or_a_typed_error(
    tokenizer: TextTokenizer, template: Template, mode: str, most: int, query: str, document: str
) -> None:
    try:
        rows = template.rows(tokenizer, query, [document], instruction=None, limits=Limits(most, None, mode))
    except ArgumentError:
        return
    assert all(len(row.ids) <= most for row in rows)


@pytest.mark.promise("P8")
def test_a_long_instruction_makes_no_row_longer_than_the_limit_allows(tokenizer: TextTokenizer) -> None:
    template = FlagPrompt(prompt="Yes or no?")
    most = 60 + template.overhead(tokenizer)
    (row,) = template.rows(tokenizer, "a", ["bread " * 90], instruction="file " * 30, limits=Limits(60))
    assert len(row.ids) == most
    with pytest.raises(ArgumentError, match="instruction"):
        template.rows(tokenizer, "a", ["bread"], instruction="file " * 500, limits=Limits(60))
