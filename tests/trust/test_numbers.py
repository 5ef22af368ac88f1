"""Promises about numbers: precision, repetition, what a forward may hold, and results that were measured."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tiny
import torch
from families.recorded import GOLDEN
from torch.utils._python_dispatch import TorchDispatchMode

from rerank_plugins import load
from rerank_plugins.core.activations import SIGMOID

RESULTS = Path(__file__).parents[2] / "benchmarks/results"
QWEN = str(GOLDEN / "qwen3/checkpoint")
TEXTS = [*tiny.TEXT, *tiny.DOCUMENTS]


@pytest.mark.promise("P5", "P6")
def test_neighbouring_bfloat16_logits_stay_apart_as_probabilities() -> None:
    logits = torch.linspace(4, 12, 400).bfloat16().unique()
    assert len(logits) > 100
    assert len(SIGMOID.apply(logits.float(), None).unique()) == len(logits)


@pytest.mark.promise("P10")
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_the_same_call_gives_the_same_bits_after_every_load(dtype: str) -> None:
    def scores() -> list[float]:
        with load(QWEN, family="qwen3", device="cpu", dtype=dtype) as reranker:
            return reranker.score("q", TEXTS)

    assert scores() == scores()


class Shapes(TorchDispatchMode):
    """Remembers the shape of every tensor that is made."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[int, ...]] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **({} if kwargs is None else kwargs))
        self.seen += [tuple(one.shape) for one in (out if isinstance(out, (tuple, list)) else [out]) if _is(one)]
        return out


def _is(value: object) -> bool:
    return isinstance(value, torch.Tensor)


@pytest.mark.promise("P23")
@pytest.mark.parametrize("folder", ["qwen3", "contextual", "bge_llm", "mxbai_v2"])
def test_no_forward_makes_a_tensor_of_tokens_by_vocabulary(folder: str) -> None:
    checkpoint = GOLDEN / folder / "checkpoint"
    vocabulary = json.loads((checkpoint / "config.json").read_text())["vocab_size"]
    with load(str(checkpoint), family=folder.replace("_", "-"), device="cpu") as reranker:
        scorer = reranker._backend.scorer  # type: ignore[union-attr]
        rows = scorer.rows([_group("q", TEXTS)])
        with torch.inference_mode(), Shapes() as shapes:
            scorer.scores(rows, scorer.scheduler._engine.read(rows[0]), None)
    assert shapes.seen
    assert not [shape for shape in shapes.seen if vocabulary in shape[1:]]


def _group(query: str, documents: list[str]) -> Any:
    from rerank_plugins.core.groups import Group

    return Group(query, documents, None)


@pytest.mark.promise("P26")
def test_loading_runs_no_forward_and_calls_convert_no_weight(
    checkpoint: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    from rerank_plugins.core.engine import Engine

    read = Engine.read
    monkeypatch.setattr(Engine, "read", lambda *_: pytest.fail("loading ran a forward"))
    with load(str(checkpoint("bert"))) as reranker:
        monkeypatch.setattr(Engine, "read", read)
        for name in ("to", "float", "half", "bfloat16", "_apply"):
            monkeypatch.setattr(torch.nn.Module, name, lambda *_, **__: pytest.fail("weights were converted"))
        assert len(reranker.score("q", TEXTS)) == len(TEXTS)


@pytest.mark.promise("P18")
def test_everything_a_ranking_holds_can_be_json(checkpoint: Callable[[str], Path]) -> None:
    with load(str(checkpoint("bert")), max_length=32, long_documents="passages") as reranker:
        ranking = reranker.rank("q", TEXTS)
    plain = [(one.index, one.score, one.text, one.truncated, one.passage) for one in ranking]
    assert json.loads(json.dumps(plain)) == [[*values[:4], values[4] and list(values[4])] for values in plain]
    assert {type(one.score) for one in ranking} == {float}


@pytest.mark.promise("P27", "P29")
@pytest.mark.parametrize("size", ["minilm", "xlmr", "qwen", "qwen-8turn"])
def test_no_rival_was_measured_faster_at_equal_precision(size: str) -> None:
    result = json.loads((RESULTS / f"{size}-all.json").read_text(encoding="utf-8"))
    equal = [ratio for ratio in result["ratios"] if ratio["main"] and ratio["over"].endswith(ratio["dtype"])]
    assert result["complete"]
    assert result["command"].startswith("make bench")
    assert equal
    assert all(ratio["median"] >= 1 for ratio in equal), [ratio for ratio in equal if ratio["median"] < 1]


@pytest.mark.promise("P15")
def test_the_measured_quality_is_that_of_the_reference_and_above_no_reranking() -> None:
    """The demo's result; how the embedded model scores alone is compared with its card in test_sources."""
    run = json.loads((RESULTS / "demo.json").read_text(encoding="utf-8"))
    first, reranked = run["quality"]["first_stage"], run["quality"]["reranked"]
    assert all(reranked[name] > first[name] for name in ("mrr@10", "ndcg@10"))


@pytest.mark.promise("P15")
def test_a_shuffled_head_loses_what_reranking_gains() -> None:
    """Twelve questions with one right passage among twelve: the real model finds it, a shuffled one does not."""
    from trust.questions import QUESTIONS

    passages = [passage for _, passage in QUESTIONS]
    with load("embedded", device="cpu") as reranker:
        best = [reranker.rank(question, passages, top_n=1)[0].index for question, _ in QUESTIONS]
        scorer = reranker._backend.scorer  # type: ignore[union-attr]
        reads = scorer.scheduler._engine._engine
        read, order = reads.read, torch.randperm(384, generator=torch.Generator().manual_seed(0))
        reads.read = lambda rows: torch.cat([read(rows)[:1], read(rows)[1:, order]])
        scorer.scheduler._engine._kept.clear()
        shuffled = [reranker.rank(question, passages, top_n=1)[0].index for question, _ in QUESTIONS]
    assert sum(found == place for place, found in enumerate(best)) >= 11
    assert sum(found == place for place, found in enumerate(shuffled)) <= 4
