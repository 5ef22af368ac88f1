"""What goes into a scorer and what comes out, in plain values; knows no model and needs no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Group:
    """One query, the documents to score for it, and the instruction that holds for them."""

    query: str
    documents: Sequence[str]
    instruction: str | None


@dataclass(frozen=True, slots=True)
class Scored:
    """The scores of one document, one for each layer that is read, and what the model saw of it.

    ``tokens`` is how many tokens were read for it, prompt and query included; 0 where a server does not tell.
    """

    scores: tuple[float, ...]
    truncated: bool
    passage: tuple[int, int] | None = None
    tokens: int = 0

    @property
    def score(self) -> float:
        """The score, where there is only one."""
        return self.scores[0]
