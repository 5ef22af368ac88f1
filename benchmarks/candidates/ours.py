"""The package itself, through its public interface only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from benchmarks.sizes import Model

NAME = "rerank_plugins"
# int8 is a kind of linear layer; what is between the layers is in bfloat16.
_OPTIONS: dict[str, dict[str, Any]] = {
    "float32": {"dtype": "float32"},
    "bfloat16": {"dtype": "bfloat16"},
    "int8": {"dtype": "bfloat16", "quantize": "int8"},
}


class ThisPackage:
    """``rerank_plugins.load`` and ``score``, with everything but the precision at its default."""

    def __init__(self, dtype: str) -> None:
        self.name = f"{NAME} {dtype}"
        self.dtype = dtype
        self._reranker: Any = None

    def load(self, model: Model, directory: Path, device: str) -> None:
        """Load with raw scores, which all libraries can give."""
        from rerank_plugins import load

        options = _OPTIONS[self.dtype]
        self._reranker = load(str(directory), family=model.family, device=device, normalize=False, **options)

    def score(self, query: str, documents: Sequence[str], instruction: str | None) -> list[float]:
        """Return the raw scores."""
        scores: list[float] = self._reranker.score(query, list(documents), instruction=instruction)
        return scores

    def close(self) -> None:
        """Let go of the model."""
        if self._reranker is not None:
            self._reranker.close()
        self._reranker = None
