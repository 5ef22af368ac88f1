"""The scores of a live object, and the checks of what it gives; knows no framework, prompt or batch."""

from __future__ import annotations

import inspect
import math
from typing import TYPE_CHECKING, Any

from rerank_plugins.core.results import RankedDocument
from rerank_plugins.errors import (
    ArgumentError,
    ArgumentTypeError,
    InstructionNotSupportedError,
    NonFiniteScoreError,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rerank_plugins.core.options import CallOptions


def scores_of(
    scorer: Any, query: str, documents: Sequence[str], *, instruction: str | None, normalize: bool | None
) -> list[Any]:
    """Return what ``scorer.score`` gives, one value per document, not yet checked to be numbers."""
    arguments = arguments_for(scorer.score, instruction=instruction, normalize=normalize)
    scores = list(scorer.score(query, documents, **arguments))
    if len(scores) != len(documents):
        raise ArgumentError(
            f"{type(scorer).__name__}.score() returned {len(scores)} scores for {len(documents)} documents; "
            "it must return one each."
        )
    return scores


def arguments_for(method: Any, *, instruction: str | None, normalize: bool | None) -> dict[str, Any]:
    """Return those that are given as keyword arguments, if ``method`` of a live object takes them.

    Raises:
        InstructionNotSupportedError: ``instruction`` is given, and the method takes none.
        ArgumentError: ``normalize`` is given, and the method takes none.
    """
    name = f"{type(getattr(method, '__self__', method)).__name__}.{getattr(method, '__name__', '__call__')}()"
    arguments: dict[str, Any] = {}
    if instruction is not None:
        if not _accepts(method, "instruction"):
            raise InstructionNotSupportedError(
                f"{name} takes no instruction. Leave it out, or pass a reranker that takes one."
            )
        arguments["instruction"] = instruction
    if normalize is not None:
        if not _accepts(method, "normalize"):
            raise ArgumentError(f"{name} takes no normalize. Leave normalize= out.")
        arguments["normalize"] = normalize
    return arguments


def checked(
    ranking: Sequence[RankedDocument], readable: Sequence[int], options: CallOptions
) -> list[RankedDocument]:
    """Return ``ranking``, with every score a finite float and every position one of ``readable``, once."""
    count = len(readable)
    positions = {document.index for document in ranking}
    expected = count if options.top_n is None else min(options.top_n, count)
    is_short = len(ranking) != expected and options.threshold is None
    if is_short or len(positions) != len(ranking) or not positions <= set(range(count)):
        raise ArgumentError(
            f"rank() returned positions {sorted(positions)} for {count} documents; it must return each "
            "at most once, and all of them unless top_n or threshold is given."
        )
    return [
        RankedDocument(d.index, finite(d.score, readable[d.index]), d.text, d.truncated, d.passage)
        for d in ranking
    ]


def finite(value: Any, index: int) -> float:
    """Return the score of the document at ``index`` as a float that orders."""
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
