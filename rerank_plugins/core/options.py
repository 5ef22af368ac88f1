"""Options of one call that travel through any framework by context; knows no framework and no model.

A value set here reaches every rerank call made inside the ``with`` block, also those that a framework
runs in its own threads, as long as it copies the context (asyncio.to_thread, LangChain's executor and
Haystack's async runner all do).
"""

from __future__ import annotations

import math
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from rerank_plugins.errors import ArgumentError, ArgumentTypeError

if TYPE_CHECKING:
    from collections.abc import Iterator

_T = TypeVar("_T")


@dataclass(frozen=True, kw_only=True, slots=True)
class CallOptions:
    """What one call may override; ``None`` means "not set here"."""

    instruction: str | None = None
    top_n: int | None = None
    threshold: float | None = None

    def __post_init__(self) -> None:
        check_instruction(self.instruction)
        check_top_n(self.top_n)
        check_threshold(self.threshold)

    def over(self, defaults: CallOptions) -> CallOptions:
        """Return these options, with ``defaults`` wherever something is not set here."""
        return CallOptions(
            instruction=_first(self.instruction, defaults.instruction),
            top_n=_first(self.top_n, defaults.top_n),
            threshold=_first(self.threshold, defaults.threshold),
        )


def check_instruction(instruction: object) -> None:
    """Raise unless ``instruction`` is text or ``None``."""
    if instruction is not None and not isinstance(instruction, str):
        raise ArgumentTypeError(f"instruction must be a string or None, got {type(instruction).__name__}.")


def check_top_n(top_n: object) -> None:
    """Raise unless ``top_n`` is a positive whole number or ``None`` (all documents)."""
    if top_n is None:
        return
    if isinstance(top_n, bool) or not isinstance(top_n, int):
        raise ArgumentTypeError(f"top_n must be a positive int or None (= all), got {type(top_n).__name__}.")
    if top_n <= 0:
        raise ArgumentError(f"top_n must be > 0, got {top_n}. Use top_n=None to get every document.")


def check_threshold(threshold: object) -> None:
    """Raise unless ``threshold`` is a number that compares, or ``None``."""
    if threshold is None:
        return
    if isinstance(threshold, bool) or not isinstance(threshold, (int, float)):
        raise ArgumentTypeError(f"threshold must be a number or None, got {type(threshold).__name__}.")
    if math.isnan(threshold):
        raise ArgumentError("threshold must be a number that compares, got NaN.")


_CURRENT: ContextVar[CallOptions] = ContextVar("rerank_options", default=CallOptions())  # noqa: B039 - frozen


def current_options() -> CallOptions:
    """Return the options set by the innermost ``rerank_options`` block."""
    return _CURRENT.get()


@contextmanager
def rerank_options(
    *, instruction: str | None = None, top_n: int | None = None, threshold: float | None = None
) -> Iterator[None]:
    """Set ``instruction``, ``top_n`` or ``threshold`` for every rerank call inside the block.

    Arguments given to a call directly win over this block; this block wins over what a framework
    component or ``load()`` was built with. Blocks nest, and an inner block inherits what it does not set.

    Raises:
        ArgumentError: ``top_n`` is not positive, or ``threshold`` is not a number.
    """
    given = CallOptions(instruction=instruction, top_n=top_n, threshold=threshold)
    token = _CURRENT.set(given.over(_CURRENT.get()))
    try:
        yield
    finally:
        _CURRENT.reset(token)


def _first(value: _T | None, default: _T | None) -> _T | None:
    return default if value is None else value
