"""One ranking call over a handle, and the checks of what comes back; knows no framework, prompt or batch."""

from __future__ import annotations

import asyncio
import inspect
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from rerank_plugins.core.results import RankedDocument, ranked
from rerank_plugins.errors import (
    ArgumentError,
    ArgumentTypeError,
    InstructionNotSupportedError,
    NonFiniteScoreError,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rerank_plugins.core.options import CallOptions
    from rerank_plugins.integrations.models import ModelHandle

TextLess = Literal["last", "error", "drop"]
"""What happens to a document without text: unscored after the ranked ones, an error, or left out."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One ranking to do.

    Raises:
        ArgumentError: a text is blank and ``text_less`` is ``"error"``.
    """

    query: str
    texts: Sequence[str]
    options: CallOptions
    normalize: bool | None = None
    text_less: TextLess = "last"
    readable: Sequence[int] = field(init=False)

    def __post_init__(self) -> None:
        readable = [index for index, text in enumerate(self.texts) if text.strip()]
        object.__setattr__(self, "readable", readable)
        if self.text_less == "error" and self.blank:
            raise ArgumentError(
                f"Documents without text at positions {self.blank}. "
                'Use text_less="last" to keep them unscored, or "drop" to leave them out.'
            )

    @property
    def documents(self) -> list[str]:
        """The texts that can be scored."""
        return [self.texts[index] for index in self.readable]

    @property
    def blank(self) -> list[int]:
        """Positions of the texts that cannot be scored."""
        return sorted(set(range(len(self.texts))) - set(self.readable))


@dataclass(frozen=True, slots=True)
class Placed:
    """One input and its score; ``None`` means that it had no text to score."""

    index: int
    score: float | None


def rank(handle: ModelHandle, request: Request) -> list[Placed]:
    """Return the inputs best first; loads nothing when there is nothing to score.

    Inputs without text follow, in their order, as far as ``top_n`` leaves room. A threshold leaves them
    out, because nothing shows that they meet it.
    """
    if not request.readable:
        return _placed([], request)
    share = handle.share()  # held during the call: closing the handle meanwhile must not stop it
    return _placed(_ranking(share.get(), request), request)


async def arank(handle: ModelHandle, request: Request) -> list[Placed]:
    """Do what ``rank`` does without ever blocking the event loop."""
    if not request.readable:
        return _placed([], request)
    share = handle.share()
    scorer = await share.aget()
    if not _is_native(scorer):
        return _placed(await asyncio.to_thread(_ranking, scorer, request), request)
    ranking = await scorer.arank(request.query, request.documents, **_arguments(request))
    return _placed(_checked(ranking, request), request)


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
    scores = _scores(share.get(), query, documents, instruction=instruction, normalize=normalize)
    return [_finite(value, index) for index, value in enumerate(scores)]


def _is_native(scorer: Any) -> bool:
    """Return whether ``scorer`` has our own face; other libraries' ``rank`` methods mean other things."""
    return hasattr(scorer, "rank") and hasattr(scorer, "arank")


def _ranking(scorer: Any, request: Request) -> list[RankedDocument]:
    documents, options = request.documents, request.options
    if _is_native(scorer):
        return _checked(scorer.rank(request.query, documents, **_arguments(request)), request)
    scores = _scores(
        scorer, request.query, documents, instruction=options.instruction, normalize=request.normalize
    )
    unordered = (
        RankedDocument(index, _finite(value, request.readable[index]), text)
        for index, (value, text) in enumerate(zip(scores, documents, strict=True))
    )
    return ranked(unordered, top_n=options.top_n, threshold=options.threshold)


def _arguments(request: Request) -> dict[str, Any]:
    options = request.options
    return {
        "instruction": options.instruction,
        "top_n": options.top_n,
        "threshold": options.threshold,
        "normalize": request.normalize,
    }


def _scores(
    scorer: Any, query: str, documents: Sequence[str], *, instruction: str | None, normalize: bool | None
) -> list[Any]:
    """Return what ``scorer.score`` gives, one value per document, not yet checked to be numbers."""
    name = type(scorer).__name__
    arguments: dict[str, Any] = {}
    if instruction is not None:
        if not _accepts(scorer.score, "instruction"):
            raise InstructionNotSupportedError(
                f"{name}.score() takes no instruction. Leave it out, or pass a reranker that takes one."
            )
        arguments["instruction"] = instruction
    if normalize is not None:
        if not _accepts(scorer.score, "normalize"):
            raise ArgumentError(f"{name}.score() takes no normalize. Leave normalize= out.")
        arguments["normalize"] = normalize
    scores = list(scorer.score(query, documents, **arguments))
    if len(scores) != len(documents):
        raise ArgumentError(
            f"{name}.score() returned {len(scores)} scores for {len(documents)} documents; "
            "it must return one each."
        )
    return scores


def _checked(ranking: Sequence[RankedDocument], request: Request) -> list[RankedDocument]:
    """Return ``ranking``, with every score a finite float and every position one of the request, once."""
    count, options = len(request.readable), request.options
    positions = {document.index for document in ranking}
    expected = count if options.top_n is None else min(options.top_n, count)
    is_short = len(ranking) != expected and options.threshold is None
    if is_short or len(positions) != len(ranking) or not positions <= set(range(count)):
        raise ArgumentError(
            f"rank() returned positions {sorted(positions)} for {count} documents; it must return each "
            "at most once, and all of them unless top_n or threshold is given."
        )
    return [
        RankedDocument(d.index, _finite(d.score, request.readable[d.index]), d.text, d.truncated, d.passage)
        for d in ranking
    ]


def _finite(value: Any, index: int) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError) as error:
        raise ArgumentTypeError(
            f"The score of document {index} must be one number, got {type(value).__name__}."
        ) from error
    if not math.isfinite(number):
        raise NonFiniteScoreError(f"The reranker gave {number} for document {index}; try dtype='float32'.")
    return number


def _accepts(function: Any, argument: str) -> bool:
    try:
        parameters = inspect.signature(function).parameters
    except ValueError:  # a builtin without a signature
        return False
    return argument in parameters or any(p.kind is p.VAR_KEYWORD for p in parameters.values())


def _placed(ranking: Sequence[RankedDocument], request: Request) -> list[Placed]:
    placed = [Placed(request.readable[document.index], document.score) for document in ranking]
    if request.text_less == "last" and request.options.threshold is None:
        placed += [Placed(index, None) for index in request.blank]
    return placed[: request.options.top_n]
