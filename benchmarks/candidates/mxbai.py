"""mxbai-rerank's own class for its second rerankers; on a CPU it computes in float32 whatever it is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.candidates.base import shared
from benchmarks.candidates.removed_methods import give_back_prepare_for_model

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from benchmarks.sizes import Model

LIBRARY = "mxbai-rerank"


class Mxbai:
    """``MxbaiRerankV2.rank`` with raw scores."""

    dtype = "float32"

    def __init__(self, setting: str, batch_size: int | None = None) -> None:
        self.name = f"{LIBRARY} {setting}"
        self._options = {} if batch_size is None else {"batch_size": batch_size}
        self._model: Any = None

    def load(self, _model: Model, directory: Path, device: str) -> None:
        """Load, or share the model of another setting."""
        self._model = shared((LIBRARY, str(directory), device), lambda: _reranker(directory, device))

    def score(self, query: str, documents: Sequence[str], instruction: str | None) -> list[float]:
        """Return the raw scores."""
        ranked = self._model.rank(
            query, list(documents), top_k=len(documents), sort=False, instruction=instruction, **self._options
        )
        return [float(result.score) for result in ranked]

    def close(self) -> None:
        """Let go of the model."""
        self._model = None


def _reranker(directory: Path, device: str) -> Any:
    from mxbai_rerank import MxbaiRerankV2

    model = MxbaiRerankV2(str(directory), device=device)
    give_back_prepare_for_model(model.tokenizer)
    return model
