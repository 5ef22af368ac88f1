"""One ranking call over a handle, and what happens if it fails; knows no framework, prompt or batch."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from rerank_plugins.core.results import RankedDocument, ranked
from rerank_plugins.errors import ArgumentError, ArgumentTypeError
from rerank_plugins.integrations._request import Placed
from rerank_plugins.integrations._scores import checked, finite, scores_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rerank_plugins.integrations._request import Request
    from rerank_plugins.integrations.models import ModelHandle

_LOG = logging.getLogger(__name__)

ERROR_KEY = "rerank_error"
"""Metadata key that marks every result of a call that failed and kept the input's order."""


def rank(handle: ModelHandle, request: Request) -> list[Placed]:
    """Return the inputs best first; loads nothing when there is nothing to score.

    Inputs without text follow, in their order, as far as ``top_n`` leaves room. A threshold leaves them
    out, because nothing shows that they meet it.

    Raises:
        Exception: Whatever loading or scoring raises, unless ``on_error`` is ``"keep_order"``.
    """
    try:
        share = handle.share()  # held during the call: closing the handle meanwhile must not stop it
        return _placed(_ranking(share.get(), request) if request.readable else [], request)
    except Exception as error:
        if not _is_borne(error, request):
            raise
        return _in_order(handle, request, error)


async def arank(handle: ModelHandle, request: Request) -> list[Placed]:
    """Do what ``rank`` does without ever blocking the event loop."""
    try:
        share = handle.share()
        return _placed(await _aranking(await share.aget(), request) if request.readable else [], request)
    except Exception as error:
        if not _is_borne(error, request):
            raise
        return _in_order(handle, request, error)


def score(
    handle: ModelHandle,
    query: str,
    documents: Sequence[str],
    *,
    instruction: str | None,
    normalize: bool | None,
) -> list[float]:
    """Return one finite float per document, in input order."""
    if not documents:
        return []
    share = handle.share()
    scores = scores_of(share.get(), query, documents, instruction=instruction, normalize=normalize)
    return [finite(value, index) for index, value in enumerate(scores)]


def _is_borne(error: Exception, request: Request) -> bool:
    """Return whether the call goes on after this; what the caller got wrong is always raised."""
    return request.on_error == "keep_order" and not isinstance(error, (ArgumentError, ArgumentTypeError))


def _in_order(handle: ModelHandle, request: Request, error: Exception) -> list[Placed]:
    """Return the inputs as they came, each marked; no threshold, because nothing was scored."""
    _LOG.warning("Reranking with %s failed; the order was kept.", handle.name, exc_info=error)
    kept = request.readable if request.text_less == "drop" else range(len(request.texts))
    return [Placed(index, None, type(error).__name__) for index in kept][: request.options.top_n]


def _is_native(scorer: Any) -> bool:
    """Return whether ``scorer`` has our own face; other libraries' ``rank`` methods mean other things."""
    return hasattr(scorer, "rank") and hasattr(scorer, "arank")


def _ranking(scorer: Any, request: Request) -> list[RankedDocument]:
    documents, options = request.documents, request.options
    if _is_native(scorer):
        return checked(scorer.rank(request.query, documents, **_arguments(request)), request.readable, options)
    scores = scores_of(
        scorer, request.query, documents, instruction=options.instruction, normalize=request.normalize
    )
    unordered = (
        RankedDocument(index, finite(value, request.readable[index]), text)
        for index, (value, text) in enumerate(zip(scores, documents, strict=True))
    )
    return ranked(unordered, top_n=options.top_n, threshold=options.threshold)


async def _aranking(scorer: Any, request: Request) -> list[RankedDocument]:
    if not _is_native(scorer):
        return await asyncio.to_thread(_ranking, scorer, request)
    return checked(
        await scorer.arank(request.query, request.documents, **_arguments(request)),
        request.readable,
        request.options,
    )


def _arguments(request: Request) -> dict[str, Any]:
    options = request.options
    return {
        "instruction": options.instruction,
        "top_n": options.top_n,
        "threshold": options.threshold,
        "normalize": request.normalize,
    }


def _placed(ranking: Sequence[RankedDocument], request: Request) -> list[Placed]:
    placed = [Placed(request.readable[document.index], document.score) for document in ranking]
    if request.text_less == "last" and request.options.threshold is None:
        placed += [Placed(index, None) for index in request.blank]
    return placed[: request.options.top_n]
