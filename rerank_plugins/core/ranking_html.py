"""A ranking as an HTML table for notebooks; knows no model, and nothing of the page it stands in.

Colours are those of the page, so that it reads on light and on dark; only a marked passage has both its own
background and its own text colour. Styles stand in the elements, because notebooks take style sheets away.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from rerank_plugins.core.excerpts import excerpt
from rerank_plugins.core.ranking_text import MOST_ROWS, count, number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rerank_plugins.core.results import RankedDocument

_ROOM = 240
_TABLE = "width:100%;table-layout:auto;border-collapse:collapse"  # notebooks give all columns the same width
_CELL = "vertical-align:top;text-align:left;padding:0.35em 0.6em"
_NARROW = f"{_CELL};white-space:nowrap;font-variant-numeric:tabular-nums"
_WIDE = f"{_CELL};width:100%;white-space:normal;overflow-wrap:anywhere"
_SCORE = "width:5em;text-align:right"
_TRACK = "position:relative;width:5em;height:0.5em;margin-top:0.35em"
_ZERO = "position:absolute;top:-0.1em;bottom:-0.1em;width:1px;background:currentColor"
_BAR = "position:absolute;top:0;bottom:0;min-width:2px;box-sizing:border-box"
_ABOVE = "background:currentColor;opacity:0.6"
_BELOW = "border:1px solid currentColor;opacity:0.8"
_MARK = "background:#ffe08a;color:#1a1a1a;padding:0 0.1em"


def ranking_html(documents: Sequence[RankedDocument]) -> str:
    """Return the best documents as a table: rank, move, score with a bar from zero, and text."""
    if not documents:
        return "<p>Ranking of 0 documents</p>"
    scale = _Scale([document.score for document in documents])
    shown = documents[:MOST_ROWS]
    rows = "".join(_row(rank, document, scale) for rank, document in enumerate(shown))
    names = (("rank", _NARROW), ("moved", _NARROW), ("score", _NARROW), ("document", _WIDE))
    head = "".join(f'<th scope="col" style="{style}">{name}</th>' for name, style in names)
    table = f'<table style="{_TABLE}"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'
    more = len(documents) - len(shown)
    rest = f"<p>… and {count(more)} more</p>" if more else ""
    return f"<div>{table}{rest}</div>"


class _Scale:
    """Where scores lie between the lowest and the highest, zero included: bars begin at zero."""

    def __init__(self, scores: Sequence[float]) -> None:
        self._low = min(*scores, 0.0)
        self._range = max(*scores, 0.0) - self._low

    def percent(self, score: float) -> float:
        return 100 * (score - self._low) / self._range if self._range else 0.0


def _row(rank: int, document: RankedDocument, scale: _Scale) -> str:
    cells = (
        (str(rank + 1), _NARROW),
        (_moved(document.index, rank), _NARROW),
        (f'<div style="{_SCORE}">{number(document.score)}</div>{_bar(document.score, scale)}', _NARROW),
        (_text(document), _WIDE),
    )
    written = "".join(f'<td style="{style}">{cell}</td>' for cell, style in cells)
    return f"<tr>{written}</tr>"


def _moved(index: int, rank: int) -> str:
    places = index - rank
    if places == 0:
        return '<span title="did not move">=</span>'
    sign, word = ("&#9650;", "up") if places > 0 else ("&#9660;", "down")
    return f'<span title="{word} from place {index + 1}">{sign} {abs(places)}</span>'


def _bar(score: float, scale: _Scale) -> str:
    zero, place = scale.percent(0.0), scale.percent(score)
    at = f"left:{min(zero, place):.1f}%;width:{abs(place - zero):.1f}%"
    bar = f'<div style="{_BAR};{at};{_ABOVE if score >= 0 else _BELOW}"></div>' if score else ""
    return f'<div style="{_TRACK}" aria-hidden="true">{bar}<div style="{_ZERO};left:{zero:.1f}%"></div></div>'


def _text(document: RankedDocument) -> str:
    part = excerpt(document.text, document.passage, _ROOM)
    marked = f'<mark style="{_MARK}">{escape(part.passage)}</mark>' if part.passage else ""
    before, after = "… " if part.cut_before else "", " …" if part.cut_after else ""
    body = f"{before}{escape(part.before)}{marked}{escape(part.after)}{after}"
    return f'<div dir="auto">{body}</div>{_notes(document)}'


def _notes(document: RankedDocument) -> str:
    notes = []
    if document.passage is not None:
        start, end = document.passage
        notes.append(f"best passage: characters {count(start)} to {count(end)} of {count(len(document.text))}")
    if document.truncated:
        notes.append("truncated: the model saw only a part")
    told = "; ".join(notes)
    return f"<div><small><em>{told}</em></small></div>" if notes else ""
