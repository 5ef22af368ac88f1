"""An evaluation from data to results: what is measured, said, loaded, closed and refused."""

from __future__ import annotations

import ast
import json
import sys
from math import log2
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from toys import chosen, harmful, indifferent, perfect, query, toy_data

import rerank_plugins
from rerank_plugins import (
    ArgumentError,
    ArgumentTypeError,
    ClosedError,
    InstructionNotSupportedError,
    MissingExtraError,
    ModelNotFoundError,
    evaluate,
)
from rerank_plugins.evaluation import Dataset
from rerank_plugins.evaluation.measures import means
from rerank_plugins.evaluation.rows import speed_head, speed_rows
from rerank_plugins.evaluation.saying import verdict

if TYPE_CHECKING:
    from collections.abc import Callable

SECOND = 1 / log2(3)
"""nDCG of one relevant document at the second place."""


def test_a_perfect_reranker_is_as_good_as_the_best_order() -> None:
    found = evaluate(toy_data(), [("perfect", perfect())])
    assert means(found.baseline)["nDCG@10"] == pytest.approx(SECOND)
    assert means(found.models[0].quality) == means(found.best_possible)
    assert means(found.best_possible) == {"nDCG@10": 1, "MRR@10": 1, "recall@10": 1, "MAP": 1}


def test_a_model_that_hurts_is_told_so_in_one_sentence() -> None:
    found = evaluate(toy_data(6), [("bad", harmful())])
    assert verdict(found.models[0], found) == (
        "Reranking with bad made nDCG@10 worse on your data (0.631 → 0.500; p=0.031; 0 queries better, 6 worse, "
        "0 equal)."
    )


def test_what_may_be_chance_is_called_not_significant() -> None:
    found = evaluate(toy_data(3), [("good", perfect())])
    assert "better on your data (0.631 → 1.000; p=0.250, not significant;" in verdict(found.models[0], found)
    assert any("Only 3 queries with judgments: below 30" in note for note in found.notes)


def test_a_model_that_changes_nothing_is_told_so() -> None:
    found = evaluate(toy_data(), [("same", indifferent())])
    assert verdict(found.models[0], found).startswith("Reranking with same did not change nDCG@10")


def test_30_queries_are_enough_for_no_warning() -> None:
    assert evaluate(toy_data(30), [("good", perfect())]).notes == ()


def test_queries_are_counted_and_never_silently_dropped() -> None:
    queries = (
        *toy_data(2).queries,
        query("not judged", {"a": "x"}, {}),
        query("judged as wrong", {"a": "x"}, {"a": 0}),
        query("missed", {"a": "x"}, {"elsewhere": 1}),
        query("nothing found", {}, {"a": 1}),
    )
    found = evaluate(Dataset("d", queries), [("good", perfect())])
    counts = found.counts
    assert (counts.queries, counts.judged, counts.unanswerable, counts.pairs) == (6, 4, 2, 7)
    assert (counts.relevant, counts.found) == (4, 2)
    assert means(found.models[0].quality)["MRR@10"] == pytest.approx(2 / 4)
    assert found.models[0].quality["MRR@10"]["nothing found"] == 0
    told = " ".join(found.notes)
    assert "2 queries without any relevant document in the judgments: left out" in told
    assert "2 queries without a relevant document among the candidates: kept" in told
    assert "2 of 4 relevant documents are no candidates" in told


def test_depth_cuts_the_candidates_of_the_baseline_too() -> None:
    found = evaluate(toy_data(), [("good", perfect())], depth=1)
    assert means(found.best_possible)["recall@10"] == 0
    assert found.counts.pairs == 4


def test_speed_counts_every_query_and_every_pair() -> None:
    found = evaluate(toy_data(), [("good", perfect())]).models[0]
    assert set(found.seconds) == {"q0", "q1", "q2", "q3"}
    assert 0 < found.speed.p50_ms <= found.speed.p95_ms <= 1000 * max(found.seconds.values()) + 1e-9
    assert found.speed.pairs_per_second == pytest.approx(12 / sum(found.seconds.values()))
    assert found.speed.load_seconds is None


def test_memory_is_that_of_the_process_and_of_all_gpus_together(monkeypatch: pytest.MonkeyPatch) -> None:
    reset = []
    cuda = SimpleNamespace(
        is_initialized=lambda: True,
        device_count=lambda: 2,
        reset_peak_memory_stats=reset.append,
        max_memory_allocated=lambda device: (device + 1) * 2**20,
    )
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(cuda=cuda))
    found = evaluate(toy_data(), [("good", perfect())])
    speed = found.models[0].speed
    assert (speed_head(found)[-1], speed_rows(found)[0][-1]) == ("GPU MiB", "3")
    assert (speed.gpu_peak_mib, reset) == (3.0, [0, 1])
    assert speed.peak_memory_mib > 10


def test_without_a_gpu_there_is_no_memory_of_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    found = evaluate(toy_data(), [("good", perfect())])
    assert found.models[0].speed.gpu_peak_mib is None
    assert len(speed_head(found)) == len(speed_rows(found)[0]) == 6


def test_documents_that_were_cut_are_counted() -> None:
    data = Dataset("d", (query("q", {"a": "short", "b": "long " * 9}, {"a": 1}),))
    assert evaluate(data, [("good", perfect())]).models[0].truncated == 1


def test_what_was_loaded_here_is_closed_before_the_next_and_what_was_given_stays_open() -> None:
    made, open_when_loaded = [], []

    def loader() -> object:
        open_when_loaded.append([one.health().open for one in made])
        made.append(perfect())
        return made[-1]

    mine = perfect()
    found = evaluate(toy_data(), [("one", loader), ("two", loader), ("mine", mine)])
    assert open_when_loaded == [[], [False]]
    assert found.models[0].speed.load_seconds >= 0
    with pytest.raises(ClosedError):
        made[1].score("q", ["d"])
    assert mine.score("q", ["right"]) == [1.0]


def test_instructions_are_compared_and_told_apart() -> None:
    steered = chosen(
        lambda text, said: float("right" in text) * (1 if said == "find it" else -1), instructions=True
    )
    found = evaluate(toy_data(), [("m", steered)], instructions=[None, "avoid it", "find it"])
    assert [one.label for one in found.models] == ["m, no instruction", "m, instruction 1", "m, instruction 2"]
    assert [means(one.quality)["nDCG@10"] for one in found.models] == pytest.approx([0.5, 0.5, 1])
    assert "instruction 2: find it" in found.notes


def test_every_two_models_are_compared_with_each_other() -> None:
    found = evaluate(toy_data(6), [("good", perfect()), ("same", indifferent()), ("bad", harmful())])
    pairs = {(one.label, one.other): one.comparison for one in found.between}
    assert list(pairs) == [("same", "good"), ("bad", "good"), ("bad", "same")]
    assert pairs["bad", "good"].change == pytest.approx(0.5 - 1)
    assert (pairs["bad", "good"].worse, pairs["bad", "good"].p_value) == (6, pytest.approx(2 / 64))
    assert found.to_dict()["between"][1]["comparison"]["significant"] is True


def test_one_instruction_needs_no_number() -> None:
    steered = chosen(lambda text, said: 0.0 if said is None else len(said), instructions=True)
    found = evaluate(toy_data(), [("m", steered)], instructions=["only"])
    assert (found.models[0].label, found.models[0].instruction) == ("m", "only")


def test_a_model_that_takes_no_instruction_is_named_and_refused() -> None:
    with pytest.raises(
        InstructionNotSupportedError, match=r"plain \(toy\) takes no instruction.*skip_unsupported"
    ):
        evaluate(toy_data(), [("plain", perfect())], instructions=[None, "x"])


def test_what_is_not_supported_is_left_out_and_told_where_asked() -> None:
    found = evaluate(toy_data(), [("plain", perfect())], instructions=[None, "x"], skip_unsupported=True)
    assert [one.label for one in found.models] == ["plain, no instruction"]
    assert found.skipped == ("plain, instruction 1: skipped, the model takes no instruction.",)


def test_an_evaluation_of_nothing_is_an_error_not_a_pass() -> None:
    with pytest.raises(ArgumentError, match=r"Nothing was run\. plain: skipped"):
        evaluate(toy_data(), [("plain", perfect())], instructions=["x"], skip_unsupported=True)


def test_a_real_model_is_loaded_by_its_name(checkpoint: Callable[[str], Path]) -> None:
    home = checkpoint("bert")
    found = evaluate(toy_data(), [str(home)], load_options={"dtype": "float32", "normalize": True})
    assert (found.models[0].label, found.models[0].score_kind) == (home.name, "probability")
    assert sum(found.models[0].distribution.relevant) == 4


def test_the_json_says_everything_and_reads_back_as_it_was(tmp_path: Path) -> None:
    found = evaluate(toy_data(), [("good", perfect())])
    found.write_json(tmp_path / "out.json")
    plain = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert plain == found.to_dict()
    assert plain["models"][0]["quality"]["means"]["nDCG@10"] == 1
    assert plain["models"][0]["comparison"]["better"] == 4
    assert plain["best_possible"]["per_query"]["MAP"]["q3"] == 1


@pytest.mark.parametrize(
    ("changes", "error", "told"),
    [
        ({"models": []}, ArgumentError, "models is empty"),
        ({"models": "embedded"}, ArgumentTypeError, "models must be a list, got str"),
        ({"models": [3]}, ArgumentTypeError, r"models\[0\] must be a name"),
        ({"models": [("a", perfect()), ("a", perfect())]}, ArgumentError, "models has 'a' twice"),
        ({"models": ["/no/such/model"]}, ModelNotFoundError, "such"),
        ({"data": 3}, ArgumentTypeError, "data must be a path or a Dataset, got int"),
        ({"data": Dataset("d", (query("q", {"a": ""}, {}),))}, ArgumentError, "no query has a relevant document"),
        ({"k": 0}, ArgumentError, "k must be at least 1"),
        ({"k": 1.5}, ArgumentTypeError, "k must be a whole number, got float"),
        ({"depth": 0}, ArgumentError, "depth must be at least 1"),
        ({"instructions": "one"}, ArgumentTypeError, "instructions must be a list, got str"),
        ({"instructions": [1]}, ArgumentTypeError, "strings and None, got int"),
        ({"instructions": []}, ArgumentError, "at least one entry"),
        ({"instructions": ["x", "x"]}, ArgumentError, "each only once"),
    ],
)
def test_a_wrong_argument_is_named(changes: dict[str, object], error: type[Exception], told: str) -> None:
    arguments = {"data": toy_data(), "models": [("good", perfect())], **changes}
    data, models = arguments.pop("data"), arguments.pop("models")
    with pytest.raises(error, match=told):
        evaluate(data, models, **arguments)


@pytest.mark.parametrize("missing", ["ir_measures", "scipy.stats"])
def test_what_is_not_installed_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(MissingExtraError, match=r"rerank-plugins\[evaluate\]"):
        evaluate(toy_data(), [("good", perfect())])


SOURCES = sorted((Path(rerank_plugins.__file__).parent / "evaluation").glob("*.py"))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_the_evaluation_knows_only_the_core(path: Path) -> None:
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    modules = [node.module for node in nodes if isinstance(node, ast.ImportFrom)]
    modules += [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    ours = [name for name in modules if name.startswith("rerank_plugins.")]
    assert all(name.split(".")[1] in {"core", "errors", "evaluation"} for name in ours)
    assert not {name.split(".")[0] for name in modules} & {"llama_index", "langchain_core", "haystack", "torch"}
