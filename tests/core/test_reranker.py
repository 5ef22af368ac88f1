"""What a caller of a loaded reranker can rely on."""

from __future__ import annotations

import asyncio
import json
import math
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import tiny
import torch

from rerank_plugins import (
    ArgumentError,
    ArgumentTypeError,
    ClosedError,
    InstructionNotSupportedError,
    NonFiniteScoreError,
    Reranker,
    load,
    rerank_options,
)
from rerank_plugins.core import running
from rerank_plugins.core.results import Ranking

DOCUMENTS = list(tiny.DOCUMENTS)


@pytest.mark.promise("P18")
def test_score_keeps_input_order_and_gives_plain_floats(bert: Reranker) -> None:
    scores = bert.score(tiny.QUERY, DOCUMENTS)
    assert scores == pytest.approx([bert.score(tiny.QUERY, [text])[0] for text in DOCUMENTS], abs=1e-5)
    assert all(type(score) is float for score in scores)
    json.dumps(scores)


@pytest.mark.promise("P11", "P17")
def test_rank_is_score_sorted_with_ties_in_input_order(bert: Reranker) -> None:
    scores = bert.score(tiny.QUERY, DOCUMENTS)
    ranking = bert.rank(tiny.QUERY, DOCUMENTS)
    assert [result.index for result in ranking] == sorted(range(len(scores)), key=lambda i: (-scores[i], i))
    assert [result.text for result in ranking] == [DOCUMENTS[result.index] for result in ranking]


@pytest.mark.promise("P7", "P10")
def test_candidate_order_does_not_change_scores(bert: Reranker) -> None:
    backwards = bert.score(tiny.QUERY, DOCUMENTS[::-1])
    assert backwards[::-1] == pytest.approx(bert.score(tiny.QUERY, DOCUMENTS), abs=1e-5)


@pytest.mark.parametrize(("top_n", "count"), [(None, 9), (1, 1), (3, 3), (9, 9), (100, 9)])
@pytest.mark.promise("P19")
def test_top_n_counts_from_the_best(bert: Reranker, top_n: int | None, count: int) -> None:
    assert bert.rank(tiny.QUERY, DOCUMENTS, top_n=top_n) == bert.rank(tiny.QUERY, DOCUMENTS)[:count]


@pytest.mark.parametrize(
    ("top_n", "error"),
    [(0, ArgumentError), (-1, ArgumentError), (1.5, ArgumentTypeError), (True, ArgumentTypeError)],
)
@pytest.mark.promise("P19")
def test_top_n_that_makes_no_sense_is_refused(bert: Reranker, top_n: object, error: type[Exception]) -> None:
    with pytest.raises(error, match="top_n"):
        bert.rank(tiny.QUERY, DOCUMENTS, top_n=top_n)


@pytest.mark.promise("P20")
def test_threshold_is_inclusive_and_comes_before_top_n(bert: Reranker) -> None:
    everything = bert.rank(tiny.QUERY, DOCUMENTS)
    kept = bert.rank(tiny.QUERY, DOCUMENTS, threshold=everything[4].score, top_n=8)
    assert kept == [result for result in everything if result.score >= everything[4].score]


def test_a_threshold_that_does_not_compare_is_refused(bert: Reranker) -> None:
    with pytest.raises(ArgumentError, match="NaN"):
        bert.rank(tiny.QUERY, DOCUMENTS, threshold=math.nan)


@pytest.mark.promise("P6")
def test_normalize_is_one_sigmoid(bert: Reranker) -> None:
    raw = bert.score(tiny.QUERY, DOCUMENTS, normalize=False)
    assert bert.score(tiny.QUERY, DOCUMENTS, normalize=True) == pytest.approx(
        [1 / (1 + math.exp(-score)) for score in raw], abs=1e-9
    )


@pytest.mark.promise("P6", "P7")
def test_a_single_document_scores_as_in_a_list(bert: Reranker) -> None:
    assert bert.score(tiny.QUERY, DOCUMENTS[:1]) == pytest.approx(bert.score(tiny.QUERY, DOCUMENTS)[:1], abs=1e-5)


def test_nothing_in_nothing_out(bert: Reranker) -> None:
    assert bert.score("query", []) == []
    assert bert.rank("query", []) == []
    assert bert.score_pairs([]) == []
    assert bert.rank_many([], []) == []
    assert bert.rank_many(["query"], [[]]) == [[]]


def test_score_pairs_equals_score_in_input_order(bert: Reranker) -> None:
    pairs = [(query, text) for text in DOCUMENTS for query in ("bread", "panda", "bread")]
    expected = [bert.score(query, [text])[0] for query, text in pairs]
    assert bert.score_pairs(pairs) == pytest.approx(expected, abs=1e-5)


@pytest.mark.promise("P30")
def test_rank_many_equals_rank_for_each_query(bert: Reranker) -> None:
    queries, lists = ["bread", "panda", "file"], [DOCUMENTS[:4], [], DOCUMENTS[3:]]
    for found, query, texts in zip(bert.rank_many(queries, lists), queries, lists, strict=True):
        expected = bert.rank(query, texts)
        assert [result.index for result in found] == [result.index for result in expected]


def test_large_calls_are_cut_into_windows_without_a_change(
    bert: Reranker, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = bert.rank_many(["bread", "panda"], [DOCUMENTS, DOCUMENTS[:5]])
    monkeypatch.setattr(running, "DOCUMENTS_AT_ONCE", 2)
    found = bert.rank_many(["bread", "panda"], [DOCUMENTS, DOCUMENTS[:5]])
    for mine, theirs in zip(found, expected, strict=True):
        assert [result.score for result in mine] == pytest.approx([result.score for result in theirs], abs=1e-5)


@pytest.mark.promise("P43")
def test_progress_shows_a_bar_only_when_asked(bert: Reranker, capfd: pytest.CaptureFixture[str]) -> None:
    bert.rank_many(["bread"], [DOCUMENTS])
    assert capfd.readouterr() == ("", "")
    bert.rank_many(["bread"], [DOCUMENTS], progress=True)
    assert f"{len(DOCUMENTS)}/{len(DOCUMENTS)}" in capfd.readouterr().err


def test_async_equals_sync(bert: Reranker) -> None:
    """Calls that run together may share a forward, which moves the last bit of a float32 score."""

    async def everything() -> tuple[list[float], Ranking, list[Ranking]]:
        return await asyncio.gather(
            bert.ascore(tiny.QUERY, DOCUMENTS),
            bert.arank(tiny.QUERY, DOCUMENTS, top_n=3),
            bert.arank_many(["bread"], [DOCUMENTS]),
        )

    scores, ranking, many = asyncio.run(everything())
    assert scores == pytest.approx(bert.score(tiny.QUERY, DOCUMENTS), abs=1e-6)
    expected = [bert.rank(tiny.QUERY, DOCUMENTS, top_n=3), *bert.rank_many(["bread"], [DOCUMENTS])]
    for found, wanted in zip([ranking, *many], expected, strict=True):
        assert [one.index for one in found] == [one.index for one in wanted]
        assert [one.score for one in found] == pytest.approx([one.score for one in wanted], abs=1e-6)


@pytest.mark.promise("P33")
def test_a_cancelled_call_leaves_the_reranker_usable(bert: Reranker) -> None:
    async def cancel() -> list[float]:
        task = asyncio.create_task(bert.ascore(tiny.QUERY, DOCUMENTS * 20))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return await bert.ascore(tiny.QUERY, DOCUMENTS)

    assert asyncio.run(cancel()) == bert.score(tiny.QUERY, DOCUMENTS)


@pytest.mark.promise("P31")
def test_threads_get_the_scores_of_a_serial_call(bert: Reranker) -> None:
    queries = ["bread", "panda", "file", "heart"] * 8
    expected = [bert.score(query, DOCUMENTS) for query in queries]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda query: bert.score(query, DOCUMENTS), queries))
    # Callers are merged, and other company in a forward moves the last bit.
    assert np.array(found) == pytest.approx(np.array(expected), abs=1e-6)


@pytest.mark.promise("P9")
def test_truncation_is_reported(bert: Reranker) -> None:
    ranking = bert.rank(tiny.QUERY, ["file", "bread " * 400])
    assert {result.index: result.truncated for result in ranking} == {0: False, 1: True}


@pytest.mark.promise("P17")
def test_inputs_are_not_changed(bert: Reranker) -> None:
    documents = list(DOCUMENTS)
    bert.rank(tiny.QUERY, documents)
    assert documents == DOCUMENTS


@pytest.mark.parametrize(
    ("query", "documents", "names"),
    [
        (None, ["a"], "query must be a string"),
        (["q"], ["a"], "query must be a string"),
        ("q", "a", r"\[entry\]"),
        ("q", None, "documents must be a list"),
        ("q", {"a"}, "documents must be a list"),
        ("q", ["a", None], r"documents\[1\] must be a string, got NoneType"),
        ("q", [b"a"], r"documents\[0\] must be a string, got bytes"),
        ("q", [["a"]], r"documents\[0\] must be a string, got list"),
    ],
)
def test_wrong_types_name_what_and_where(bert: Reranker, query: object, documents: object, names: str) -> None:
    with pytest.raises(ArgumentTypeError, match=names):
        bert.rank(query, documents)


@pytest.mark.parametrize("pairs", ["ab", [("q",)], [("q", "d", "x")], ["qd"], [("q", None)], None])
def test_wrong_pairs_are_refused(bert: Reranker, pairs: object) -> None:
    with pytest.raises(ArgumentTypeError, match="pairs"):
        bert.score_pairs(pairs)


def test_rank_many_wants_one_list_per_query(bert: Reranker) -> None:
    with pytest.raises(ArgumentError, match="2 queries and 1 lists"):
        bert.rank_many(["a", "b"], [["c"]])
    with pytest.raises(ArgumentTypeError, match=r"documents\[1\]\[0\]"):
        bert.rank_many(["a", "b"], [["c"], [None]])


@pytest.mark.promise("P21")
def test_an_instruction_is_never_dropped_in_silence(bert: Reranker) -> None:
    with pytest.raises(InstructionNotSupportedError, match="instruction_policy"):
        bert.score("q", ["a"], instruction="Prefer recent sources")
    with rerank_options(instruction="Prefer recent sources"), pytest.raises(InstructionNotSupportedError):
        bert.rank("q", ["a"])


def test_an_instruction_is_ignored_only_on_request(
    checkpoint: Callable[[str], Path], caplog: pytest.LogCaptureFixture
) -> None:
    with load(str(checkpoint("bert")), instruction="x", instruction_policy="ignore") as reranker:
        assert reranker.score("bread", ["panda"], instruction="y") == reranker.score("bread", ["panda"])
    assert [record.message for record in caplog.records if "takes no instruction" in record.message]
    assert len(caplog.records) == 1


@pytest.fixture(scope="module")
def bge(checkpoint: Callable[[str], Path]) -> Reranker:
    return load(str(checkpoint("xlm-roberta")), instruction="bread")


def test_instruction_of_the_call_wins_over_context_over_load(bge: Reranker) -> None:
    plain = {text: bge.score("file", ["panda"], instruction=text) for text in ("bread", "bear", "wild")}
    assert len({score for (score,) in plain.values()}) == 3
    assert bge.score("file", ["panda"]) == plain["bread"]
    with rerank_options(instruction="bear"):
        assert bge.score("file", ["panda"]) == plain["bear"]
        assert bge.score("file", ["panda"], instruction="wild") == plain["wild"]
        assert asyncio.run(bge.ascore("file", ["panda"])) == plain["bear"]


def test_rerank_options_reach_top_n_and_threshold_and_nest(bert: Reranker) -> None:
    everything = bert.rank(tiny.QUERY, DOCUMENTS)
    with rerank_options(top_n=2):
        assert bert.rank(tiny.QUERY, DOCUMENTS) == everything[:2]
        with rerank_options(threshold=everything[0].score):
            assert bert.rank(tiny.QUERY, DOCUMENTS)[0] == everything[0]
            assert bert.rank(tiny.QUERY, DOCUMENTS, top_n=1) == everything[:1]
    assert bert.rank(tiny.QUERY, DOCUMENTS) == everything


@pytest.mark.parametrize("options", [{"top_n": 0}, {"threshold": math.nan}, {"instruction": 3}])
def test_rerank_options_check_what_they_are_given(options: dict[str, object]) -> None:
    with pytest.raises((ArgumentError, ArgumentTypeError)), rerank_options(**options):
        pytest.fail("the block must not be entered")


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.promise("P12")
def test_a_score_that_is_no_number_is_an_error_that_names_it(
    checkpoint: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, value: float
) -> None:
    with load(str(checkpoint("bert"))) as reranker:
        engine = reranker._backend.scorer.scheduler._engine._engine
        read = engine.read

        def damaged(rows: object) -> torch.Tensor:
            vectors = read(rows).clone()
            vectors[1] = value
            return vectors

        monkeypatch.setattr(engine, "read", damaged)
        with pytest.raises(NonFiniteScoreError, match=r"float32.*index 1"):
            reranker.score("q", ["a", "b", "c"])


def test_a_closed_reranker_says_so(checkpoint: Callable[[str], Path]) -> None:
    reranker = load(str(checkpoint("bert")))
    reranker.warmup()
    reranker.close()
    reranker.close()
    with pytest.raises(ClosedError, match="load"):
        reranker.score("q", ["a"])
    with pytest.raises(ClosedError, match="load"):
        asyncio.run(reranker.ascore("q", ["a"]))


def test_work_that_waits_when_the_reranker_is_closed_gets_an_error(
    checkpoint: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    reranker, gate = load(str(checkpoint("bert"))), threading.Event()
    engine = reranker._backend.scorer.scheduler._engine
    read = engine.read
    monkeypatch.setattr(engine, "read", lambda rows: read(rows) if gate.wait(10) else None)

    async def close_in_mid_call() -> list[object]:
        calls = [asyncio.create_task(reranker.ascore("q", DOCUMENTS)) for _ in range(4)]
        await asyncio.sleep(0.01)
        reranker.close()
        gate.set()
        return await asyncio.wait_for(asyncio.gather(*calls, return_exceptions=True), timeout=20)

    results = asyncio.run(close_in_mid_call())
    assert sum(isinstance(result, ClosedError) for result in results) >= 3
    assert all(isinstance(result, (ClosedError, list)) for result in results)
