"""Requests as bytes and answers as scores, both checked; sends nothing and decides no retry."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from rerank_plugins.errors import NonFiniteScoreError, RemoteResponseError

if TYPE_CHECKING:
    from rerank_plugins.core.groups import Group
    from rerank_plugins.core.remote.dialect import Route


def request_body(route: Route, group: Group, model_name: str | None) -> bytes:
    """Return the JSON that asks for the scores of a group."""
    body: dict[str, object] = {} if model_name is None else {"model": model_name}
    body |= {route.query: group.query, route.documents: list(group.documents), **route.always}
    if route.count is not None:
        body[route.count] = len(group.documents)
    if route.instruction is not None:
        body[route.instruction] = group.instruction
    # Halves of surrogate pairs are no text and have no bytes; servers would refuse the whole request.
    return json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")


def response_scores(route: Route, body: bytes, documents: int, where: str) -> list[float]:
    """Return the scores of an answer in the documents' order.

    Raises:
        RemoteResponseError: The answer is not one finite number for each document, or not JSON at all.
        NonFiniteScoreError: A score is NaN or infinite.
    """
    results = _results(route, body, where)
    if len(results) != documents:
        raise _wrong(where, f"has {len(results)} results for {documents} documents")
    scores: dict[int, float] = {}
    for result in results:
        index = _index(result, documents, where)
        if index in scores:
            raise _wrong(where, f"has two results for index {index}")
        scores[index] = _score(result.get(route.score), index, where)
    return [scores[index] for index in range(documents)]


def _results(route: Route, body: bytes, where: str) -> list[Any]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        # The cause would show the body, and servers echo documents.
        raise _wrong(where, "is not JSON") from None
    results = answer.get(route.results) if isinstance(answer, dict) and route.results is not None else answer
    if not isinstance(results, list):
        raise _wrong(where, f"has no list of results{'' if route.results is None else f' in {route.results!r}'}")
    return results


def _index(result: object, documents: int, where: str) -> int:
    index = result.get("index") if isinstance(result, dict) else None
    if isinstance(index, bool) or not isinstance(index, int) or not 0 <= index < documents:
        raise _wrong(where, f"has a result whose index is not one of 0 to {documents - 1}")
    return index


def _score(value: object, index: int, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _wrong(where, f"has no number as the score of the document at index {index}")
    score = float(value) if abs(value) <= _LARGEST else math.inf  # NaN compares with nothing
    if not math.isfinite(score):
        raise NonFiniteScoreError(
            f"{where} gave a score that is NaN or infinite for the document at index {index}. "
            "Serve the model in a precision with more room, such as float32 or bfloat16."
        )
    return score


_LARGEST = 1e300


def _wrong(where: str, what: str) -> RemoteResponseError:
    return RemoteResponseError(
        f"The answer of {where} {what}; expected one score for each document. "
        "Check that dialect= is what the server speaks and that model= is its URL.",
        status=200,
    )
