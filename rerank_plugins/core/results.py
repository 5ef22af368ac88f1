"""What a ranking looks like to the caller; knows no model and needs no torch."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

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
    """A list of ranked documents, best first, that shows itself as a table in notebooks."""

    def _repr_html_(self) -> str:
        low = min((document.score for document in self), default=0.0)
        high = max((document.score for document in self), default=0.0)
        rows = "".join(
            _row(rank, document, _share(document.score, low, high)) for rank, document in enumerate(self)
        )
        head = "<th>rank</th><th>moved</th><th>score</th><th></th><th>document</th>"
        return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def ranked(documents: Iterable[RankedDocument], *, top_n: int | None, threshold: float | None) -> Ranking:
    """Return the documents best first: ties keep input order, ``threshold`` (inclusive) comes before ``top_n``."""
    kept = (document for document in documents if threshold is None or document.score >= threshold)
    return Ranking(sorted(kept, key=lambda document: (-document.score, document.index))[:top_n])


def _share(score: float, low: float, high: float) -> float:
    """Return where ``score`` lies between the lowest (0) and the highest (1) of the ranking."""
    return 1.0 if high == low else (score - low) / (high - low)


def _row(rank: int, document: RankedDocument, share: float) -> str:
    bar = f'<div style="background:#4c78a8;height:0.8em;width:{4 + round(share * 96)}px"></div>'
    text = escape(_shortened(document.text)) + (" <em>(truncated)</em>" if document.truncated else "")
    cells = (str(rank + 1), _moved(document.index - rank), f"{document.score:.4f}", bar, text)
    aligned = "".join(f'<td style="text-align:left">{cell}</td>' for cell in cells)
    return f"<tr>{aligned}</tr>"


def _moved(places: int) -> str:
    if places == 0:
        return "="
    return f"&#9650; {places}" if places > 0 else f"&#9660; {-places}"


def _shortened(text: str, limit: int = 160) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
