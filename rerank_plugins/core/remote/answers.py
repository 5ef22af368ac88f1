"""Answers as scores in the order of what was asked, checked; knows no server's names of fields."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from rerank_plugins.errors import NonFiniteScoreError, RemoteResponseError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_LARGEST = 1e300


def scores_in_order(
    body: bytes, *, results: str | None, score: Callable[[Mapping[str, Any]], object], asked: int, where: str
) -> list[float]:
    """Return the scores of an answer, by the ``index`` of each result.

    Args:
        body: The answer's JSON.
        results: Field of the list of results; ``None`` = the answer is the list.
        score: Returns what should be a number from one result.
        asked: How many scores there must be.
        where: What error messages call the server.

    Raises:
        RemoteResponseError: The answer is not one finite number for each thing asked, or not JSON at all.
        NonFiniteScoreError: A score is NaN or infinite.
    """
    found = _results(body, results, where)
    if len(found) != asked:
        raise wrong_answer(where, f"has {len(found)} results for {asked} documents")
    scores: dict[int, float] = {}
    for result in found:
        index = _index(result, asked, where)
        if index in scores:
            raise wrong_answer(where, f"has two results for index {index}")
        scores[index] = _score(score(result), index, where)
    return [scores[index] for index in range(asked)]


def wrong_answer(where: str, what: str) -> RemoteResponseError:
    """Return the error of an answer that is not what the dialect promises."""
    return RemoteResponseError(
        f"The answer of {where} {what}; expected one score for each document. "
        "Check that dialect= is what the server speaks and that the URL is the server's.",
        status=200,
    )


def _results(body: bytes, field: str | None, where: str) -> list[Any]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        # The cause would show the body, and servers echo documents.
        raise wrong_answer(where, "is not JSON") from None
    results = answer.get(field) if isinstance(answer, dict) and field is not None else answer
    if not isinstance(results, list):
        raise wrong_answer(where, f"has no list of results{'' if field is None else f' in {field!r}'}")
    return results


def _index(result: object, asked: int, where: str) -> int:
    index = result.get("index") if isinstance(result, dict) else None
    if isinstance(index, bool) or not isinstance(index, int) or not 0 <= index < asked:
        raise wrong_answer(where, f"has a result whose index is not one of 0 to {asked - 1}")
    return index


def _score(value: object, index: int, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise wrong_answer(where, f"has no number as the score of the document at index {index}")
    score = float(value) if abs(value) <= _LARGEST else math.inf  # NaN compares with nothing
    if not math.isfinite(score):
        raise NonFiniteScoreError(
            f"{where} gave a score that is NaN or infinite for the document at index {index}. "
            "Serve the model in a precision with more room, such as float32 or bfloat16."
        )
    return score
