"""What one ranking is asked for and what it gives for each input; knows no framework and no model."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, get_args

from rerank_plugins.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rerank_plugins.core.options import CallOptions

TextLess = Literal["last", "error", "drop"]
"""What happens to a document without text: unscored after the ranked ones, an error, or left out."""

OnError = Literal["raise", "keep_order"]
"""What happens when loading or scoring fails: the error is raised, or the input's own order is kept."""


def check_policies(text_less: object, on_error: object) -> None:
    """Raise unless both are policies that exist; for frameworks that do not check types themselves."""
    for name, value, kind in (("text_less", text_less, TextLess), ("on_error", on_error, OnError)):
        if value not in get_args(kind):
            known = ", ".join(map(repr, get_args(kind)))
            raise ArgumentError(f"{name}={value!r} is not known; use one of {known}.")


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One ranking to do.

    Raises:
        ArgumentError: a text is blank and ``text_less`` is ``"error"``.
    """

    query: str
    texts: Sequence[str]
    options: CallOptions
    normalize: bool | None = None
    text_less: TextLess = "last"
    on_error: OnError = "raise"
    readable: Sequence[int] = field(init=False)

    def __post_init__(self) -> None:
        readable = [index for index, text in enumerate(self.texts) if text.strip()]
        object.__setattr__(self, "readable", readable)
        if self.text_less == "error" and self.blank:
            raise ArgumentError(
                f"Documents without text at positions {self.blank}. "
                'Use text_less="last" to keep them unscored, or "drop" to leave them out.'
            )

    @property
    def documents(self) -> list[str]:
        """The texts that can be scored."""
        return [self.texts[index] for index in self.readable]

    @property
    def blank(self) -> list[int]:
        """Positions of the texts that cannot be scored."""
        return sorted(set(range(len(self.texts))) - set(self.readable))


@dataclass(frozen=True, slots=True)
class Placed:
    """One input, and what the ranking says about it.

    Attributes:
        index: Position in the input.
        score: Its score; ``None`` if it had no text, or if scoring failed.
        error: The kind of error that left the inputs in their order; ``None`` if they were ranked.
    """

    index: int
    score: float | None
    error: str | None = None
