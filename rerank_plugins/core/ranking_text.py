"""A ranking as plain text, one line for each document; knows no model and no terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rerank_plugins.core.excerpts import excerpt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rerank_plugins.core.results import RankedDocument

MOST_ROWS = 50
"""How many documents are shown; the others are counted."""
_ROOM = 72


def ranking_text(documents: Sequence[RankedDocument]) -> str:
    """Return one short line for each of the best documents: rank, move, score, text; what is not text is ASCII."""
    noun = "document" if len(documents) == 1 else "documents"
    more = len(documents) - MOST_ROWS
    lines = [_line(rank, document) for rank, document in enumerate(documents[:MOST_ROWS])]
    rest = [f"... and {count(more)} more"] if more > 0 else []
    return "\n".join([f"Ranking of {count(len(documents))} {noun}", *lines, *rest])


def number(score: float) -> str:
    """Return a score with four decimals, or with an exponent where these would show nothing of it or too much."""
    small = score != 0 and abs(score) < 5e-5
    return f"{score:.1e}" if small or abs(score) >= 1e6 else f"{score + 0.0:.4f}"


def count(number_of: int) -> str:
    """Return a whole number in groups of three digits."""
    return f"{number_of:,}"


def _line(rank: int, document: RankedDocument) -> str:
    places = document.index - rank
    moved = f"{places:+d}" if places else "="
    return f"{rank + 1:>4}  {moved:>4}  {number(document.score):>9}  {short_text(document)}".rstrip()


def short_text(document: RankedDocument, room: int = _ROOM) -> str:
    """Return a document's text in one line of about ``room`` characters, without what a terminal would obey."""
    part = excerpt(document.text, document.passage, room)
    words = " ".join(f"{part.before}{part.passage}{part.after}".split())
    before, after = "... " if part.cut_before else "", " ..." if part.cut_after else ""
    truncated = " (truncated)" if document.truncated else ""
    return f"{before}{words}{after}{truncated}"
