"""Odd, huge and many texts give a defined result through a loaded reranker: which, not how good."""

from __future__ import annotations

import json
import math
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from rerank_plugins import Reranker

MEGABYTE = 10**6
ODD = {
    "empty": "",
    "blanks": " \t\r\n\u00a0\u2003",
    "nul": "a\x00b\x00",
    "lone surrogates": "a\ud800b\udfff",
    "right to left": "\u202e\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627\u202c",
    "combining marks": "e" + "\u0301" * 300,
    "emoji": "\U0001f469\u200d\U0001f469\u200d\U0001f467" * 20,
    "private use": "\ue000\U000f0000\uffff",
    "control tokens": "[SEP][CLS] [PAD]</s><|im_end|>",
    "template code": "{{ 1 / 0 }}{% for %}{0}{query}",
}
HUGE = {
    "words": "yeast " * (MEGABYTE // 6),
    "one word": "a" * MEGABYTE,
    "blanks": " " * MEGABYTE,
    "marks": "e" + "\u0301" * MEGABYTE,
    "surrogates": "\ud800" * MEGABYTE,
    "control tokens": "[SEP]" * (MEGABYTE // 5),
}
SECONDS = 20
"""For a megabyte, on a busy machine; it takes about one. A cost that grows with the square would take hours."""


@pytest.mark.promise("P16", "P17", "P18")
@pytest.mark.parametrize("query", ODD.values(), ids=ODD)
def test_odd_texts_are_ranked_like_any_other(bert: Reranker, query: str) -> None:
    documents = [*ODD.values(), *ODD.values()]
    given = list(documents)
    ranking = bert.rank(query, documents)
    assert sorted(found.index for found in ranking) == list(range(len(documents)))
    assert all(type(found.score) is float and math.isfinite(found.score) for found in ranking)
    assert all(found.text is documents[found.index] for found in ranking)
    assert documents == given
    json.dumps([(found.index, found.score, found.text) for found in ranking])


@pytest.mark.promise("P16")
def test_texts_that_say_nothing_score_as_the_empty_text(bert: Reranker) -> None:
    empty, blank, nul = bert.score("bread", ["", " \t\n", "\x00"])
    assert (blank, nul) == pytest.approx((empty, empty), abs=1e-6)


@pytest.mark.promise("P16")
def test_a_lone_surrogate_scores_as_the_replacement_character(bert: Reranker) -> None:
    odd, plain = bert.score("bread", ["yeast \ud800", "yeast \ufffd"])
    assert odd == pytest.approx(plain, abs=1e-6)


@pytest.mark.promise("P9", "P16")
@pytest.mark.parametrize("text", HUGE.values(), ids=HUGE)
def test_a_megabyte_is_cut_in_time_and_the_result_says_so(bert: Reranker, text: str) -> None:
    start = time.perf_counter()
    (found,) = bert.rank("bread", [text])
    assert time.perf_counter() - start < SECONDS
    assert math.isfinite(found.score)
    assert found.truncated == (len(bert._backend.scorer.tokenizer.encode([text])[0]) > bert.info.max_length)


@pytest.mark.promise("P16")
@pytest.mark.parametrize("text", HUGE.values(), ids=HUGE)
def test_a_query_of_a_megabyte_is_scored_in_time(bert: Reranker, text: str) -> None:
    start = time.perf_counter()
    (score,) = bert.score(text, ["yeast"])
    assert time.perf_counter() - start < SECONDS
    assert math.isfinite(score)


@pytest.mark.promise("P11", "P16", "P17")
def test_ten_thousand_documents_come_back_once_each_with_ties_in_input_order(bert: Reranker) -> None:
    words = ("bread", "yeast", "", "file [SEP]", "\ud800", "a panda eats bamboo", "\u05e9\u05dc\u05d5\u05dd")
    ranking = bert.rank("bread", [words[place % len(words)] for place in range(10_000)])
    assert sorted(found.index for found in ranking) == list(range(10_000))
    order = [(-found.score, found.index) for found in ranking]
    assert order == sorted(order)
