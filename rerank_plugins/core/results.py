"""What a ranking looks like to the caller; knows no model and needs no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rerank_plugins.core.ranking_html import ranking_html
from rerank_plugins.core.ranking_text import ranking_text

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class RankedDocument:
    """One document of a ranking.

    Attributes:
        index: Position of the document in the list that was given.
        score: A finite float on the scale that ``Reranker.info.score_kind`` names.
        text: The document as it was given.
        truncated: Whether the model saw only a part of the document.
        passage: Characters ``(start, end)`` of the best passage, where documents are split into passages.
    """

    index: int
    score: float
    text: str
    truncated: bool = False
    passage: tuple[int, int] | None = None


class Ranking(list[RankedDocument]):
    """A list of ranked documents, best first; a table in notebooks, a line for each document in a terminal."""

    def __repr__(self) -> str:
        return ranking_text(self)

    def _repr_html_(self) -> str:
        return ranking_html(self)


def ranked(documents: Iterable[RankedDocument], *, top_n: int | None, threshold: float | None) -> Ranking:
    """Return the documents best first: ties keep input order, ``threshold`` (inclusive) comes before ``top_n``."""
    kept = (document for document in documents if threshold is None or document.score >= threshold)
    return Ranking(sorted(kept, key=lambda document: (-document.score, document.index))[:top_n])
