"""The same retrieve-and-rerank in three frameworks; knows no metrics and prints nothing.

Each function returns a callable: question -> (passage id, score) pairs, best first. The model is named by
the same options in all three, so one loaded model serves them all.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from first_stage import FirstStage  # noqa: TC002 - pydantic reads it at runtime
from haystack import Document as HaystackDocument
from haystack import Pipeline
from langchain_core.documents import Document as LangChainDocument
from langchain_core.retrievers import BaseRetriever as LangChainRetriever
from langchain_core.runnables import RunnablePassthrough
from llama_index.core.llms import MockLLM
from llama_index.core.query_engine import RetrieverQueryEngine
from llama_index.core.response_synthesizers.no_text import NoText
from llama_index.core.retrievers import BaseRetriever as LlamaIndexRetriever
from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode

from rerank_plugins.integrations.langchain import RerankCompressor
from rerank_plugins.integrations.llama_index import RerankPostprocessor
from rerank_plugins.integrations.models import ModelHandle

if TYPE_CHECKING:
    from langchain_core.callbacks import CallbackManagerForRetrieverRun

Search = Callable[[str], list[tuple[str, float]]]
HAYSTACK_YAML = Path(__file__).parent / "data" / "haystack_rerank.yaml"


@dataclass(frozen=True, slots=True)
class Options:
    """Which model the pipelines use, and how; with a ``cache_size`` of 0, no passage's vector is kept."""

    model: str
    cache_size: int | None = None


def shared_model(options: Options) -> ModelHandle:
    """Return the claim on a model that the pipelines below share; it stays loaded while this is kept."""
    return ModelHandle({name: value for name, value in asdict(options).items() if value is not None})


def build_all(options: Options, first_stage: FirstStage) -> Mapping[str, Search]:
    """Return the three pipelines by the name of their framework."""
    for noisy in ("haystack", "llama_index", "langchain_core"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    return {
        "LlamaIndex": build_llama_index(options, first_stage),
        "LangChain": build_langchain(options, first_stage),
        "Haystack": build_haystack(options, first_stage),
    }


class _Nodes(LlamaIndexRetriever):
    """The first stage as LlamaIndex sees it."""

    def __init__(self, first_stage: FirstStage) -> None:
        self._first_stage = first_stage
        super().__init__()

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        hits = self._first_stage.search(query_bundle.query_str)
        return [NodeWithScore(node=TextNode(id_=h.passage.id, text=h.passage.text), score=h.score) for h in hits]


def build_llama_index(options: Options, first_stage: FirstStage) -> Search:
    """Return a query engine that stops before the answer: retriever, then ``RerankPostprocessor``."""
    engine = RetrieverQueryEngine(
        _Nodes(first_stage),
        response_synthesizer=NoText(llm=MockLLM()),  # without an LLM, it would look for OpenAI's
        node_postprocessors=[RerankPostprocessor(**asdict(options))],
    )
    return lambda question: [(n.node.node_id, n.score) for n in engine.query(question).source_nodes]


class _Documents(LangChainRetriever):
    """The first stage as LangChain sees it."""

    first_stage: FirstStage

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,  # noqa: ARG002 - LangChain's signature
    ) -> list[LangChainDocument]:
        hits = self.first_stage.search(query)
        return [LangChainDocument(id=h.passage.id, page_content=h.passage.text) for h in hits]


def build_langchain(options: Options, first_stage: FirstStage) -> Search:
    """Return an LCEL chain: the retriever and the question itself, then ``RerankCompressor``."""
    found = {"query": RunnablePassthrough(), "documents": _Documents(first_stage=first_stage)}
    chain = found | RerankCompressor(**asdict(options)).as_runnable()
    return lambda question: [(d.id, d.metadata["relevance_score"]) for d in chain.invoke(question)]


def build_haystack(options: Options, first_stage: FirstStage) -> Search:
    """Return a ``Pipeline`` loaded from YAML text, given the first stage's documents."""
    values = {name: json.dumps(value) for name, value in asdict(options).items()}  # JSON is YAML, too
    pipeline = Pipeline.loads(Template(HAYSTACK_YAML.read_text(encoding="utf-8")).substitute(values))

    def search(question: str) -> list[tuple[str, float]]:
        hits = first_stage.search(question)
        documents = [HaystackDocument(id=h.passage.id, content=h.passage.text, score=h.score) for h in hits]
        ranked = pipeline.run({"ranker": {"query": question, "documents": documents}})
        return [(document.id, document.score) for document in ranked["ranker"]["documents"]]

    return search
