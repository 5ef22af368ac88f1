"""FlagEmbedding's FlagReranker, as installed; its LLM reranker has another prompt and is not compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.candidates.base import SharedByDirectory

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

LIBRARY = "FlagEmbedding"


class Flag(SharedByDirectory):
    """``FlagReranker.compute_score``; on a CPU it knows float32 only."""

    def __init__(self, setting: str, batch_size: int | None = None) -> None:
        super().__init__(LIBRARY, setting, _reranker, batch_size)

    def score(self, query: str, documents: Sequence[str], _instruction: str | None) -> list[float]:
        """Return the raw scores."""
        pairs = [(query, document) for document in documents]
        found = self._model.compute_score(pairs, **self._options)
        return [float(score) for score in found]


def _reranker(directory: Path, device: str) -> Any:
    from FlagEmbedding import FlagReranker

    return FlagReranker(str(directory), devices=device)
