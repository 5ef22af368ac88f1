"""Whole pipelines as their users build them, sync, async and streaming, with a mock in place of the LLM."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from haystack import Document as HaystackDocument
from haystack import Pipeline
from haystack.components.builders import PromptBuilder
from haystack.components.embedders import MockTextEmbedder
from haystack.components.joiners import DocumentJoiner
from haystack.components.retrievers.in_memory import InMemoryBM25Retriever, InMemoryEmbeddingRetriever
from haystack.document_stores.in_memory import InMemoryDocumentStore
from langchain_classic.retrievers import ContextualCompressionRetriever
from langchain_classic.retrievers.document_compressors import DocumentCompressorPipeline
from langchain_core.embeddings import DeterministicFakeEmbedding
from langchain_core.language_models import FakeListChatModel
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnablePassthrough
from langchain_core.vectorstores import InMemoryVectorStore
from llama_index.core import MockEmbedding, VectorStoreIndex
from llama_index.core.llms import MockLLM
from llama_index.core.schema import TextNode

from rerank_plugins.integrations.haystack import RerankPluginsRanker
from rerank_plugins.integrations.langchain import RerankCompressor
from rerank_plugins.integrations.llama_index import RerankPostprocessor, RerankQueryBundle

from .fakes import Broken

if TYPE_CHECKING:
    from langchain_core.runnables import Runnable

    from .fakes import FakeLoad

QUERY = "red apple pie"
TEXTS = ["a stone", "red apple", "red apple pie", "apple tree", "cold water"]


def index() -> VectorStoreIndex:
    return VectorStoreIndex([TextNode(text=text) for text in TEXTS], embed_model=MockEmbedding(embed_dim=4))


def engine(*, streaming: bool = False, **options: Any) -> Any:
    rerank = RerankPostprocessor(top_n=2, keep_retrieval_score=True, **options)
    return index().as_query_engine(
        similarity_top_k=5, node_postprocessors=[rerank], llm=MockLLM(), streaming=streaming, use_async=False
    )


@pytest.mark.parametrize("is_async", [False, True])
def test_a_llama_index_query_engine_answers_from_the_best_nodes(load: FakeLoad, is_async: bool) -> None:
    asked = engine(model="m")
    answer = asyncio.run(asked.aquery(QUERY)) if is_async else asked.query(QUERY)
    assert [node.node.get_content() for node in answer.source_nodes] == ["red apple pie", "red apple"]
    prompt = str(answer)  # the mock repeats what it is asked
    assert "red apple pie" in prompt
    assert "a stone" not in prompt
    assert "retrieval_score" not in prompt


def test_a_streaming_llama_index_query_engine_takes_an_instruction(load: FakeLoad) -> None:
    answer = engine(model="m", streaming=True).query(RerankQueryBundle(QUERY, instruction="cold water stone"))
    assert "".join(answer.response_gen)
    assert load.made[0].calls[0]["instruction"] == "cold water stone"


def test_a_kept_order_never_reaches_the_llm_as_text() -> None:
    answer = engine(reranker=Broken(), on_error="keep_order").query(QUERY)
    assert [node.node.metadata["rerank_error"] for node in answer.source_nodes] == ["RuntimeError"] * 2
    assert "rerank_error" not in str(answer)


def chain(**options: Any) -> Runnable[str, str]:
    """An LCEL chain that answers with a fixed sentence, whatever the prompt."""
    store = InMemoryVectorStore.from_texts(TEXTS, DeterministicFakeEmbedding(size=4))
    retriever = ContextualCompressionRetriever(
        base_compressor=RerankCompressor(**options), base_retriever=store.as_retriever(search_kwargs={"k": 5})
    )
    prompt = ChatPromptTemplate.from_template("{context}\n{question}")
    found = {"context": retriever | _joined, "question": RunnablePassthrough()}
    return (
        found | prompt.with_config(run_name="prompt") | FakeListChatModel(responses=["Yes."]) | StrOutputParser()
    )


def _joined(documents: list[Any]) -> str:
    return "|".join(document.page_content for document in documents)


async def prompts(step: Runnable[str, str], config: dict[str, Any]) -> list[str]:
    """Return every prompt of a streamed run."""
    events = [event async for event in step.astream_events(QUERY, config, version="v2")]
    assert "on_chat_model_stream" in {event["event"] for event in events}
    assert [event["name"] for event in events if event["event"] == "on_chain_start"].count("Rerank") == 1
    return [
        event["data"]["output"].to_string()
        for event in events
        if event["event"] == "on_prompt_end" and event["name"] == "prompt"
    ]


def test_a_langchain_rag_chain_streams_from_the_best_documents(load: FakeLoad) -> None:
    step = chain(model="m", top_n=2)
    assert "".join(step.stream(QUERY)) == "Yes."
    assert len(list(step.stream(QUERY))) > 1
    assert asyncio.run(prompts(step, {})) == [f"Human: red apple pie|red apple\n{QUERY}"]


@pytest.mark.parametrize("is_async", [False, True])
def test_configurable_options_reach_the_compressor_inside_the_chain(load: FakeLoad, is_async: bool) -> None:
    config: Any = {"configurable": {"rerank_instruction": "cold water", "rerank_top_n": 1}}
    step = chain(model="m")
    answer = asyncio.run(step.ainvoke(QUERY, config)) if is_async else step.invoke(QUERY, config)
    assert answer == "Yes."
    assert load.made[0].calls[0]["instruction"] == "cold water"
    assert load.made[0].calls[0]["top_n"] == 1


def test_a_compressor_is_a_part_of_langchains_compressor_pipeline(load: FakeLoad) -> None:
    parts = [RerankCompressor(model="m", top_n=3), RerankCompressor(model="m", top_n=1)]
    pipeline = DocumentCompressorPipeline(transformers=parts)
    store = InMemoryVectorStore.from_texts(TEXTS, DeterministicFakeEmbedding(size=4))
    found = store.similarity_search(QUERY, k=5)
    assert _joined(list(pipeline.compress_documents(found, QUERY))) == "red apple pie"
    assert _joined(list(asyncio.run(pipeline.acompress_documents(found, QUERY)))) == "red apple pie"


def hybrid(**options: Any) -> Pipeline:
    """BM25 and embeddings, joined, ranked, and put into a prompt."""
    store = InMemoryDocumentStore()
    store.write_documents([HaystackDocument(content=text, embedding=[1.0, 0.0]) for text in TEXTS])
    made = Pipeline()
    made.add_component("embedder", MockTextEmbedder(embedding=[1.0, 0.0]))
    made.add_component("by_embedding", InMemoryEmbeddingRetriever(store, top_k=5))
    made.add_component("by_words", InMemoryBM25Retriever(store, top_k=5))
    made.add_component("joiner", DocumentJoiner(join_mode="concatenate"))
    made.add_component("ranker", RerankPluginsRanker("m", **options))
    template = "{% for d in documents %}{{ d.content }}|{% endfor %}{{ query }}"
    made.add_component("prompt", PromptBuilder(template, required_variables=["documents", "query"]))
    made.connect("embedder.embedding", "by_embedding.query_embedding")
    made.connect("by_embedding", "joiner")
    made.connect("by_words", "joiner")
    made.connect("joiner", "ranker.documents")
    made.connect("ranker.documents", "prompt.documents")
    return made


@pytest.mark.parametrize("is_async", [False, True])
def test_a_haystack_hybrid_pipeline_prompts_with_the_best_documents(load: FakeLoad, is_async: bool) -> None:
    made = hybrid(top_k=3)
    data = {
        "embedder": {"text": QUERY},
        "by_words": {"query": QUERY},
        "ranker": {"query": QUERY, "top_n": 2, "instruction": "cold"},
        "prompt": {"query": QUERY},
    }
    result = asyncio.run(made.run_async(data)) if is_async else made.run(data)
    assert result["prompt"]["prompt"] == f"red apple pie|red apple|{QUERY}"
    [asked] = load.made[0].calls
    assert sorted(asked["documents"]) == sorted(TEXTS)  # each once, although two retrievers found it
    assert asked["instruction"] == "cold"


def test_a_haystack_hybrid_pipeline_runs_from_yaml(load: FakeLoad) -> None:
    made = Pipeline.loads(hybrid(top_k=1).dumps())
    made.get_component("by_words").document_store.write_documents(
        [HaystackDocument(content=text) for text in TEXTS]
    )
    data = {"embedder": {"text": QUERY}, "prompt": {"query": QUERY}}
    data |= {name: {"query": QUERY} for name in ("by_words", "ranker")}
    assert made.run(data)["prompt"]["prompt"] == f"red apple pie|{QUERY}"
