"""Rerank in a Haystack pipeline: BM25 retriever, then ranker; knows no LLM, and needs no network."""

from __future__ import annotations

import os

os.environ.setdefault("HAYSTACK_TELEMETRY_ENABLED", "False")  # read when haystack is imported

from haystack import Document, Pipeline
from haystack.components.retrievers.in_memory import InMemoryBM25Retriever
from haystack.document_stores.in_memory import InMemoryDocumentStore

from rerank_plugins.integrations.haystack import RerankPluginsRanker

QUERY = "How do I close a file automatically, even when an error happens?"
TEXTS = [
    "An error happens when a file that does not exist is opened for reading.",
    "The window closes automatically after ten minutes without input.",
    "A with statement closes the file as soon as its block is left, also by an exception.",
]


def main() -> None:
    """Print the order of the retriever, then that of the ranker."""
    store = InMemoryDocumentStore()
    store.write_documents([Document(content=text) for text in TEXTS])
    pipeline = Pipeline()
    pipeline.add_component("retriever", InMemoryBM25Retriever(store))
    # With a family that takes one: RerankPluginsRanker("...", top_k=2, instruction="Prefer ...").
    pipeline.add_component("ranker", RerankPluginsRanker("embedded", top_k=2))
    pipeline.connect("retriever", "ranker")
    inputs = {name: {"query": QUERY} for name in ("retriever", "ranker")}
    for name, output in pipeline.run(inputs, include_outputs_from={"retriever"}).items():
        print(f"The {name} says:")
        print("\n".join(f"  {found.score:.3f}  {found.content}" for found in output["documents"]))


if __name__ == "__main__":
    main()
