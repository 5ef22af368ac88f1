"""One face over the three adapters, so that one suite can test them; holds no expectations."""

from __future__ import annotations

import json
from typing import Any, Protocol

from haystack import Document as HaystackDocument
from haystack import Pipeline
from langchain_core.documents import Document as LangChainDocument
from langchain_core.load import dumps, loads
from llama_index.core.schema import NodeWithScore, TextNode

from rerank_plugins.integrations.haystack import RerankPluginsRanker
from rerank_plugins.integrations.langchain import RerankCompressor
from rerank_plugins.integrations.llama_index import RerankPostprocessor


class Driver(Protocol):
    """How the suite talks to an adapter; ``found`` is a list of (position in the input, score)."""

    def make(self, **options: Any) -> Any: ...

    def hosts(self, texts: list[str]) -> list[Any]: ...

    def rank(self, component: Any, query: str, hosts: list[Any], **options: Any) -> list[Any]: ...

    async def arank(self, component: Any, query: str, hosts: list[Any], **options: Any) -> list[Any]: ...

    def found(self, ranked: list[Any]) -> list[tuple[int, float | None]]: ...

    def error(self, result: Any) -> str | None: ...

    def restored(self, component: Any) -> Any: ...


class LlamaIndexDriver:
    """Nodes, with retrieval scores that a careless adapter would change."""

    def make(self, **options: Any) -> RerankPostprocessor:
        return RerankPostprocessor(**options)

    def hosts(self, texts: list[str]) -> list[NodeWithScore]:
        return [
            NodeWithScore(node=TextNode(text=text, id_=str(index)), score=0.5) for index, text in enumerate(texts)
        ]

    def rank(self, component: Any, query: str, hosts: list[Any], **options: Any) -> list[Any]:
        return list(component.postprocess_nodes(hosts, query_str=query, **options))

    async def arank(self, component: Any, query: str, hosts: list[Any], **options: Any) -> list[Any]:
        return list(await component.apostprocess_nodes(hosts, query_str=query, **options))

    def found(self, ranked: list[Any]) -> list[tuple[int, float | None]]:
        return [(int(node.node.node_id), node.score) for node in ranked]

    def error(self, result: Any) -> str | None:
        error: str | None = result.node.metadata.get("rerank_error")
        return error

    def restored(self, component: Any) -> Any:
        return RerankPostprocessor.from_dict(json.loads(json.dumps(component.to_dict())))


class LangChainDriver:
    """Documents, with an old score in the metadata."""

    def make(self, **options: Any) -> RerankCompressor:
        return RerankCompressor(**options)

    def hosts(self, texts: list[str]) -> list[LangChainDocument]:
        return [
            LangChainDocument(page_content=text, id=str(index), metadata={"relevance_score": 0.5, "tags": ["x"]})
            for index, text in enumerate(texts)
        ]

    def rank(self, component: Any, query: str, hosts: list[Any], **options: Any) -> list[Any]:
        return list(component.compress_documents(hosts, query, **options))

    async def arank(self, component: Any, query: str, hosts: list[Any], **options: Any) -> list[Any]:
        return list(await component.acompress_documents(hosts, query, **options))

    def found(self, ranked: list[Any]) -> list[tuple[int, float | None]]:
        return [(int(document.id), document.metadata["relevance_score"]) for document in ranked]

    def error(self, result: Any) -> str | None:
        error: str | None = result.metadata.get("rerank_error")
        return error

    def restored(self, component: Any) -> Any:
        return loads(dumps(component), allowed_objects=[RerankCompressor], valid_namespaces=["rerank_plugins"])


class HaystackDriver:
    """Documents with given ids, so that equal texts are not taken for duplicates."""

    def make(self, **options: Any) -> RerankPluginsRanker:
        return RerankPluginsRanker(**_renamed(options))

    def hosts(self, texts: list[str]) -> list[HaystackDocument]:
        return [
            HaystackDocument(content=text, id=str(index), score=0.5, meta={"tags": ["x"]})
            for index, text in enumerate(texts)
        ]

    def rank(self, component: Any, query: str, hosts: list[Any], **options: Any) -> list[Any]:
        return list(component.run(query=query, documents=hosts, **_renamed(options))["documents"])

    async def arank(self, component: Any, query: str, hosts: list[Any], **options: Any) -> list[Any]:
        result = await component.run_async(query=query, documents=hosts, **_renamed(options))
        return list(result["documents"])

    def found(self, ranked: list[Any]) -> list[tuple[int, float | None]]:
        return [(int(document.id), document.score) for document in ranked]

    def error(self, result: Any) -> str | None:
        error: str | None = result.meta.get("rerank_error")
        return error

    def restored(self, component: Any) -> Any:
        pipeline = Pipeline()
        pipeline.add_component("ranker", component)
        return Pipeline.loads(pipeline.dumps()).get_component("ranker")


def _renamed(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options under Haystack's names; ``top_n`` stays, as the alias it accepts."""
    return {"score_threshold" if name == "threshold" else name: value for name, value in options.items()}
