"""LlamaIndex, LangChain and Haystack share one loaded model, because they name it alike; needs no network."""

from __future__ import annotations

import os
from time import perf_counter

os.environ.setdefault("HAYSTACK_TELEMETRY_ENABLED", "False")  # read when haystack is imported

import haystack
from langchain_core.documents import Document
from llama_index.core.schema import NodeWithScore, TextNode

from rerank_plugins.integrations.haystack import RerankPluginsRanker
from rerank_plugins.integrations.langchain import RerankCompressor
from rerank_plugins.integrations.llama_index import RerankPostprocessor

QUERY = "Which planet has rings?"
TEXTS = ["Mars is red.", "Saturn is known for its rings.", "A ring is worn on a finger."]


def main() -> None:
    """Print scores and seconds; only the first call loads. instruction=, top_n=, threshold= may differ."""
    postprocessor, compressor = RerankPostprocessor(model="embedded"), RerankCompressor(model="embedded")
    ranker = RerankPluginsRanker("embedded")
    nodes = [NodeWithScore(node=TextNode(text=text)) for text in TEXTS]
    calls = {
        "LlamaIndex": lambda: postprocessor.postprocess_nodes(nodes, query_str=QUERY),
        "LangChain": lambda: compressor.compress_documents([Document(text) for text in TEXTS], QUERY),
        "Haystack": lambda: ranker.run(QUERY, [haystack.Document(content=t) for t in TEXTS])["documents"],
    }
    for name, call in calls.items():
        start, found = perf_counter(), call()
        scores = [d.metadata["relevance_score"] if name == "LangChain" else d.score for d in found]
        print(f"{name:10} {scores}  {perf_counter() - start:.2f} s")


if __name__ == "__main__":
    main()
