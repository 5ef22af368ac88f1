"""What the page may ask for, read from JSON and checked; knows neither HTTP nor any model."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rerank_plugins.errors import ArgumentError, ArgumentTypeError, InputTooLargeError

if TYPE_CHECKING:
    from collections.abc import Collection


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """How much one comparison may hold.

    Attributes:
        documents: Most documents.
        characters: Most characters of a query, an instruction or a document.
        size: Most bytes of a request.
    """

    documents: int
    characters: int
    size: int


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two columns; without a model it is the order in which the documents were given."""

    model: str | None
    instruction: str | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two rankings of the same documents for the same query."""

    query: str
    documents: list[str]
    left: Side
    right: Side


def read_comparison(body: bytes, limits: Limits, models: Collection[str]) -> Comparison:
    """Return what a request asks for.

    Args:
        body: JSON as the page sends it.
        limits: How much it may hold.
        models: The names that can be chosen.

    Raises:
        ArgumentError: It is not JSON, or asks for something that is not there.
        ArgumentTypeError: A part of it is of the wrong type.
        InputTooLargeError: It holds more than the limits allow.
    """
    asked = _object("request", _parsed(body))
    documents = asked.get("documents")
    if not isinstance(documents, list):
        raise ArgumentTypeError("documents must be a list.")
    if len(documents) > limits.documents:
        raise InputTooLargeError(
            f"There are {len(documents)} documents, and the playground compares at most {limits.documents}."
        )
    return Comparison(
        query=_text("query", asked.get("query"), limits),
        documents=[_text(f"document {place + 1}", text, limits) for place, text in enumerate(documents)],
        left=_side("left", asked.get("left"), limits, models),
        right=_side("right", asked.get("right"), limits, models),
    )


def _parsed(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ArgumentError("The request must be JSON.") from error


def _object(name: str, value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ArgumentTypeError(f"{name} must be an object.")
    return value


def _text(name: str, value: object, limits: Limits) -> str:
    if not isinstance(value, str):
        raise ArgumentTypeError(f"{name} must be a string.")
    if len(value) > limits.characters:
        raise InputTooLargeError(
            f"The {name} has {len(value):,} characters, and the playground takes at most {limits.characters:,}."
        )
    return value


def _side(name: str, value: object, limits: Limits, models: Collection[str]) -> Side:
    side = _object(name, value)
    model, instruction = side.get("model"), side.get("instruction")
    if model is not None and (not isinstance(model, str) or model not in models):
        raise ArgumentError(f"{name}: no such model here. Name it with --model when the playground is started.")
    if instruction is not None:
        instruction = _text(f"{name} instruction", instruction, limits)
    if model is None and instruction is not None:
        raise ArgumentError(f"{name}: the order given takes no instruction. Choose a model, or leave it out.")
    return Side(model, instruction)
