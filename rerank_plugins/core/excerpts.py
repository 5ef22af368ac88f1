"""The part of a text that is worth showing in little room; knows neither HTML nor rankings."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

_LEAD = 40
"""Characters shown before a passage that is itself too long, so that one sees where it begins."""
_REACH = 30
"""How far to look for the end of a word; scripts without spaces are cut where the room ends."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A window of a text in three parts, of which the middle one is the passage (empty where there is none).

    Attributes:
        before: What is shown before the passage.
        passage: What is shown of the passage.
        after: What is shown after it.
        cut_before: Whether the text begins earlier.
        cut_after: Whether the text goes on.
    """

    before: str
    passage: str
    after: str
    cut_before: bool
    cut_after: bool


def excerpt(text: str, passage: tuple[int, int] | None, room: int) -> Excerpt:
    """Return at most ``room`` characters of ``text``, word by word, that show the passage or its beginning."""
    start, end = _within(text, passage)
    first, last = _window(text, start, end, room)
    start, end = max(start, first), min(max(end, first), last)
    start = min(start, end)
    return Excerpt(
        before=printable(text[first:start]),
        passage=printable(text[start:end]),
        after=printable(text[end:last]),
        cut_before=first > 0,
        cut_after=last < len(text),
    )


def printable(text: str) -> str:
    """Return ``text`` without what a terminal would obey or a page cannot encode; spaces and lines stay."""
    return "".join(
        "\ufffd" if unicodedata.category(sign) in {"Cc", "Cs"} and not sign.isspace() else sign for sign in text
    )


def _within(text: str, passage: tuple[int, int] | None) -> tuple[int, int]:
    if passage is None:
        return 0, 0
    start = min(max(passage[0], 0), len(text))
    return start, min(max(passage[1], start), len(text))


def _window(text: str, start: int, end: int, room: int) -> tuple[int, int]:
    if len(text) <= room:
        return 0, len(text)
    spare = room - (end - start)
    lead = spare // 2 if spare >= 0 else min(_LEAD, room // 4)
    first = max(min(start - lead, len(text) - room), 0)
    last = min(first + room, len(text))
    # A passage that is cut anyway may lose its last word as well.
    return _next_word(text, first, start), _last_word(text, last, end if end <= last else first)


def _next_word(text: str, place: int, limit: int) -> int:
    """Return where the next word begins, unless that is after ``limit`` or far away."""
    if place == 0 or text[place - 1].isspace():
        return place
    found = (at for at in range(place, min(place + _REACH, limit)) if text[at].isspace())
    return next(found, place - 1) + 1


def _last_word(text: str, place: int, limit: int) -> int:
    """Return where the last whole word ends, unless that is before ``limit`` or far away."""
    if place == len(text) or text[place].isspace():
        return place
    lowest = max(limit, place - _REACH)
    return next((at for at in range(place - 1, lowest - 1, -1) if text[at].isspace()), place)
