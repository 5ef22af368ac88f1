"""FlagEmbedding's FlagReranker, as installed; its LLM reranker has another prompt and is not compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.candidates.base import shared

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from benchmarks.sizes import Model

LIBRARY = "FlagEmbedding"


class Flag:
    """``FlagReranker.compute_score``; on a CPU it knows float32 only."""

    dtype = "float32"

    def __init__(self, setting: str, batch_size: int | None = None) -> None:
        self.name = f"{LIBRARY} {setting}"
        self._options = {} if batch_size is None else {"batch_size": batch_size}
        self._model: Any = None

    def load(self, _model: Model, directory: Path, device: str) -> None:
        """Load, or share the model of another setting."""
        self._model = shared((LIBRARY, str(directory), device), lambda: _reranker(directory, device))

    def score(self, query: str, documents: Sequence[str], _instruction: str | None) -> list[float]:
        """Return the raw scores."""
        pairs = [(query, document) for document in documents]
        found = self._model.compute_score(pairs, **self._options)
        return [float(score) for score in found]

    def close(self) -> None:
        """Let go of the model."""
        self._model = None


def _reranker(directory: Path, device: str) -> Any:
    from FlagEmbedding import FlagReranker

    return FlagReranker(str(directory), devices=device)
