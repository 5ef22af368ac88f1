"""How long rows may be, as the user asks and as a model allows; loads no weights and knows no device."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from rerank_plugins.core.family import Limits
from rerank_plugins.errors import ArgumentError, ArgumentTypeError

if TYPE_CHECKING:
    from rerank_plugins.core.family import Family


@dataclass(frozen=True, kw_only=True, slots=True)
class Lengths:
    """What was asked for; each field is the argument of ``load`` with its name."""

    max_length: int | None
    max_query_length: int | None
    long_documents: Literal["truncate", "passages"]
    overlap_tokens: int

    def limits(self, family: Family, most: int) -> Limits:
        """Return what was asked for, else the family's default, else all the model can take.

        Raises:
            ArgumentError: A limit is not positive, or longer than the model can take.
            ArgumentTypeError: A limit is not an int.
        """
        _check("max_length", self.max_length, most)
        _check("max_query_length", self.max_query_length, most)
        wanted = family.max_length if self.max_length is None else self.max_length
        longest = most if wanted is None else min(wanted, most)
        return Limits(longest, self.max_query_length, self.long_documents, self.overlap_tokens)


def _check(name: str, value: object, most: int) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int):
        raise ArgumentTypeError(f"{name} must be an int or None, got {type(value).__name__}.")
    if not 0 < value <= most:
        raise ArgumentError(f"{name} must be from 1 to {most}, the longest row this model takes; got {value}.")
