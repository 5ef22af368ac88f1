"""Rerank in a hybrid Haystack pipeline: BM25 and embeddings, joined, ranked, prompted; needs no network."""

from __future__ import annotations

import os

os.environ.setdefault("HAYSTACK_TELEMETRY_ENABLED", "False")  # read when haystack is imported

from haystack import Document, Pipeline
from haystack.components.builders import PromptBuilder
from haystack.components.embedders import MockTextEmbedder
from haystack.components.joiners import DocumentJoiner
from haystack.components.retrievers.in_memory import InMemoryBM25Retriever, InMemoryEmbeddingRetriever
from haystack.document_stores.in_memory import InMemoryDocumentStore

from rerank_plugins.integrations.haystack import RerankPluginsRanker

QUERY = "How do I close a file automatically, even when an error happens?"
TEXTS = [
    "An error happens when a file that does not exist is opened for reading.",
    "The window closes automatically after ten minutes without input.",
    "A with statement closes the file as soon as its block is left, also by an exception.",
]
TEMPLATE = "{% for document in documents %}{{ document.content }}\n{% endfor %}{{ query }}"


def build() -> Pipeline:
    """Return the pipeline; both retrievers find all texts, and the ranker decides."""
    store = InMemoryDocumentStore()
    store.write_documents([Document(content=text, embedding=[1.0, 0.0]) for text in TEXTS])
    pipeline = Pipeline()
    pipeline.add_component("embedder", MockTextEmbedder(embedding=[1.0, 0.0]))
    pipeline.add_component("by_embedding", InMemoryEmbeddingRetriever(store))
    pipeline.add_component("by_words", InMemoryBM25Retriever(store))
    pipeline.add_component("joiner", DocumentJoiner())
    # With a family that takes one: RerankPluginsRanker("...", top_k=2, instruction="Prefer ...").
    pipeline.add_component("ranker", RerankPluginsRanker("embedded", top_k=2))
    pipeline.add_component("prompt", PromptBuilder(TEMPLATE, required_variables=["documents", "query"]))
    pipeline.connect("embedder.embedding", "by_embedding.query_embedding")
    pipeline.connect("by_embedding", "joiner")
    pipeline.connect("by_words", "joiner")
    pipeline.connect("joiner", "ranker.documents")
    pipeline.connect("ranker.documents", "prompt.documents")
    return pipeline


def main() -> None:
    """Print the order of the joined retrievers, that of the ranker, and the prompt."""
    data = {"embedder": {"text": QUERY}, **{name: {"query": QUERY} for name in ("by_words", "ranker", "prompt")}}
    result = build().run(data, include_outputs_from={"joiner", "ranker"})
    for name in ("joiner", "ranker"):
        print(f"The {name} says:")
        print("\n".join(f"  {found.score:.3f}  {found.content}" for found in result[name]["documents"]))
    print(f"The LLM is asked:\n{result['prompt']['prompt']}")


if __name__ == "__main__":
    main()
