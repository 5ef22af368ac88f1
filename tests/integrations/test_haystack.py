"""What is special about the Haystack adapter: sockets, pipelines, YAML, duplicates, devices, secrets."""

from __future__ import annotations

import asyncio
import inspect
import os
import subprocess
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest
from haystack import Document, Pipeline
from haystack.core.serialization import component_to_dict
from haystack.utils import ComponentDevice, DeviceMap, Secret

from rerank_plugins.errors import ArgumentError, ArgumentTypeError
from rerank_plugins.integrations.haystack import RerankPluginsRanker

from .fakes import ScoreOnly

if TYPE_CHECKING:
    from .fakes import FakeLoad

QUERY = "red apple pie"
TEXTS = ["stone", "red apple", "red apple pie"]


def documents() -> list[Document]:
    return [Document(content=text, id=str(index)) for index, text in enumerate(TEXTS)]


def ids(result: dict[str, Any]) -> list[str]:
    return [document.id for document in result["documents"]]


def pipeline(**options: Any) -> Pipeline:
    made = Pipeline()
    made.add_component("ranker", RerankPluginsRanker("m", **options))
    return made


def full() -> Pipeline:
    """A pipeline whose ranker has every argument set to something else than its default."""
    return pipeline(
        top_n=3,
        instruction="i",
        score_threshold=0.5,
        normalize=False,
        meta_fields_to_embed=["title"],
        embedding_separator=" ",
        text_less="drop",
        on_error="keep_order",
        token=Secret.from_env_var(["SOME_TOKEN"], strict=False),
        family="qwen3",
        revision="main",
        local_files_only=True,
        cache_dir="files",
        device=ComponentDevice.from_str("cuda:1"),
        dtype="float16",
        quantize="int8",
        max_length=64,
        max_query_length=32,
        instruction_policy="ignore",
        max_documents=50,
        max_characters=5000,
        batch_tokens=4096,
        engine="vllm",
        engine_options={"enforce_eager": True},
        dialect="vllm",
        model_name="reranker",
        timeout=5.0,
        max_concurrency=2,
        family_options={"cutoff_layers": [8, 16]},
    )


def test_both_runs_have_the_same_sockets() -> None:
    expected = ["query", "documents", "top_k", "top_n", "instruction", "score_threshold", "scale_score"]
    assert expected == list(RerankPluginsRanker("m").__haystack_input__._sockets_dict)  # type: ignore[attr-defined]
    assert inspect.signature(RerankPluginsRanker.run) == inspect.signature(RerankPluginsRanker.run_async)


@pytest.mark.parametrize("is_async", [False, True])
def test_run_in_a_pipeline_takes_options(load: FakeLoad, is_async: bool) -> None:
    data = {"ranker": {"query": QUERY, "documents": documents(), "top_k": 2, "instruction": "stone"}}
    made = pipeline()
    result = asyncio.run(made.run_async(data)) if is_async else made.run(data)
    assert ids(result["ranker"]) == ["2", "1"]
    assert load.made[0].calls[0]["instruction"] == "stone"


def test_top_n_is_top_k(load: FakeLoad) -> None:
    ranker = RerankPluginsRanker("m", top_n=1)
    assert ranker.top_k == 1
    assert ids(ranker.run(QUERY, documents())) == ["2"]
    assert ids(ranker.run(QUERY, documents(), top_n=2)) == ["2", "1"]
    assert ids(ranker.run(QUERY, documents(), top_k=2, top_n=2)) == ["2", "1"]
    with pytest.raises(ArgumentError, match="one setting, got 1 and 2"):
        ranker.run(QUERY, documents(), top_k=1, top_n=2)
    with pytest.raises(ArgumentError, match="one setting, got 3 and 2"):
        RerankPluginsRanker("m", top_k=3, top_n=2)
    with pytest.raises(ValueError, match="top_k must be > 0, but got 0"):
        RerankPluginsRanker("m", top_k=0)


def test_scale_score_is_normalize(load: FakeLoad) -> None:
    ranker = RerankPluginsRanker("m", scale_score=True)
    assert ranker.normalize is True
    ranker.run(QUERY, documents())
    ranker.run(QUERY, documents(), scale_score=False)
    assert [call["normalize"] for call in load.made[0].calls] == [True, False]
    with pytest.raises(ArgumentError, match="normalize and scale_score are one setting"):
        RerankPluginsRanker("m", normalize=False, scale_score=True)


@pytest.mark.promise("P37")
def test_yaml_round_trip_is_identical() -> None:
    text = full().dumps()
    assert "haystack_integrations.components.rankers.rerank_plugins.RerankPluginsRanker" in text
    assert Pipeline.loads(text).dumps() == text
    assert pipeline().dumps() == Pipeline.loads(pipeline().dumps()).dumps()


def test_every_argument_is_written_down() -> None:
    written = component_to_dict(full().get_component("ranker"), "ranker")["init_parameters"]
    parameters = inspect.signature(RerankPluginsRanker.__init__).parameters
    assert set(written) == set(parameters) - {"self", "top_n", "scale_score", "reranker"}


def test_to_dict_shares_nothing_with_the_component() -> None:
    ranker = RerankPluginsRanker("m", family_options={"cutoff_layers": [8]})
    data = ranker.to_dict()
    data["init_parameters"]["family_options"]["cutoff_layers"].append(16)
    assert ranker.family_options == {"cutoff_layers": [8]}


def test_yaml_loads_in_a_fresh_process() -> None:
    text = full().dumps()
    code = "import sys; from haystack import Pipeline; print(Pipeline.loads(sys.stdin.read()).dumps(), end='')"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(
        [sys.executable, "-c", code], input=text, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == text


def test_two_pipelines_share_one_model(load: FakeLoad) -> None:
    data = {"ranker": {"query": QUERY, "documents": documents()}}
    first, second = pipeline(), pipeline(top_k=1)
    assert ids(first.run(data)["ranker"]) == ["2", "1", "0"]
    assert ids(second.run(data)["ranker"]) == ["2"]
    assert len(load.calls) == 1
    first.close()
    assert not load.made[0].closed
    asyncio.run(second.close_async())
    assert load.made[0].closed


def test_warm_up_loads_once_and_async_off_the_loop(load: FakeLoad) -> None:
    made = pipeline()

    async def run() -> None:
        await load.while_the_loop_runs(made.warm_up_async())

    asyncio.run(run())
    made.warm_up()
    assert len(load.calls) == 1


def test_of_duplicate_ids_the_best_is_ranked(load: FakeLoad) -> None:
    given = [
        Document(content="stone", id="a", score=0.1),
        Document(content="pie", id="b"),
        Document(content="red apple pie", id="a", score=0.9),
        Document(content="apple", id="a", score=0.9),
    ]
    found = RerankPluginsRanker("m").run(QUERY, given)["documents"]
    assert [(document.id, document.content) for document in found] == [("a", "red apple pie"), ("b", "pie")]


def test_meta_fields_are_ranked_too(load: FakeLoad) -> None:
    given = [
        Document(content="text", meta={"title": "T", "zero": 0, "none": None}),
        Document(meta={"title": "U"}),
    ]
    ranker = RerankPluginsRanker("m", meta_fields_to_embed=["title", "zero", "none", "missing"])
    ranker.run(QUERY, given)
    assert load.made[0].calls[0]["documents"] == ["T\n0\ntext", "U"]


def test_documents_without_content_are_not_ranked(load: FakeLoad) -> None:
    found = RerankPluginsRanker("m").run(QUERY, [Document(id="x", score=0.5), *documents()])["documents"]
    assert [(document.id, document.score) for document in found[2:]] == [("0", 0.0), ("x", None)]


def test_devices_become_plain(load: FakeLoad) -> None:
    layers = DeviceMap.from_hf({"a": "cuda:0", "b": "cuda:1", "c": "cuda:0"})
    for device in (ComponentDevice.from_str("cuda:1"), ComponentDevice.from_multiple(layers)):
        RerankPluginsRanker("m", device=device).warm_up()
    assert [call["device"] for call in load.calls] == ["cuda:1", ["cuda:0", "cuda:1"]]
    with pytest.raises(ArgumentTypeError, match=r"ComponentDevice\.from_str"):
        RerankPluginsRanker("m", device="cuda:1")  # type: ignore[arg-type]


@pytest.mark.promise("P37")
def test_secrets_are_resolved_late_and_never_written(load: FakeLoad, monkeypatch: pytest.MonkeyPatch) -> None:
    ranker = RerankPluginsRanker("m", token=Secret.from_env_var("SOME_TOKEN"))
    with pytest.raises(ValueError, match="SOME_TOKEN"):
        ranker.warm_up()
    monkeypatch.setenv("SOME_TOKEN", "secret")
    ranker.warm_up()
    assert load.calls == [{"model": "m", "token": "secret"}]
    assert "secret" not in str(ranker.to_dict())
    with pytest.raises(ValueError, match="Cannot serialize token-based secret"):
        RerankPluginsRanker("m", token=Secret.from_token("secret")).to_dict()


def test_a_live_reranker_cannot_be_serialized() -> None:
    with pytest.raises(ArgumentTypeError, match="Pass model="):
        RerankPluginsRanker(reranker=ScoreOnly()).to_dict()


def test_telemetry_names_the_model() -> None:
    assert RerankPluginsRanker("m")._get_telemetry_data() == {"model": "m"}


def test_the_class_lives_where_yaml_says() -> None:
    namespace = import_module("haystack_integrations.components.rankers.rerank_plugins")

    assert namespace.RerankPluginsRanker is RerankPluginsRanker
    assert RerankPluginsRanker.__module__ == namespace.__name__
