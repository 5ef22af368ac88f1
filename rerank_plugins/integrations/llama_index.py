"""LlamaIndex: reranks nodes; knows nothing of models beyond the handle, and never changes a node."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rerank_plugins.core.options import CallOptions
from rerank_plugins.integrations._ranking import ERROR_KEY, arank, rank
from rerank_plugins.integrations._request import Placed, Request
from rerank_plugins.integrations._shared import missing_extra
from rerank_plugins.integrations.models import refuse_live

try:
    from llama_index.core.callbacks import CBEventType, EventPayload
    from llama_index.core.instrumentation import get_dispatcher  # type: ignore[attr-defined]
    from llama_index.core.instrumentation.dispatcher import (  # type: ignore[attr-defined]
        active_instrument_tags,
        instrument_tags,
    )
    from llama_index.core.instrumentation.events.rerank import ReRankEndEvent, ReRankStartEvent
    from llama_index.core.postprocessor.types import BaseNodePostprocessor
    from llama_index.core.schema import BaseNode, MetadataMode, NodeWithScore, QueryBundle
    from pydantic import Field, field_serializer
except ImportError as error:
    raise missing_extra("llama-index", error) from error

from rerank_plugins.integrations._fields import RankFields

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["RerankPostprocessor", "RerankQueryBundle"]

RETRIEVAL_SCORE = "retrieval_score"

dispatcher = get_dispatcher(__name__)


@dataclass
class RerankQueryBundle(QueryBundle):
    """A query that carries how to rerank for it through any query engine.

    Args:
        instruction: Instruction of this query.
        top_n: How many nodes this query wants.
        threshold: Lowest score this query accepts.
    """

    instruction: str | None = None
    top_n: int | None = None
    threshold: float | None = None


class RerankPostprocessor(RankFields, BaseNodePostprocessor):
    """Reranks nodes with a model of ``rerank_plugins``.

    The model is loaded on first use. ``instruction``, ``top_n`` and ``threshold`` are taken from the call,
    else from a ``RerankQueryBundle``, else from a ``rerank_options`` block, else from here.

    Nodes whose text is blank are never scored. With ``text_less="last"`` they come after the ranked ones in
    their original order, as far as ``top_n`` leaves room, with score ``None`` (a retrieval score there would
    be on another scale), and not at all if a ``threshold`` is set. ``"error"`` raises, ``"drop"`` leaves
    them out.

    Args:
        metadata_mode: Which metadata belongs to the text that is scored.
        keep_retrieval_score: Put the retriever's score into the metadata of the new nodes as
            ``retrieval_score``, excluded from embedding and LLM text. A value that is there already, from an
            earlier reranker, stays.
    """

    metadata_mode: MetadataMode = Field(default=MetadataMode.EMBED)
    keep_retrieval_score: bool = Field(default=False)

    @classmethod
    def class_name(cls) -> str:
        """Return the name that serialized components carry."""
        return "RerankPostprocessor"

    def to_dict(self, **kwargs: Any) -> dict[str, Any]:
        """Return every field except the token.

        Raises:
            ArgumentTypeError: made with a live ``reranker=``, which cannot be written down.
        """
        refuse_live(self.reranker)
        return super().to_dict(**kwargs)

    def postprocess_nodes(
        self,
        nodes: list[NodeWithScore],
        query_bundle: QueryBundle | None = None,
        query_str: str | None = None,
        *,
        instruction: str | None = None,
        top_n: int | None = None,
        threshold: float | None = None,
    ) -> list[NodeWithScore]:
        """Return new nodes, best first.

        Args:
            nodes: What to rerank; left as it is.
            query_bundle: The query; give this or ``query_str``.
            query_str: The query as text.
            instruction: Overrides the instruction for this call.
            top_n: Overrides how many nodes are returned.
            threshold: Overrides the lowest score that is returned.

        Raises:
            ValueError: no query, or both kinds of query; an option that cannot be used.
        """
        given = CallOptions(instruction=instruction, top_n=top_n, threshold=threshold)
        query = _carrying(given, query_bundle, query_str)
        with instrument_tags(self._tags(query)):
            return super().postprocess_nodes(nodes, query, None if query_bundle is None else query_str)

    async def apostprocess_nodes(
        self,
        nodes: list[NodeWithScore],
        query_bundle: QueryBundle | None = None,
        query_str: str | None = None,
        *,
        instruction: str | None = None,
        top_n: int | None = None,
        threshold: float | None = None,
    ) -> list[NodeWithScore]:
        """Do what ``postprocess_nodes`` does without blocking the event loop, not even while loading."""
        given = CallOptions(instruction=instruction, top_n=top_n, threshold=threshold)
        query = _carrying(given, query_bundle, query_str)
        with instrument_tags(self._tags(query)):
            return await super().apostprocess_nodes(nodes, query, None if query_bundle is None else query_str)

    def _postprocess_nodes(
        self, nodes: list[NodeWithScore], query_bundle: QueryBundle | None = None
    ) -> list[NodeWithScore]:
        if not nodes:
            return []
        request = self._request(nodes, query_bundle)
        with self._reported(nodes, query_bundle, request) as result:
            result.extend(self._ranked(nodes, rank(self._model(), request)))
        return result

    @dispatcher.span
    async def _apostprocess_nodes(
        self, nodes: list[NodeWithScore], query_bundle: QueryBundle | None = None
    ) -> list[NodeWithScore]:
        if not nodes:
            return []
        request = self._request(nodes, query_bundle)
        with self._reported(nodes, query_bundle, request) as result:
            result.extend(self._ranked(nodes, await arank(self._model(), request)))
        return result

    def _request(self, nodes: Sequence[NodeWithScore], query: QueryBundle | None) -> Request:
        if query is None:
            raise ValueError("Missing query bundle in extra info.")
        return Request(
            query=query.query_str,
            texts=[node.node.get_content(metadata_mode=self.metadata_mode) for node in nodes],
            options=self._options(_carried(query)),
            normalize=self.normalize,
            text_less=self.text_less,
            on_error=self.on_error,
        )

    def _ranked(self, nodes: Sequence[NodeWithScore], places: Sequence[Placed]) -> list[NodeWithScore]:
        return [NodeWithScore(node=self._marked(nodes[place.index], place), score=place.score) for place in places]

    def _marked(self, scored: NodeWithScore, place: Placed) -> Any:
        """Return the node, or a copy with what is to be said of it where no text shows it."""
        said: dict[str, Any] = {} if place.error is None else {ERROR_KEY: place.error}
        if self.keep_retrieval_score and scored.score is not None and RETRIEVAL_SCORE not in scored.node.metadata:
            said[RETRIEVAL_SCORE] = scored.score
        return _with_metadata(scored.node, said) if said else scored.node

    def _tags(self, query: QueryBundle | None) -> dict[str, Any]:
        """Return the tags of the span: those of the caller, the model and the instruction."""
        instruction = self._options(_carried(query)).instruction
        tags = {"rerank.model": self._model().name, "rerank.instruction": instruction}
        return active_instrument_tags.get() | {name: tag for name, tag in tags.items() if tag is not None}

    @contextmanager
    def _reported(
        self, nodes: list[NodeWithScore], query: QueryBundle | None, request: Request
    ) -> Iterator[list[NodeWithScore]]:
        """Announce the ranking and its end, in both event systems, also if it fails (then with no nodes)."""
        result: list[NodeWithScore] = []
        top_n = len(nodes) if request.options.top_n is None else request.options.top_n
        name = self._model().name
        payload: dict[str, Any] = {
            EventPayload.NODES: nodes,
            EventPayload.MODEL_NAME: name,
            EventPayload.QUERY_STR: request.query,
            EventPayload.TOP_K: top_n,
        }
        dispatcher.event(ReRankStartEvent(query=query, nodes=nodes, top_n=top_n, model_name=name))
        try:
            with self.callback_manager.event(CBEventType.RERANKING, payload=payload) as legacy:
                yield result
                legacy.on_end(payload={EventPayload.NODES: result})
        finally:
            dispatcher.event(ReRankEndEvent(nodes=result))

    @field_serializer("metadata_mode")
    def _plain(self, mode: MetadataMode) -> str:
        return mode.value


def _carrying(given: CallOptions, query: QueryBundle | None, query_str: str | None) -> QueryBundle | None:
    """Return the query with the call's options on it; a query of the caller's is copied, not changed."""
    if query is None:
        if query_str is None:
            return None
        query = QueryBundle(query_str)
    if given == CallOptions():
        return query
    options = given.over(_carried(query))
    return RerankQueryBundle(
        query_str=query.query_str,
        image_path=query.image_path,
        custom_embedding_strs=query.custom_embedding_strs,
        embedding=query.embedding,
        instruction=options.instruction,
        top_n=options.top_n,
        threshold=options.threshold,
    )


def _carried(query: QueryBundle | None) -> CallOptions:
    """Return the options that the query carries."""
    if not isinstance(query, RerankQueryBundle):
        return CallOptions()
    return CallOptions(instruction=query.instruction, top_n=query.top_n, threshold=query.threshold)


def _with_metadata(node: BaseNode, said: dict[str, Any]) -> BaseNode:
    """Return a copy of the node with metadata that neither embedding nor LLM text shows."""
    embed, llm = (
        [*excluded, *(key for key in said if key not in excluded)]
        for excluded in (node.excluded_embed_metadata_keys, node.excluded_llm_metadata_keys)
    )
    return node.model_copy(
        update={
            "metadata": {**node.metadata, **said},
            "excluded_embed_metadata_keys": embed,
            "excluded_llm_metadata_keys": llm,
        }
    )
