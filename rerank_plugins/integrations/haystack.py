"""Haystack 3: a ranker component; knows nothing of models beyond the handle, and never changes a document.

There is no ``from __future__ import annotations`` here: dataclasses look ``InitVar`` up in the module that
``__module__`` names, which is not this one.
"""

import asyncio
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import KW_ONLY, InitVar, dataclass, field, fields, replace
from typing import Any

from rerank_plugins.core.options import CallOptions
from rerank_plugins.integrations._haystack_arguments import count_of, deduplicated, devices_of, one_of
from rerank_plugins.integrations._ranking import ERROR_KEY, arank, rank
from rerank_plugins.integrations._request import OnError, Placed, Request, TextLess, check_policies
from rerank_plugins.integrations._shared import (
    LOAD_DEFAULTS,
    handle_for,
    missing_extra,
    resolved,
    with_metadata,
)
from rerank_plugins.integrations.models import ModelHandle, refuse_live

try:
    from haystack import Document, component, default_from_dict, default_to_dict
    from haystack.utils import ComponentDevice, Secret
except ImportError as error:
    raise missing_extra("haystack", error) from error

__all__ = ["RerankPluginsRanker"]


@component
@dataclass(eq=False)
class RerankPluginsRanker:
    """Ranks documents with a model of ``rerank_plugins``.

    The model is loaded by ``warm_up`` or on first use. ``instruction``, ``top_k`` and ``score_threshold`` are
    taken from ``run``, else from a ``rerank_options`` block, else from here. Of documents with the same id
    the one with the highest incoming score is ranked. Documents whose text is blank are never scored, see
    ``text_less``.

    Args:
        model: Hub id, local directory, "embedded", or "https://..." for a server.
        top_k: How many documents to return; None: all.
        instruction: Default instruction of every call.
        score_threshold: Lowest score to return; applied before ``top_k``.
        normalize: None: the vendor's own default; True: scores in 0..1; False: raw logits.
        meta_fields_to_embed: Meta values to rank together with the content, put before it.
        embedding_separator: What stands between them.
        text_less: Documents without text: "last" returns them unscored after the others (not with a
            ``score_threshold``), "error" raises, "drop" leaves them out.
        on_error: "keep_order" returns the documents of a failed call as they came, each with ``score`` None and
            the kind of error in ``meta["rerank_error"]``; "raise" raises.
        token: Hub token or API key; resolved when the model is loaded. Without it the hub's own login counts.
        family: Family name; None detects it.
        revision: Revision on the hub.
        local_files_only: Never use the network to load.
        cache_dir: Where files from the hub are kept.
        device: One device, or a map whose devices each get a copy of the model; None: the GPU if present.
        dtype: "auto", "float32", "bfloat16" or "float16".
        quantize: "int8" (CPU).
        max_length: Longest sequence in tokens.
        max_query_length: Longest query in tokens.
        long_documents: "truncate" cuts long documents; "passages" splits them and keeps the best passage's score.
        overlap_tokens: How many tokens neighbouring passages share.
        instruction_policy: "ignore" drops an instruction that the family cannot take; "raise" refuses it.
        max_documents: Most documents of one call; more are refused.
        max_characters: Most characters of one text; longer ones are refused.
        batch_tokens: Token budget of one forward.
        cache_size: How many rows' vectors to keep for later calls; None: the family's own.
        engine: What runs the model: "torch", "vllm", or the URL of a vLLM server.
        engine_options: Arguments of vLLM's engine.
        dialect: What the server at a URL speaks: "vllm", "tei", "infinity", "jina", "cohere", "voyage", ...
        model_name: The model's name on a server.
        timeout: Seconds for one request to a server.
        max_concurrency: Most requests to a server at a time.
        family_options: Options of the model's family.
        top_n: Another name for ``top_k``.
        scale_score: Another name for ``normalize``.
        reranker: A live object with ``score`` instead of ``model``; the component cannot be serialized then.

    Raises:
        ArgumentError: an argument that cannot be used.
        ArgumentTypeError: an argument of the wrong type.
    """

    # Pipelines load from YAML only what lives under this name; the module of that name is a re-export.
    __module__ = "haystack_integrations.components.rankers.rerank_plugins"

    model: str | None = None
    _: KW_ONLY
    top_k: int | None = None
    instruction: str | None = None
    score_threshold: float | None = None
    normalize: bool | None = None
    meta_fields_to_embed: list[str] = field(default_factory=list)
    embedding_separator: str = "\n"
    text_less: TextLess = "last"
    on_error: OnError = "raise"
    token: Secret | None = None
    family: str | None = None
    revision: str | None = None
    local_files_only: bool = False
    cache_dir: str | None = None
    device: ComponentDevice | None = None
    dtype: str = "auto"
    quantize: str | None = None
    max_length: int | None = None
    max_query_length: int | None = None
    long_documents: str = "truncate"
    overlap_tokens: int = 80
    instruction_policy: str = "raise"
    max_documents: int = 1_000_000
    max_characters: int = 10_000_000
    batch_tokens: int | None = None
    cache_size: int | None = None
    engine: str = "torch"
    engine_options: dict[str, Any] | None = None
    dialect: str | None = None
    model_name: str | None = None
    timeout: float = 60.0
    max_concurrency: int = 8
    family_options: dict[str, Any] = field(default_factory=dict)
    top_n: InitVar[int | None] = None
    scale_score: InitVar[bool | None] = None
    reranker: InitVar[object | None] = None

    def __post_init__(self, top_n: int | None, scale_score: bool | None, reranker: object | None) -> None:
        self.top_k = count_of(self.top_k, top_n)
        self.normalize = one_of(normalize=self.normalize, scale_score=scale_score)
        check_policies(self.text_less, self.on_error)
        self._defaults()
        # The token is not resolved yet: a pipeline must be buildable where the secret is not set.
        self._handle = self._handle_for(reranker, token=None)

    def warm_up(self) -> None:
        """Load the model, unless it is loaded."""
        self._model().get()

    async def warm_up_async(self) -> None:
        """Load the model off the event loop, unless it is loaded."""
        await self._model().aget()

    def close(self) -> None:
        """Give up the model; it is freed when no other component uses it. The next run loads it again."""
        self._handle.close()

    async def close_async(self) -> None:
        """Do what ``close`` does off the event loop, because closing waits for work that is running."""
        await asyncio.to_thread(self.close)

    @component.output_types(documents=list[Document])
    def run(
        self,
        query: str,
        documents: list[Document],
        top_k: int | None = None,
        *,
        top_n: int | None = None,
        instruction: str | None = None,
        score_threshold: float | None = None,
        scale_score: bool | None = None,
    ) -> dict[str, list[Document]]:
        """Return new documents under ``documents``, best first.

        Args:
            query: The query.
            documents: What to rank; left as it is.
            top_k: Overrides how many documents are returned.
            top_n: Another name for ``top_k``.
            instruction: Overrides the instruction for this run.
            score_threshold: Overrides the lowest score that is returned.
            scale_score: Overrides ``normalize``.

        Raises:
            ArgumentError: an option that cannot be used.
        """
        given = CallOptions(instruction=instruction, top_n=count_of(top_k, top_n), threshold=score_threshold)
        found = deduplicated(documents)
        request = self._request(query, found, given, scale_score)
        return {"documents": _ranked(found, rank(self._model(), request))}

    @component.output_types(documents=list[Document])
    async def run_async(
        self,
        query: str,
        documents: list[Document],
        top_k: int | None = None,
        *,
        top_n: int | None = None,
        instruction: str | None = None,
        score_threshold: float | None = None,
        scale_score: bool | None = None,
    ) -> dict[str, list[Document]]:
        """Do what ``run`` does without blocking the event loop."""
        given = CallOptions(instruction=instruction, top_n=count_of(top_k, top_n), threshold=score_threshold)
        found = deduplicated(documents)
        request = self._request(query, found, given, scale_score)
        return {"documents": _ranked(found, await arank(self._model(), request))}

    def to_dict(self) -> dict[str, Any]:
        """Return the component as plain types.

        Raises:
            ArgumentTypeError: made with a live ``reranker=``, which cannot be written down.
            ValueError: the token is a literal; use ``Secret.from_env_var``.
        """
        refuse_live(self._handle.live)
        return default_to_dict(self, **{f.name: deepcopy(getattr(self, f.name)) for f in fields(self)})

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "RerankPluginsRanker":
        """Return the component that ``to_dict`` wrote down."""
        return default_from_dict(cls, data)

    def _get_telemetry_data(self) -> dict[str, Any]:
        return {"model": self._handle.name}

    def _defaults(self) -> CallOptions:
        return CallOptions(instruction=self.instruction, top_n=self.top_k, threshold=self.score_threshold)

    def _model(self) -> ModelHandle:
        """Return the handle of the model that the attributes name now; they may be assigned at any time."""
        token = None if self.token is None else self.token.resolve_value()
        wanted = self._handle_for(self._handle.live, token=token)
        if self._handle != wanted:
            self._handle = wanted
        return self._handle

    def _handle_for(self, reranker: object | None, *, token: str | None) -> ModelHandle:
        load = {name: getattr(self, name) for name in LOAD_DEFAULTS} | {"device": devices_of(self.device)}
        return handle_for(
            model=self.model, reranker=reranker, token=token, load=load, family_options=self.family_options
        )

    def _request(
        self, query: str, documents: Sequence[Document], given: CallOptions, scale_score: bool | None
    ) -> Request:
        return Request(
            query=query,
            texts=[self._text(document) for document in documents],
            options=resolved(given, self._defaults()),
            normalize=self.normalize if scale_score is None else scale_score,
            text_less=self.text_less,
            on_error=self.on_error,
        )

    def _text(self, document: Document) -> str:
        return with_metadata(document.content, document.meta, self.meta_fields_to_embed, self.embedding_separator)


def _ranked(documents: Sequence[Document], places: Sequence[Placed]) -> list[Document]:
    return [_scored(documents[place.index], place) for place in places]


def _scored(document: Document, place: Placed) -> Document:
    meta = document.meta if place.error is None else {**document.meta, ERROR_KEY: place.error}
    return replace(document, score=place.score, meta=meta)
