"""mxbai-rerank's own class for its second rerankers; on a CPU it computes in float32 whatever it is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.candidates.base import SharedByDirectory
from benchmarks.candidates.removed_methods import give_back_prepare_for_model

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

LIBRARY = "mxbai-rerank"


class Mxbai(SharedByDirectory):
    """``MxbaiRerankV2.rank`` with raw scores."""

    def __init__(self, setting: str, batch_size: int | None = None) -> None:
        super().__init__(LIBRARY, setting, _reranker, batch_size)

    def score(self, query: str, documents: Sequence[str], instruction: str | None) -> list[float]:
        """Return the raw scores."""
        ranked = self._model.rank(
            query, list(documents), top_k=len(documents), sort=False, instruction=instruction, **self._options
        )
        return [float(result.score) for result in ranked]


def _reranker(directory: Path, device: str) -> Any:
    from mxbai_rerank import MxbaiRerankV2

    model = MxbaiRerankV2(str(directory), device=device)
    give_back_prepare_for_model(model.tokenizer)
    return model
