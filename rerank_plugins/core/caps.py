"""How much one call may hold, checked before any text is tokenized or sent; knows no model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rerank_plugins.errors import ArgumentError, InputTooLargeError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rerank_plugins.core.groups import Group


@dataclass(frozen=True, kw_only=True, slots=True)
class Caps:
    """Arguments of ``load`` by their names; what comes from outside goes no further than this.

    Attributes:
        max_documents: Most documents of one call, of all its queries together.
        max_characters: Most characters of a single query, document or instruction.

    Raises:
        ArgumentError: A cap is not a whole number above 0.
    """

    max_documents: int = 1_000_000
    max_characters: int = 10_000_000

    def __post_init__(self) -> None:
        for name in ("max_documents", "max_characters"):
            value = getattr(self, name)
            if type(value) is not int or value < 1:
                raise ArgumentError(f"{name} must be a whole number above 0, got {value!r}.")

    def check(self, groups: Sequence[Group]) -> None:
        """Raise if a call holds more.

        Raises:
            InputTooLargeError: It does.
        """
        documents = sum(len(group.documents) for group in groups)
        if documents > self.max_documents:
            raise InputTooLargeError(
                f"This call has {documents} documents, and max_documents={self.max_documents}. Score them in "
                "several calls, or raise max_documents= of load()."
            )
        for group in groups:
            self._check_text("query", group.query)
            self._check_text("instruction", group.instruction or "")
            for place, document in enumerate(group.documents):
                self._check_text("document", document, place)

    def _check_text(self, name: str, text: str, place: int | None = None) -> None:
        if len(text) > self.max_characters:
            where = "" if place is None else f" at index {place}"
            raise InputTooLargeError(
                f"The {name}{where} has {len(text)} characters, and max_characters={self.max_characters}. Shorten "
                "it, or raise max_characters= of load()."
            )
