"""LangChain: reranks documents; needs langchain-core only, and knows nothing of models beyond the handle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rerank_plugins.core.options import CallOptions
from rerank_plugins.integrations._ranking import ERROR_KEY, arank, rank, score
from rerank_plugins.integrations._request import Placed, Request
from rerank_plugins.integrations._shared import missing_extra, resolved, with_metadata
from rerank_plugins.integrations.models import refuse_live

try:
    from langchain_core.cross_encoders import BaseCrossEncoder
    from langchain_core.documents import BaseDocumentCompressor, Document
    from langchain_core.load.serializable import Serializable
    from langchain_core.retrievers import BaseRetriever
    from langchain_core.runnables import Runnable, RunnableConfig, RunnableLambda
    from pydantic import ConfigDict, Field
    from typing_extensions import Required, TypedDict
except ImportError as error:
    raise missing_extra("langchain", error) from error

from rerank_plugins.integrations._fields import ModelFields, RankFields
from rerank_plugins.integrations._langchain_options import configured, named, over_configured, read

if TYPE_CHECKING:
    from collections.abc import Sequence

    from langchain_core.callbacks import (
        AsyncCallbackManagerForRetrieverRun,
        CallbackManagerForRetrieverRun,
        Callbacks,
    )

__all__ = ["RerankCompressor", "RerankCrossEncoder", "RerankInput", "RerankRetriever"]


class RerankInput(TypedDict, total=False):
    """What ``RerankCompressor.as_runnable()`` takes; the options are optional."""

    query: Required[str]
    documents: Required[list[Document]]
    instruction: str | None
    top_n: int | None
    threshold: float | None


class RerankCompressor(RankFields, Serializable, BaseDocumentCompressor):
    """Reranks documents with a model of ``rerank_plugins``.

    The model is loaded on first use. ``instruction``, ``top_n`` and ``threshold`` are taken from the call,
    else from the chain's ``config["configurable"]`` (``rerank_instruction``, ``rerank_top_n``,
    ``rerank_threshold``), else from a ``rerank_options`` block, else from here.

    Documents whose text is blank are never scored: they come last with score ``None``, see ``text_less``.

    Args:
        score_key: Metadata key of the returned documents that gets the score; ``None`` writes none.
        metadata_fields: Metadata values to score together with the page content, put before it.
        metadata_separator: What stands between them.
    """

    # Repeated because pydantic lets the last base win, and a misspelt field must not be ignored.
    model_config = ConfigDict(extra="forbid")

    score_key: str | None = Field(default="relevance_score")
    metadata_fields: list[str] = Field(default_factory=list)
    metadata_separator: str = Field(default="\n")

    @classmethod
    def is_lc_serializable(cls) -> bool:
        """Return True: ``langchain_core.load`` can write and read it."""
        return True

    @property
    def lc_secrets(self) -> dict[str, str]:
        """The fields that are written as the name of an environment variable."""
        return {"token": "HF_TOKEN"}

    def to_json(self) -> Any:
        """Return the constructor call for ``langchain_core.load``.

        Raises:
            ArgumentTypeError: made with a live ``reranker=``, which cannot be written down.
        """
        refuse_live(self.reranker)
        return super().to_json()

    def compress_documents(
        self,
        documents: Sequence[Document],
        query: str,
        callbacks: Callbacks | None = None,
        *,
        instruction: str | None = None,
        top_n: int | None = None,
        threshold: float | None = None,
    ) -> list[Document]:
        """Return new documents, best first, and trace them as one run named "Rerank".

        Args:
            documents: What to rerank; left as it is.
            query: The query.
            callbacks: Where to trace to.
            instruction: Overrides the instruction for this call.
            top_n: Overrides how many documents are returned.
            threshold: Overrides the lowest score that is returned.

        Raises:
            ArgumentError: an option that cannot be used.
        """
        given = CallOptions(instruction=instruction, top_n=top_n, threshold=threshold)
        if not documents:
            return []
        asked, config = self._traced(documents, query, callbacks, given)
        return self.as_runnable().invoke(asked, config)

    async def acompress_documents(
        self,
        documents: Sequence[Document],
        query: str,
        callbacks: Callbacks | None = None,
        *,
        instruction: str | None = None,
        top_n: int | None = None,
        threshold: float | None = None,
    ) -> list[Document]:
        """Do what ``compress_documents`` does without blocking the event loop, not even while loading."""
        given = CallOptions(instruction=instruction, top_n=top_n, threshold=threshold)
        if not documents:
            return []
        asked, config = self._traced(documents, query, callbacks, given)
        return await self.as_runnable().ainvoke(asked, config)

    def as_runnable(self) -> Runnable[RerankInput, list[Document]]:
        """Return a step for chains: ``{"query": ..., "documents": [...]}`` in, documents out."""
        step = RunnableLambda(self._run, afunc=self._arun, name="Rerank")
        # Named here, because LangChain cannot read postponed annotations off the methods.
        return step.with_types(input_type=RerankInput, output_type=list[Document])

    def _traced(
        self, documents: Sequence[Document], query: str, callbacks: Callbacks | None, given: CallOptions
    ) -> tuple[RerankInput, RunnableConfig]:
        """Return the input and config of the traced run, with the options that are in force."""
        options = self._options(given.over(configured(None)))
        asked = RerankInput(
            query=query,
            documents=list(documents),
            instruction=options.instruction,
            top_n=options.top_n,
            threshold=options.threshold,
        )
        told = {"rerank_model": self._model().name} | {f"rerank_{k}": v for k, v in named(options).items()}
        metadata = {name: value for name, value in told.items() if value is not None}
        return asked, RunnableConfig(callbacks=callbacks, metadata=metadata)

    def _run(self, asked: RerankInput, config: RunnableConfig) -> list[Document]:
        return self._ranked(asked["documents"], rank(self._model(), self._request(asked, config)))

    async def _arun(self, asked: RerankInput, config: RunnableConfig) -> list[Document]:
        return self._ranked(asked["documents"], await arank(self._model(), self._request(asked, config)))

    def _request(self, asked: RerankInput, config: RunnableConfig) -> Request:
        given = read(asked, prefix="")
        return Request(
            query=asked["query"],
            texts=[self._text(document) for document in asked["documents"]],
            options=self._options(given.over(configured(config))),
            normalize=self.normalize,
            text_less=self.text_less,
            on_error=self.on_error,
        )

    def _text(self, document: Document) -> str:
        return with_metadata(
            document.page_content, document.metadata, self.metadata_fields, self.metadata_separator
        )

    def _ranked(self, documents: Sequence[Document], places: Sequence[Placed]) -> list[Document]:
        return [self._scored(documents[place.index], place) for place in places]

    def _scored(self, document: Document, place: Placed) -> Document:
        written: dict[str, Any] = {} if self.score_key is None else {self.score_key: place.score}
        if place.error is not None:
            written[ERROR_KEY] = place.error
        return document.model_copy(update={"metadata": {**document.metadata, **written}})


class RerankRetriever(BaseRetriever):
    """Retrieves with another retriever, then reranks; options can be given to ``invoke``.

    ``retriever.invoke(query, instruction="...", top_n=3)`` works, and so do the configurable keys of
    ``RerankCompressor``, also outside a chain.

    Args:
        base_retriever: Finds the documents.
        compressor: Ranks them.
        instruction: Used instead of the compressor's own.
        top_n: Used instead of the compressor's own.
        threshold: Used instead of the compressor's own.
    """

    model_config = ConfigDict(extra="forbid")  # a misspelt field must not be ignored

    base_retriever: BaseRetriever
    compressor: RerankCompressor
    instruction: str | None = Field(default=None)
    top_n: int | None = Field(default=None, gt=0, strict=True)
    threshold: float | None = Field(default=None, allow_inf_nan=False)

    def invoke(
        self,
        input: str,  # noqa: A002 - the name is LangChain's
        config: RunnableConfig | None = None,
        **kwargs: Any,
    ) -> list[Document]:
        """Return the reranked documents; ``kwargs`` are ``instruction``, ``top_n`` and ``threshold``."""
        return super().invoke(input, config, **over_configured(config, kwargs))

    async def ainvoke(
        self,
        input: str,  # noqa: A002 - the name is LangChain's
        config: RunnableConfig | None = None,
        **kwargs: Any,
    ) -> list[Document]:
        """Do what ``invoke`` does without blocking the event loop."""
        return await super().ainvoke(input, config, **over_configured(config, kwargs))

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,
        instruction: str | None = None,
        top_n: int | None = None,
        threshold: float | None = None,
    ) -> list[Document]:
        found = self.base_retriever.invoke(query, config={"callbacks": run_manager.get_child()})
        return self._ranker().compress_documents(
            found, query, run_manager.get_child(), instruction=instruction, top_n=top_n, threshold=threshold
        )

    async def _aget_relevant_documents(
        self,
        query: str,
        *,
        run_manager: AsyncCallbackManagerForRetrieverRun,
        instruction: str | None = None,
        top_n: int | None = None,
        threshold: float | None = None,
    ) -> list[Document]:
        found = await self.base_retriever.ainvoke(query, config={"callbacks": run_manager.get_child()})
        return await self._ranker().acompress_documents(
            found, query, run_manager.get_child(), instruction=instruction, top_n=top_n, threshold=threshold
        )

    def _ranker(self) -> RerankCompressor:
        return self.compressor.with_options(
            instruction=self.instruction, top_n=self.top_n, threshold=self.threshold
        )


class RerankCrossEncoder(ModelFields, BaseCrossEncoder):
    """Scores pairs for LangChain classes that take a ``BaseCrossEncoder``.

    The instruction comes from a ``rerank_options`` block, else from here; ``top_n`` and ``threshold`` have
    no meaning for scores.
    """

    def score(self, text_pairs: list[tuple[str, str]]) -> list[float]:
        """Return one score per (query, text) pair, in the order of the pairs."""
        scores: dict[int, float] = {}
        for query in dict.fromkeys(query for query, _ in text_pairs):
            places = [place for place, pair in enumerate(text_pairs) if pair[0] == query]
            scores.update(zip(places, self._scored(query, [text_pairs[i][1] for i in places]), strict=True))
        return [scores[place] for place in range(len(text_pairs))]

    def _scored(self, query: str, texts: list[str]) -> list[float]:
        options = resolved(CallOptions(), CallOptions(instruction=self.instruction))
        return score(self._model(), query, texts, instruction=options.instruction, normalize=self.normalize)
