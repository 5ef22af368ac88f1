"""Marks which stretches of a rendered prompt are a user's words; knows no model and no chat template.

A guard is a number that nobody can guess: digits survive what templates do to text (trimming, other case).
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rerank_plugins.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Callable

_OPEN, _OPEN_DOCUMENT, _CLOSE = "1", "2", "3"


@dataclass(frozen=True, slots=True)
class Written:
    """A prompt ready to be encoded as plain text: the template's own tokens are under their hidden names.

    Attributes:
        text: The prompt.
        document: Where the document stands in it; ``None`` if it is not there, or not once and unchanged.
    """

    text: str
    document: tuple[int, int] | None


class Guards:
    """The guards of one prompt."""

    def __init__(self) -> None:
        self._nonce = str(10**23 + secrets.randbelow(9 * 10**23))

    def put(self, text: str, role: str) -> str:
        """Return the text between guards; blanks at its edges stay outside, where a template may trim them."""
        core = text.strip()
        if not core:
            return text
        first = text.index(core[0])
        kind = _OPEN_DOCUMENT if role == "document" else _OPEN
        before, after = text[:first], text[first + len(core) :]
        return f"{before}{self._nonce}{kind}{core}{self._nonce}{_CLOSE}{after}"

    def lift(self, rendered: str, named: Callable[[str], str]) -> Written:
        """Return the prompt without guards.

        Args:
            rendered: What the template made of texts between guards.
            named: Hides the added tokens of the template's own text.

        Raises:
            ArgumentError: The template cut a text apart, so it is not known which words are whose.
        """
        own, *parts = rendered.split(self._nonce)
        text, spans = named(own), []
        for opened, closed in zip(parts[::2], parts[1::2], strict=False):
            if opened[:1] == _CLOSE or closed[:1] != _CLOSE:
                break
            if opened[:1] == _OPEN_DOCUMENT:
                spans.append((len(text), len(text) + len(opened) - 1))
            text += opened[1:] + named(closed[1:])
        else:
            if len(parts) % 2 == 0:
                return Written(text, spans[0] if len(spans) == 1 else None)
        raise ArgumentError(
            "This chat template takes texts apart, so one that spells a control token cannot be told from the "
            "template's own words. Remove the control token from the text, or use another template."
        )
