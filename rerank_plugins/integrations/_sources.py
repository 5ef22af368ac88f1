"""Where a worker's reranker comes from: a model's name or a function; loads on first use, and once.

Knows no framework; what it holds can be pickled, a live reranker cannot.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from rerank_plugins.errors import ArgumentError, ArgumentTypeError
from rerank_plugins.integrations.models import ModelHandle

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rerank_plugins.integrations._rows import PairScorer

# These are arguments of their own, because they travel with each call.
_OWN = ("model", "instruction", "normalize")


class Made:
    """The same face as ``ModelHandle`` for a reranker that a function makes, in the process that uses it."""

    def __init__(self, make: Callable[[], PairScorer]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._made: PairScorer | None = None

    def get(self) -> PairScorer:
        """Return the reranker; the first caller makes it.

        Raises:
            ArgumentTypeError: What was made cannot score pairs.
        """
        with self._lock:
            if self._made is None:
                self._made = _checked(self._make())
            return self._made

    def __reduce__(self) -> tuple[type[Made], tuple[Callable[[], PairScorer]]]:
        return Made, (self._make,)


def source_of(
    model: str | None,
    load_options: Mapping[str, object] | None,
    make_reranker: Callable[[], PairScorer] | None,
) -> ModelHandle | Made:
    """Return what gives the reranker; loads nothing.

    Raises:
        ArgumentError: Not exactly one of ``model`` and ``make_reranker``; load options that have no effect, or
            that have an argument of their own.
        ArgumentTypeError: An option is not a plain JSON type, or ``make_reranker`` cannot be called.
    """
    if (model is None) == (make_reranker is None):
        raise ArgumentError(
            "Give either model= (a name, a path or a URL) or make_reranker= (a function that returns a reranker)."
        )
    options = {} if load_options is None else dict(load_options)
    if make_reranker is None:
        own = [name for name in _OWN if name in options]
        if own:
            raise ArgumentError(f"{', '.join(own)}: give this as its own argument, not in load_options.")
        return ModelHandle({"model": model, **options})
    if options:
        raise ArgumentError("load_options: no effect on make_reranker=; give them to load() in that function.")
    if not callable(make_reranker):
        raise ArgumentTypeError(
            "make_reranker must be a function that returns a reranker, because a live one cannot be sent to "
            f"other processes; got {type(make_reranker).__name__}. Give a function that loads it there."
        )
    return Made(make_reranker)


def _checked(made: PairScorer) -> PairScorer:
    if not callable(getattr(made, "score_pairs", None)):
        raise ArgumentTypeError(
            f"make_reranker must return an object with score_pairs(pairs), {type(made).__name__} has none."
        )
    return made
