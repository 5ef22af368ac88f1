"""Turns a fuzzer's bytes into a call of a template, so that small changes of bytes are small changes of text.

Knows nothing of what is checked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trust.invariants import Case

from rerank_plugins.core.family import Limits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trust.subjects import Subject

_HEAD = 5
_NEXT_TEXT, _TOKEN, _PART, _REPEAT, _CODE_POINT = 0xFF, 0xFE, 0xFD, 0xFC, 0xFB
_BELOW_ASCII_CONTROL = 0x80
_LONGEST = 300
PIECES = (
    *("\u202e", "\u200f", "\u0301", "\u200d", "\U0001f600", "\ufeff", "\x00", "\ud800", "\udfff", "\u2581"),
    *("\uff1c", "\ue000", "\u2028", "\u00a0", "\u0130", "\u037e", "<0x0A>", "\r\n"),
    *("{{", "}}", "{%", "%}", "{query}", "{}", "{0}"),
)
"""What text from outside may hold and tests seldom do."""


def case_of(data: bytes, known: list[Subject]) -> Case | None:
    """Return the call, or ``None`` for bytes too short to be one."""
    if len(data) < _HEAD:
        return None
    which, flags, longest, most, overlap = data[:_HEAD]
    subject = known[which % len(known)]
    query, document, instruction = _texts(data[_HEAD:], subject)
    limits = Limits(
        10**6 if flags & 1 else 1 + longest * (1 + (flags >> 4)),
        1 + most if flags & 2 else None,
        "passages" if flags & 4 else "truncate",
        overlap,
    )
    return Case(subject, query, document, instruction if subject.takes_instruction and flags & 8 else None, limits)


def _texts(data: bytes, subject: Subject) -> tuple[str, str, str]:
    """Return query, document and instruction."""
    texts = ["", "", ""]
    place = 0
    for piece in _pieces(data, subject.tokenizer.added_tokens()):
        if piece is None:
            place = min(place + 1, 2)
        elif piece == "*":
            texts[place] = (texts[place] * 2)[:_LONGEST]
        else:
            texts[place] += piece
    return texts[0], texts[1], texts[2]


def _pieces(data: bytes, tokens: tuple[str, ...]) -> Iterator[str | None]:
    """Yield text, or ``None`` where the next text begins, or ``"*"`` where the text so far is doubled."""
    values = iter(data)
    for value in values:
        argument = 0 if value < _CODE_POINT else next(values, 0)
        token = tokens[argument % len(tokens)]
        if value == _NEXT_TEXT:
            yield None
        elif value == _TOKEN:
            yield token
        elif value == _PART:
            yield token[: 1 + argument // 8 % len(token)] if argument & 1 else token[argument // 8 % len(token) :]
        elif value == _REPEAT:
            yield "*"
        elif value == _CODE_POINT:
            yield chr(min(argument << 8 | next(values, 0), 0xFFFF))
        else:
            yield chr(value) if value < _BELOW_ASCII_CONTROL else PIECES[value % len(PIECES)]
