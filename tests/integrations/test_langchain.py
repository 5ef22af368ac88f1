"""What is special about the LangChain adapter: chains, traces, the retriever, the cross encoder, dumps."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import Any

import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.documents import Document
from langchain_core.load import dumps, loads
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import RunnableLambda, RunnablePassthrough
from pydantic import SecretStr

from rerank_plugins import rerank_options
from rerank_plugins.errors import ArgumentTypeError, NonFiniteScoreError
from rerank_plugins.integrations.langchain import RerankCompressor, RerankCrossEncoder, RerankRetriever

from .fakes import FakeLoad, FakeReranker, ScoreOnly

QUERY = "red apple pie"
TEXTS = ["stone", "red apple", "red apple pie"]


def documents(**metadata: Any) -> list[Document]:
    return [Document(page_content=text, metadata=dict(metadata), id=str(i)) for i, text in enumerate(TEXTS)]


def ids(found: list[Document]) -> list[str | None]:
    return [document.id for document in found]


class Recorder(BaseCallbackHandler):
    """Keeps what is said about runs."""

    def __init__(self) -> None:
        self.started: list[dict[str, Any]] = []
        self.ended: list[Any] = []
        self.failed: list[BaseException] = []

    def on_chain_start(self, serialized: Any, inputs: Any, **kwargs: Any) -> None:
        self.started.append({"inputs": inputs, **kwargs})

    def on_chain_end(self, outputs: Any, **_: Any) -> None:
        self.ended.append(outputs)

    def on_chain_error(self, error: BaseException, **_: Any) -> None:
        self.failed.append(error)


class FixedRetriever(BaseRetriever):
    """Finds the same documents for every query."""

    def _get_relevant_documents(self, query: str, *, run_manager: Any) -> list[Document]:
        return documents()


def retriever(**options: Any) -> RerankRetriever:
    return RerankRetriever(base_retriever=FixedRetriever(), compressor=RerankCompressor(model="m", **options))


def call(component: Any, is_async: bool, *arguments: Any, **options: Any) -> Any:
    """Invoke a runnable either way."""
    if is_async:
        return asyncio.run(component.ainvoke(*arguments, **options))
    return component.invoke(*arguments, **options)


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.promise("P38")
def test_one_child_run_tells_what_was_done(load: FakeLoad, is_async: bool) -> None:
    recorder, compressor = Recorder(), RerankCompressor(model="m", top_n=2)
    if is_async:
        found = asyncio.run(compressor.acompress_documents(documents(), QUERY, [recorder], instruction="i"))
    else:
        found = compressor.compress_documents(documents(), QUERY, [recorder], instruction="i")
    [started] = recorder.started
    assert started["name"] == "Rerank"
    assert started["metadata"] == {"rerank_model": "m", "rerank_instruction": "i", "rerank_top_n": 2}
    assert recorder.ended == [found]


def test_a_failed_run_ends_with_the_error() -> None:
    recorder, compressor = Recorder(), RerankCompressor(reranker=FakeReranker(bias=float("nan")))
    with pytest.raises(NonFiniteScoreError):
        compressor.compress_documents(documents(), QUERY, [recorder])
    assert [type(error) for error in recorder.failed] == [NonFiniteScoreError]


@pytest.mark.parametrize("is_async", [False, True])
def test_the_run_is_a_child_of_the_retriever(load: FakeLoad, is_async: bool) -> None:
    recorder = Recorder()
    call(retriever(), is_async, QUERY, {"callbacks": [recorder]})
    [started] = recorder.started
    assert started["name"] == "Rerank"
    assert started["parent_run_id"] is not None


@pytest.mark.parametrize("is_async", [False, True])
def test_the_retriever_takes_options(load: FakeLoad, is_async: bool) -> None:
    ranked = retriever()
    assert ids(call(ranked, is_async, QUERY)) == ["2", "1", "0"]
    assert ids(call(ranked, is_async, QUERY, instruction="stone", top_n=2)) == ["2", "1"]
    assert ids(call(ranked, is_async, QUERY, threshold=2.0)) == ["2", "1"]
    assert ids(call(ranked.bind(top_n=1), is_async, QUERY)) == ["2"]
    assert load.made[0].calls[1]["instruction"] == "stone"
    with pytest.raises(TypeError, match="topn"):
        call(ranked, is_async, QUERY, topn=1)


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize("is_in_chain", [False, True])
def test_configurable_keys_reach_the_retriever(load: FakeLoad, is_async: bool, is_in_chain: bool) -> None:
    ranked: Any = retriever(instruction="constructor", top_n=3)
    step = RunnableLambda(lambda query: query) | ranked if is_in_chain else ranked
    keys = {"rerank_instruction": "i", "rerank_top_n": 2, "rerank_threshold": 3.0}
    with rerank_options(instruction="block", top_n=1):
        assert ids(call(step, is_async, QUERY, {"configurable": keys})) == ["2"]
    assert {k: load.made[0].calls[0][k] for k in ("instruction", "top_n", "threshold")} == {
        "instruction": "i",
        "top_n": 2,
        "threshold": 3.0,
    }


@pytest.mark.skipif(sys.version_info < (3, 11), reason="asyncio tasks do not carry LangChain's config before 3.11")
@pytest.mark.parametrize("is_async", [False, True])
def test_configurable_keys_reach_a_bare_compressor_in_a_chain(load: FakeLoad, is_async: bool) -> None:
    compressor = RerankCompressor(model="m")
    step = RunnableLambda(
        lambda query: compressor.compress_documents(documents(), query),
        afunc=lambda query: compressor.acompress_documents(documents(), query),
    )
    assert ids(call(step, is_async, QUERY, {"configurable": {"rerank_top_n": 1}})) == ["2"]


@pytest.mark.parametrize("is_async", [False, True])
def test_as_runnable_is_a_step(load: FakeLoad, is_async: bool) -> None:
    compressor = RerankCompressor(model="m")
    chain = {"query": RunnablePassthrough(), "documents": FixedRetriever()} | compressor.as_runnable()
    recorder = Recorder()
    config = {"configurable": {"rerank_top_n": 2}, "callbacks": [recorder]}
    assert ids(call(chain, is_async, QUERY, config)) == ["2", "1"]
    assert [run["name"] for run in recorder.started].count("Rerank") == 1
    request = {"query": QUERY, "documents": documents(), "top_n": 1, "instruction": "i"}
    assert ids(call(compressor.as_runnable(), is_async, request, config)) == ["2"]
    assert load.made[0].calls[-1]["instruction"] == "i"
    assert call(compressor.as_runnable(), is_async, {"query": QUERY, "documents": []}) == []


def test_as_runnable_has_schemas() -> None:
    step = RerankCompressor(model="m").as_runnable()
    assert "documents" in str(step.get_input_jsonschema())
    assert step.get_output_jsonschema()


def test_with_options_copies_over_the_same_model(load: FakeLoad) -> None:
    compressor = RerankCompressor(model="m", instruction="i")
    narrow = compressor.with_options(top_n=1)
    assert ids(narrow.compress_documents(documents(), QUERY)) == ["2"]
    assert ids(compressor.compress_documents(documents(), QUERY)) == ["2", "1", "0"]
    narrow.close()
    compressor.compress_documents(documents(), QUERY)
    assert [call["instruction"] for call in load.made[0].calls] == ["i"] * 3
    assert len(load.calls) == 1
    with pytest.raises(ValueError, match="top_n must be > 0"):
        compressor.with_options(top_n=0)


def test_short_lived_copies_load_once(load: FakeLoad) -> None:
    compressor = RerankCompressor(model="m")
    for top_n in (1, 2, 3):
        assert len(compressor.with_options(top_n=top_n).compress_documents(documents(), QUERY)) == top_n
    assert len(load.calls) == 1


@pytest.mark.parametrize("is_async", [False, True])
def test_the_retrievers_own_options_win_over_the_compressors(load: FakeLoad, is_async: bool) -> None:
    compressor = RerankCompressor(model="m", instruction="compressor", top_n=1)
    ranked = RerankRetriever(base_retriever=FixedRetriever(), compressor=compressor, top_n=2)
    assert ids(call(ranked, is_async, QUERY)) == ["2", "1"]
    assert ids(call(ranked, is_async, QUERY, top_n=3, instruction="call")) == ["2", "1", "0"]
    with rerank_options(top_n=3):
        assert ids(call(ranked, is_async, QUERY)) == ["2", "1", "0"]
    assert [asked["instruction"] for asked in load.made[0].calls] == ["compressor", "call", "compressor"]
    assert compressor.top_n == 1


def test_the_retriever_refuses_a_misspelt_option(load: FakeLoad) -> None:
    with pytest.raises(ValueError, match="topn"):
        RerankRetriever(base_retriever=FixedRetriever(), compressor=RerankCompressor(model="m"), topn=3)


@pytest.mark.promise("P22")
def test_the_score_is_metadata_under_a_key_of_choice(load: FakeLoad) -> None:
    given = documents(relevance_score="old", page=7)
    [best, *_] = RerankCompressor(model="m").compress_documents(given, QUERY)
    assert best.metadata == {"relevance_score": 3.0, "page": 7}
    [best, *_] = RerankCompressor(model="m", score_key="s").compress_documents(given, QUERY)
    assert best.metadata == {"relevance_score": "old", "page": 7, "s": 3.0}
    [best, *_] = RerankCompressor(model="m", score_key=None).compress_documents(given, QUERY)
    assert best.metadata == {"relevance_score": "old", "page": 7}


def test_metadata_can_be_scored_too(load: FakeLoad) -> None:
    compressor = RerankCompressor(model="m", metadata_fields=["title", "zero", "none", "missing"])
    compressor.compress_documents(documents(title="T", zero=0, none=None), QUERY)
    assert load.made[0].calls[0]["documents"][0] == "T\n0\nstone"


def test_cross_encoder_keeps_the_order_of_pairs(load: FakeLoad) -> None:
    encoder = RerankCrossEncoder(model="m", instruction="i")
    pairs = [("pie", "pie"), ("stone", "pie"), ("pie", "a pie"), ("pie", ""), ("stone", "stone")]
    assert encoder.score(pairs) == [1.0, 0.0, 1.0, 0.0, 1.0]
    with rerank_options(instruction="pie", top_n=1):
        assert encoder.score(pairs[1:2]) == [1.0]
    assert [call["query"] for call in load.made[0].calls] == ["pie", "stone", "stone"]
    assert encoder.score([]) == []
    assert len(pairs) == 5


def test_cross_encoder_checks_scores() -> None:
    with pytest.raises(NonFiniteScoreError, match="document 0"):
        RerankCrossEncoder(reranker=ScoreOnly([float("nan")])).score([("a", "b")])


@pytest.mark.filterwarnings("ignore:The function `loads` is in beta")
@pytest.mark.promise("P37")
def test_langchain_dumps_and_loads_without_the_token() -> None:
    compressor = RerankCompressor(
        model="m", top_n=3, token=SecretStr("hush"), family_options={"cutoff_layers": [8]}
    )
    text = dumps(compressor)
    assert "hush" not in f"{text}{compressor!r}{compressor.model_dump_json()}"
    restored = loads(
        text,
        allowed_objects=[RerankCompressor],
        valid_namespaces=["rerank_plugins"],
        secrets_map={"HF_TOKEN": "hush"},
    )
    assert restored == compressor


def test_a_live_reranker_cannot_be_dumped() -> None:
    with pytest.raises(ArgumentTypeError, match="Pass model="):
        RerankCompressor(reranker=ScoreOnly()).to_json()


def test_only_langchain_core_is_imported() -> None:
    code = (
        "import sys, rerank_plugins.integrations.langchain\n"
        "bad = {'langchain', 'langchain_classic', 'langchain_community', 'torch', 'transformers'}\n"
        "sys.exit(str(bad & set(sys.modules)) if bad & set(sys.modules) else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
