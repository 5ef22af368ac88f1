"""Rows that cannot be scored get an error of their own, and only those; what is the model's fault is raised."""

from __future__ import annotations

import pickle
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import tiny
from hypothesis import given
from hypothesis import strategies as st

from rerank_plugins import ArgumentError, ArgumentTypeError, InstructionNotSupportedError, load
from rerank_plugins.integrations._best_rows import best_rows
from rerank_plugins.integrations._rows import Outcome, score_rows
from rerank_plugins.integrations._sources import source_of
from rerank_plugins.integrations.batches import ScorePairs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from rerank_plugins import Reranker

POISON = "poison"


class Lengths:
    """Scores a pair by the lengths of its texts, fails on poison, and remembers every call."""

    def __init__(self) -> None:
        self.calls: list[list[tuple[str, str]]] = []
        self.is_broken = False

    def score_pairs(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        self.calls.append(list(pairs))
        if self.is_broken:
            raise RuntimeError("the device is gone")
        if any(POISON in document for _, document in pairs):
            raise ValueError("poison")
        return [100.0 * len(query) + len(document) for query, document in pairs]


class Instructed(Lengths):
    """Takes an instruction, and scores by it."""

    def score_pairs(self, pairs: Sequence[tuple[str, str]], *, instruction: str | None = None) -> list[float]:
        said = 0 if instruction is None else len(instruction)
        return [score + 10_000 * said for score in super().score_pairs(pairs)]


def errors(outcomes: Sequence[Outcome]) -> list[str | None]:
    return [outcome.error for outcome in outcomes]


def test_a_batch_without_errors_is_one_call() -> None:
    scorer = Lengths()

    outcomes = score_rows(scorer, ["q"] * 100, ["d" * place for place in range(100)])

    assert [outcome.score for outcome in outcomes] == [100.0 + place for place in range(100)]
    assert len(scorer.calls) == 1


@given(st.lists(st.booleans(), min_size=1, max_size=40))
def test_exactly_the_poison_rows_have_errors(is_poison: list[bool]) -> None:
    documents = [POISON if bad else "d" * place for place, bad in enumerate(is_poison)]

    outcomes = score_rows(Lengths(), ["q"] * len(documents), documents)

    expected = [
        Outcome(None, "ValueError: poison") if bad else Outcome(100.0 + place)
        for place, bad in enumerate(is_poison)
    ]
    assert outcomes == expected


def test_one_poison_row_costs_few_calls() -> None:
    scorer = Lengths()
    documents = ["d"] * 1023 + [POISON]

    outcomes = score_rows(scorer, ["q"] * 1024, documents)

    assert errors(outcomes).count(None) == 1023
    # Eleven that hold the poison, as many harmless pairs, and ten halves without it.
    assert len(scorer.calls) == 32


@pytest.mark.parametrize(
    ("query", "document", "instruction", "message"),
    [
        (None, "d", None, "ArgumentTypeError: query must be a string, got NoneType."),
        ("q", 3, None, "ArgumentTypeError: document must be a string, got int."),
        ("q", b"d", None, "ArgumentTypeError: document must be a string, got bytes."),
        ("q", "d", 1.5, "ArgumentTypeError: instruction must be a string or null, got float."),
    ],
)
def test_what_is_no_text_is_never_given_to_the_model(
    query: object, document: object, instruction: object, message: str
) -> None:
    scorer = Instructed()

    outcomes = score_rows(scorer, ["q", query], ["dd", document], [None, instruction])

    assert outcomes == [Outcome(102.0), Outcome(None, message)]
    assert scorer.calls == [[("q", "dd")]]


def test_a_model_that_scores_nothing_any_more_is_raised() -> None:
    scorer = Lengths()
    scorer.is_broken = True

    with pytest.raises(RuntimeError, match="the device is gone"):
        score_rows(scorer, ["q"] * 1000, ["d"] * 1000)
    assert len(scorer.calls) == 2  # nothing is scored row by row against a dead model


def test_a_closed_reranker_is_raised(checkpoint: Callable[[str], Path]) -> None:
    reranker = load(str(checkpoint("bert")))
    reranker.close()

    with pytest.raises(RuntimeError, match="closed"):
        score_rows(reranker, ["q"], ["d"])


def test_rows_have_their_own_instruction_or_the_one_for_all() -> None:
    outcomes = score_rows(Instructed(), ["q"] * 3, ["d"] * 3, ["aa", None, "aa"], instruction="b")

    assert [outcome.score for outcome in outcomes] == [20_101.0, 10_101.0, 20_101.0]


def test_an_instruction_for_a_scorer_that_takes_none_is_raised() -> None:
    with pytest.raises(InstructionNotSupportedError, match=r"Lengths\.score_pairs\(\) takes no instruction"):
        score_rows(Lengths(), ["q", "q"], ["d", "d"], [None, "prefer new"])


def test_an_instruction_for_a_family_that_takes_none_is_raised(bert: Reranker) -> None:
    with pytest.raises(InstructionNotSupportedError):
        score_rows(bert, ["q", "q"], ["d", "d"], [None, "prefer new"])


def test_scores_are_those_of_the_reranker(bert: Reranker) -> None:
    pairs = [(query, document) for document in tiny.DOCUMENTS for query in (tiny.QUERY, "bread")]

    outcomes = score_rows(bert, [query for query, _ in pairs], [document for _, document in pairs])

    assert [outcome.score for outcome in outcomes] == pytest.approx(bert.score_pairs(pairs), abs=1e-6)
    assert errors(outcomes) == [None] * len(pairs)


@pytest.mark.parametrize("made", [float("nan"), float("inf"), "high", [1.0]])
def test_a_score_that_is_no_finite_number_is_that_rows_error(made: object) -> None:
    class Odd:
        def score_pairs(self, pairs: Sequence[tuple[str, str]]) -> list[object]:
            return [made if document == "odd" else 1.0 for _, document in pairs]

    outcomes = score_rows(Odd(), ["q"] * 3, ["a", "odd", "b"])

    assert [outcome.score for outcome in outcomes] == [1.0, None, 1.0]
    assert outcomes[1].error


def test_a_scorer_that_returns_too_few_scores_is_raised() -> None:
    class Short:
        def score_pairs(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
            return []

    with pytest.raises(ArgumentError, match=r"returned 0 scores for 2 pairs"):
        score_rows(Short(), ["q", "q"], ["d", "d"])


def test_best_rows_come_first_and_errors_last() -> None:
    kept = best_rows([0.1, None, 0.9, 0.5, None], [""] * 5, top_n=2, threshold=None)

    assert kept == [(2, 1), (3, 2), (1, None), (4, None)]


def test_threshold_is_inclusive_and_leaves_errors_alone() -> None:
    assert best_rows([0.5, 0.4, None], [""] * 3, top_n=None, threshold=0.5) == [(0, 1), (2, None)]


def test_equal_scores_keep_their_order_unless_ties_say_otherwise() -> None:
    assert best_rows([1.0, 1.0], ["", ""], top_n=1, threshold=None) == [(0, 1)]
    assert best_rows([1.0, 1.0], ["b", "a"], top_n=1, threshold=None) == [(1, 1)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "either model= .* or make_reranker="),
        ({"model": "embedded", "make_reranker": Lengths}, "either model="),
        ({"make_reranker": Lengths, "load_options": {"dtype": "bfloat16"}}, "no effect on make_reranker="),
        (
            {"model": "embedded", "load_options": {"instruction": "a"}},
            "instruction: give this as its own argument",
        ),
        ({"model": "embedded", "score_column": "a", "error_column": "a"}, "different names"),
    ],
)
def test_arguments_that_cannot_be_used_are_refused_before_anything_loads(
    arguments: dict[str, object], message: str
) -> None:
    with pytest.raises(ArgumentError, match=message):
        ScorePairs(**arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        {"make_reranker": Lengths()},
        {"model": "embedded", "instruction": 3},
        {"model": "embedded", "load_options": {"family": object()}},
    ],
)
def test_arguments_of_the_wrong_type_are_refused_before_anything_loads(arguments: dict[str, object]) -> None:
    with pytest.raises(ArgumentTypeError):
        ScorePairs(**arguments)


def test_what_is_made_must_score_pairs() -> None:
    with pytest.raises(ArgumentTypeError, match=r"object with score_pairs\(pairs\), dict has none"):
        source_of(None, None, dict).get()  # type: ignore[arg-type]


def test_a_function_is_called_once_and_only_where_rows_are_scored() -> None:
    made: list[Lengths] = []

    def make() -> Lengths:
        made.append(Lengths())
        return made[-1]

    scorer = ScorePairs(make_reranker=make)
    assert made == []
    assert scorer.outcomes([], []) == []
    assert made == []
    scorer.outcomes(["q"], ["d"])
    scorer.outcomes(["q"], ["d"])

    assert len(made) == 1


def test_a_scorer_is_pickled_without_the_model_it_made() -> None:
    scorer = ScorePairs(make_reranker=Lengths)
    scorer.load()

    copy = pickle.loads(pickle.dumps(scorer))  # noqa: S301 - made here

    assert copy._source._made is None
    assert copy.outcomes(["q"], ["d"]) == [Outcome(101.0)]


def test_a_token_is_not_shown() -> None:
    assert "secret" not in repr(ScorePairs(model="embedded", load_options={"token": "secret"}))


def test_without_ray_the_adapter_names_the_extra() -> None:
    code = "import sys; sys.modules['ray'] = None; import rerank_plugins.integrations.ray"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert "MissingExtraError: This adapter needs its framework" in done.stderr
    assert 'pip install "rerank-plugins[ray]"' in done.stderr


def test_batches_need_neither_ray_nor_pyarrow_nor_pandas() -> None:
    code = (
        "import sys; from rerank_plugins.integrations import batches;"
        "sys.exit(bool({'ray', 'pyarrow', 'pandas', 'torch'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_rows_of_the_embedded_model() -> None:
    scorer = ScorePairs(model="embedded", load_options={"device": "cpu"})

    found = scorer.outcomes(["close a file", None], ["A with statement closes it.", "x"])

    with load("embedded", device="cpu") as reranker:
        expected = reranker.score("close a file", ["A with statement closes it."])
    assert [outcome.score for outcome in found] == [pytest.approx(expected[0], abs=1e-6), None]
