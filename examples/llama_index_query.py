"""Rerank in a LlamaIndex query engine; needs no LLM and no network, so both are played by LlamaIndex's mocks."""

from __future__ import annotations

from llama_index.core import MockEmbedding, VectorStoreIndex
from llama_index.core.llms import MockLLM
from llama_index.core.schema import TextNode

from rerank_plugins.integrations.llama_index import RerankPostprocessor

QUESTION = "Which animal sleeps through the winter?"
TEXTS = [
    "Swallows fly to Africa in autumn and come back in April.",
    "In winter many people catch a cold.",
    "The hedgehog hibernates under leaves from November to March.",
    "Cats sleep up to sixteen hours a day.",
]


def main() -> None:
    """Print what the retriever alone finds, then what the query engine keeps."""
    index = VectorStoreIndex([TextNode(text=text) for text in TEXTS], embed_model=MockEmbedding(embed_dim=8))
    # With a family that takes one: RerankPostprocessor(model="...", top_n=2, instruction="Prefer ...").
    reranker = RerankPostprocessor(model="embedded", top_n=2)
    engine = index.as_query_engine(similarity_top_k=4, node_postprocessors=[reranker], llm=MockLLM())

    print(QUESTION, "\nThe retriever, which here knows nothing, finds:")
    for found in index.as_retriever(similarity_top_k=4).retrieve(QUESTION):
        print(f"  {found.score:.3f}  {found.text}")
    print("After reranking, the answer is written from:")
    for found in engine.query(QUESTION).source_nodes:
        print(f"  {found.score:.3f}  {found.text}")


if __name__ == "__main__":
    main()
