"""Rerank in a streaming LangChain RAG chain; embeddings and LLM are LangChain's fakes, so no network is needed."""

from __future__ import annotations

from langchain_classic.retrievers import ContextualCompressionRetriever  # pip install langchain-classic
from langchain_core.embeddings import DeterministicFakeEmbedding
from langchain_core.language_models import FakeListChatModel
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnablePassthrough
from langchain_core.vectorstores import InMemoryVectorStore

from rerank_plugins.integrations.langchain import RerankCompressor

QUESTION = "Which animal sleeps through the winter?"
TEXTS = [
    "Swallows fly to Africa in autumn and come back in April.",
    "In winter many people catch a cold.",
    "The hedgehog hibernates under leaves from November to March.",
    "Cats sleep up to sixteen hours a day.",
]


def main() -> None:
    """Print what the retriever gives the prompt, then the answer as it streams."""
    store = InMemoryVectorStore.from_texts(TEXTS, DeterministicFakeEmbedding(size=8))
    rerank = RerankCompressor(model="embedded")  # with a family that takes one: instruction="Prefer ..."
    found = ContextualCompressionRetriever(base_compressor=rerank, base_retriever=store.as_retriever())
    context = found | (lambda documents: "\n".join(document.page_content for document in documents))
    prompt = ChatPromptTemplate.from_template("Answer from this:\n{context}\n\n{question}")
    asked = {"context": context, "question": RunnablePassthrough()} | prompt
    chain = asked | FakeListChatModel(responses=["The hedgehog does."]) | StrOutputParser()

    config = {"configurable": {"rerank_top_n": 2}}  # options of this call, through the whole chain
    print(asked.invoke(QUESTION, config).to_string(), "\n\nThe answer streams:")
    print(*chain.stream(QUESTION, config), sep="|")


if __name__ == "__main__":
    main()
