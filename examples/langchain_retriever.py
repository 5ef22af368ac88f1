"""Rerank in a LangChain chain; the vector store has LangChain's fake embeddings, so no network is needed."""

from __future__ import annotations

from langchain_core.embeddings import DeterministicFakeEmbedding
from langchain_core.runnables import RunnableLambda
from langchain_core.vectorstores import InMemoryVectorStore

from rerank_plugins.integrations.langchain import RerankCompressor, RerankRetriever

QUESTION = "Which animal sleeps through the winter?"
TEXTS = [
    "Swallows fly to Africa in autumn and come back in April.",
    "In winter many people catch a cold.",
    "The hedgehog hibernates under leaves from November to March.",
    "Cats sleep up to sixteen hours a day.",
]


def main() -> None:
    """Print what the whole chain returns."""
    store = InMemoryVectorStore.from_texts(TEXTS, DeterministicFakeEmbedding(size=8))
    # With a family that takes one: RerankCompressor(model="...", top_n=2, instruction="Prefer ...").
    compressor = RerankCompressor(model="embedded", top_n=2)
    retriever = RerankRetriever(base_retriever=store.as_retriever(), compressor=compressor)
    chain = retriever | {
        "context": RunnableLambda(lambda found: "\n".join(document.page_content for document in found)),
        "scores": RunnableLambda(lambda found: [document.metadata["relevance_score"] for document in found]),
    }
    result = chain.invoke(QUESTION)
    print(f"{QUESTION}\nA prompt would get:\n{result['context']}\nScores: {result['scores']}")


if __name__ == "__main__":
    main()
