"""Turns what a hostile or damaged checkpoint makes other code raise into a typed error; reads no files."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from rerank_plugins.errors import CheckpointMismatchError, RerankError

if TYPE_CHECKING:
    from collections.abc import Iterator

_CONFUSED = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    NotImplementedError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What code raises that was given nonsense. A full disk, a lost device or a lack of memory is something else."""


@contextmanager
def blaming(
    name: str, *, what: str = "its files", kinds: tuple[type[Exception], ...] = _CONFUSED
) -> Iterator[None]:
    """Blame the checkpoint for what is raised inside, but for errors that are typed already.

    Args:
        name: What error messages call the model.
        what: What of it is read inside.
        kinds: Errors that only the checkpoint can be the cause of.

    Raises:
        CheckpointMismatchError: One of the errors was raised.
    """
    try:
        yield
    except RerankError:
        raise
    except kinds as error:
        raise CheckpointMismatchError(
            f"{name}: {what} cannot be used ({type(error).__name__}: {_short(error)}). Download the model again, "
            "or compare with the files of a model that loads."
        ) from error


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
