"""The benchmark measures what it says: its own pieces on micro models, without any other library."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks import goals, plan, plots, rows, sizes, summary, work
from benchmarks.memory import ExtraMemory
from benchmarks.models import directory_of
from benchmarks.rounds import Bench, Run, Timing
from benchmarks.suite import measure
from benchmarks.texts import lengths, make_task

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from benchmarks.sizes import Size

SMALL = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48}
MICRO_SHAPES = ((8, 16, 24),)


def micro(size: Size, **workload: Any) -> Size:
    """Return the same size with a tiny model and the lengths given."""
    fewer = {"num_key_value_heads": 2} if size.model.causal else {}
    words = {} if size.model.vocabulary == "wordpiece" else {"vocab_size": 700}
    config = {**size.model.config, **SMALL, **fewer, **words, "initializer_range": 0.3}
    model = replace(size.model, config=config, pieces=min(size.model.pieces, 600))
    short = {"documents": 4, "mean": 12, "shortest": 5, "longest": 30, "query": 6, "curve": ()}
    return replace(size, model=model, workload=replace(size.workload, **{**short, **workload}))


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


def measured(size: Size, cache: Path, **options: Any) -> dict[str, Any]:
    return measure(
        size, peers=(), rounds=1, cache=cache, shapes=MICRO_SHAPES, **{"dtypes": ["float32"], **options}
    )


@pytest.mark.parametrize("name", sizes.SIZES)
def test_every_size_gives_a_result_that_can_be_written_and_drawn(name: str, cache: Path, tmp_path: Path) -> None:
    size = micro(sizes.SIZES[name], instruction=12 if "qwen" in name else 0, turns=0, curve=(2, 4))
    seen: list[dict[str, Any]] = []
    result = measured(size, cache, dtypes=["float32", "bfloat16"], after_round=seen.append)
    assert seen == [result]
    assert result["complete"]
    assert {"machine", "packages", "date", "workload", "limits", "ratios", "failed", "goals"} <= result.keys()
    found = {(run["dtype"], run["documents"]) for run in result["runs"]}
    assert found == {("float32", 4), ("bfloat16", 4), ("float32", 2), ("bfloat16", 2)}
    for run in result["runs"]:
        assert run["pairs_per_second"] > 0
        assert run["score_difference"] is not None
    (tmp_path / f"{name}-all.json").write_text(json.dumps(result))
    assert [path.name for path in plots.draw(tmp_path)] == ["time.png"]


def test_a_result_names_no_path_of_the_machine(cache: Path) -> None:
    text = json.dumps(measured(micro(sizes.MINILM), cache))
    assert str(cache) not in text
    assert '"/' not in text


def test_the_work_of_an_encoder_is_counted_by_hand() -> None:
    model = replace(sizes.XLMR.model, config={**SMALL, "num_hidden_layers": 1})
    tokens = work.count([[1, 2, 3], [1, 2]], causal=False)
    linear = 2 * (4 * 32 * 32 + 2 * 32 * 48)  # query, key, value, output; up and down
    attention = 4 * 32 * (9 + 4)  # every token looks at every token of its row
    assert work.useful_flops(model, tokens) == 5 * linear + attention


def test_the_last_layer_may_be_counted_at_the_read_positions_only() -> None:
    model = replace(sizes.XLMR.model, config={**SMALL, "num_hidden_layers": 1})
    tokens = work.count([[1, 2, 3], [1, 2]], causal=False)
    keys, others = 2 * 2 * 32 * 32, 2 * (2 * 32 * 32 + 2 * 32 * 48)
    assert work.needed_flops(model, tokens) == 5 * keys + 2 * others + 4 * 32 * 5


def test_a_shared_prefix_counts_once() -> None:
    tokens = work.count([[7, 7, 7, 1, 2], [7, 7, 7, 3]], causal=True)
    assert tokens.prefix == 3
    assert tokens.fed == 3 + 2 + 1
    assert tokens.seen == (1 + 2 + 3) + (4 + 5) + 4


def test_grouped_keys_and_gates_count_as_they_are() -> None:
    config = {**SMALL, "num_hidden_layers": 1, "num_key_value_heads": 2}
    model = replace(sizes.QWEN.model, config=config)
    linear = 2 * (2 * 32 * 32 + 2 * 32 * 16 + 3 * 32 * 48)
    assert work.useful_flops(model, work.count([[1, 2]], causal=True)) == 2 * linear + 4 * 32 * (1 + 2)


def test_the_beginning_of_a_workload_is_spread_like_the_whole() -> None:
    found = lengths(sizes.MINILM.workload, 1000)
    for number in (10, 100, 1000):
        assert sum(found[:number]) / number == pytest.approx(sizes.MINILM.workload.mean, rel=0.15)


def test_texts_have_the_wanted_lengths_and_are_always_the_same(cache: Path) -> None:
    size = micro(sizes.QWEN_8TURN, instruction=160, turns=8)
    tokenizer = rows.tokenizer_of(directory_of(size.model, cache))
    count = rows.counter(tokenizer)
    task, again = (make_task(size.workload, number, count) for number in (8, 4))
    assert task.first(4) == again
    assert task.instruction is not None
    assert task.instruction.count("\n") == 7
    for text, wanted in zip(task.documents, lengths(size.workload, 8), strict=True):
        assert count([text])[0] == pytest.approx(wanted, abs=3)


class Stub:
    """A candidate that takes a while, or fails."""

    dtype = "float32"

    def __init__(self, name: str, *, fails: bool = False) -> None:
        self.name, self.fails, self.calls, self.open = name, fails, [], 0

    def load(self, *_: Any) -> None:
        self.open += 1

    def score(self, _query: str, documents: Sequence[str], _instruction: str | None) -> list[float]:
        self.calls.append(len(documents))
        if self.fails:
            message = "no such method in /secret/place"
            raise AttributeError(message)
        return [float(len(document)) for document in documents]

    def close(self) -> None:
        self.open -= 1


class SteadyProbe:
    def speed(self) -> float:
        return 100.0


def bench(cache: Path) -> Bench:
    count = [1] * 5000
    task = make_task(sizes.MINILM.workload, 4, lambda texts: count[: len(texts)])
    return Bench(sizes.MINILM.model, cache, task, SteadyProbe())


def test_a_candidate_that_cannot_run_is_listed_with_its_error(cache: Path) -> None:
    jobs = [plan.Job(candidate=Stub(name, fails=name == "bad"), documents=4, rounds=1) for name in ("good", "bad")]
    runs = bench(cache).run(jobs, lambda *_: None)
    assert [bool(run.timings) for run in runs] == [True, False]
    (failed,) = summary.failures(runs)
    assert failed["candidate"] == "bad"
    assert failed["error"].startswith("AttributeError: no such method")


def test_candidates_take_turns_and_are_closed_after_their_last(cache: Path) -> None:
    short, long = Stub("short"), Stub("long")
    jobs = [plan.Job(candidate=short, documents=4, rounds=1), plan.Job(candidate=long, documents=3, rounds=3)]
    state: list[tuple[int, int, int]] = []
    bench(cache).run(jobs, lambda number, _: state.append((number, short.open, long.open)))
    assert state == [(0, 0, 1), (1, 0, 1), (2, 0, 0)]
    assert short.calls == [2, 4]
    assert long.calls == [2, 3, 3, 3]


def test_a_ratio_does_not_see_that_the_machine_became_slower() -> None:
    ours = Run(plan.Job(candidate=Stub("rerank_plugins float32"), documents=4, rounds=2))
    theirs = Run(plan.Job(candidate=Stub("rival"), documents=4, rounds=2, ratio_to=("float32",)))
    ours.timings = {0: Timing(1.0, 100.0), 1: Timing(3.0, 33.0)}
    theirs.timings = {0: Timing(2.0, 100.0), 1: Timing(2.0, 99.0)}
    (ratio,) = summary.ratios([ours, theirs], whole=4)
    assert (ratio["min"], ratio["median"], ratio["max"]) == (2.0, 2.0, 2.0)


def test_goals_are_met_missed_or_not_measured() -> None:
    rival = "sentence-transformers tuned float32"
    ratio = {"over": rival, "dtype": "float32", "main": True, "median": 2.5}
    run = {"ours": True, "dtype": "float32", "documents": 8, "share_of_limit": 0.5, "extra_memory_mib": 60.0}
    result = {"size": "qwen", "ratios": [ratio], "runs": [run], "workload": {"documents": 8}}
    wanted = [goals.Goal(size="qwen", what="ratio", dtype="float32", wanted=2.0, over=rival)]
    met = {(row["what"], row["dtype"]): row["met"] for row in goals.checked(result, [*wanted, *goals.GOALS])}
    assert met["memory", "float32"] is True
    assert met["share", "float32"] is False
    assert met["share", "int8"] is None


def test_every_goal_names_a_candidate_that_is_measured() -> None:
    for goal in goals.GOALS:
        rivals = {rival.make().name: rival for rival in plan.RIVALS[goal.size]}
        assert goal.over is None or goal.dtype in rivals[goal.over].against


@pytest.mark.promise("P29")
def test_this_package_is_measured_wherever_a_rival_is() -> None:
    for size in sizes.SIZES.values():
        jobs = plan.jobs(size, plan.DTYPES, plan.PEERS, 2)
        ours = {(job.candidate.dtype, job.documents) for job in jobs if not job.ratio_to}
        assert all((dtype, job.documents) in ours for job in jobs for dtype in job.ratio_to)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_extra_memory_sees_what_was_held_for_a_moment() -> None:
    with ExtraMemory() as memory:
        held = bytearray(64 * 2**20)
        held[:: 2**12] = b"x" * len(held[:: 2**12])
        del held
    assert memory.mib is not None
    assert 60 < memory.mib < 100
