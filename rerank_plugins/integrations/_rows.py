"""Scores rows that may hold anything: a row that fails gets an error, and the others keep their scores.

Knows no framework, no columns and no model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from rerank_plugins.errors import ArgumentError, InstructionNotSupportedError
from rerank_plugins.integrations._scores import arguments_for, finite

if TYPE_CHECKING:
    from collections.abc import Sequence

# Scored after every failure, to tell a row that cannot be scored from a model that scores nothing any more.
_HARMLESS = ("query", "document")


class PairScorer(Protocol):
    """What scores rows: a ``Reranker``, or any object with this method.

    The method may take ``instruction`` and ``normalize`` as well; whoever gives one to an object that does
    not take it gets an error.
    """

    def score_pairs(self, pairs: Sequence[tuple[str, str]]) -> Sequence[float]:
        """Return one finite number per ``(query, document)`` pair, in input order."""
        ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one row: its score, or the kind and message of the error, never both."""

    score: float | None
    error: str | None = None


def score_rows(
    scorer: PairScorer,
    queries: Sequence[object],
    documents: Sequence[object],
    instructions: Sequence[object] | None = None,
    *,
    instruction: str | None = None,
    normalize: bool | None = None,
) -> list[Outcome]:
    """Return one outcome per row, in input order; no row is scored again unless its batch failed.

    Args:
        scorer: What scores pairs.
        queries: One per row; whatever is no string is that row's error.
        documents: One per row; whatever is no string is that row's error.
        instructions: One per row, ``None`` where ``instruction`` holds.
        instruction: For rows without one of their own.
        normalize: Given to the scorer, if it is not ``None``.

    Raises:
        Exception: What the scorer raised, if it cannot score a harmless pair any more either: that is no
            row's fault, and every further row would get the same error.
        InstructionNotSupportedError: The scorer takes no instruction, and there is one.
    """
    said = [None] * len(queries) if instructions is None else instructions
    asked: dict[str | None, list[int]] = {}
    outcomes: dict[int, Outcome] = {}
    for place, row in enumerate(zip(queries, documents, said, strict=True)):
        problem = _problem(*row)
        if problem is None:
            asked.setdefault(instruction if said[place] is None else str(said[place]), []).append(place)
        else:
            outcomes[place] = Outcome(None, problem)
    for text, places in asked.items():
        call = _Call(scorer, text, instruction, normalize)
        found = call.outcomes([(str(queries[place]), str(documents[place])) for place in places])
        outcomes.update(zip(places, found, strict=True))
    return [outcomes[place] for place in range(len(queries))]


@dataclass(frozen=True, slots=True)
class _Call:
    """How rows of one instruction are scored."""

    scorer: Any
    instruction: str | None
    default: str | None
    normalize: bool | None

    def outcomes(self, pairs: Sequence[tuple[str, str]]) -> list[Outcome]:
        """Return one outcome per pair; a batch that fails is halved until the guilty pairs stand alone."""
        try:
            return [Outcome(score) for score in self._scores(pairs, self.instruction)]
        except InstructionNotSupportedError:
            raise
        except Exception as error:  # noqa: BLE001 - a row may fail in any way, and becomes a row's error
            self._check_alive(error)
            if len(pairs) == 1:
                return [Outcome(None, described(error))]
        half = len(pairs) // 2
        return self.outcomes(pairs[:half]) + self.outcomes(pairs[half:])

    def _scores(self, pairs: Sequence[tuple[str, str]], instruction: str | None) -> list[float]:
        method = self.scorer.score_pairs
        arguments = arguments_for(method, instruction=instruction, normalize=self.normalize)
        scores = list(method(pairs, **arguments))
        if len(scores) != len(pairs):
            raise ArgumentError(
                f"{type(self.scorer).__name__}.score_pairs() returned {len(scores)} scores for {len(pairs)} "
                "pairs; it must return one each."
            )
        return [finite(score, place) for place, score in enumerate(scores)]

    def _check_alive(self, error: Exception) -> None:
        """Raise ``error`` if a harmless pair, with the instruction of all rows, fails as well."""
        try:
            self._scores([_HARMLESS], self.default)
        except Exception as broken:
            raise error from broken


def described(error: Exception) -> str:
    """Return what a row says of its error."""
    return f"{type(error).__name__}: {error}"


def _problem(query: object, document: object, instruction: object) -> str | None:
    """Return what is wrong with a row before any model sees it."""
    for name, value in (("query", query), ("document", document)):
        if not isinstance(value, str):
            return f"ArgumentTypeError: {name} must be a string, got {type(value).__name__}."
    if instruction is not None and not isinstance(instruction, str):
        return f"ArgumentTypeError: instruction must be a string or null, got {type(instruction).__name__}."
    return None
