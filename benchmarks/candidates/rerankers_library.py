"""The library "rerankers", at its defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.candidates.removed_methods import give_back_prepare_for_model

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from benchmarks.sizes import Model

LIBRARY = "rerankers"


class Rerankers:
    """``Reranker.rank`` with the library's own batch size and precision."""

    dtype = "float32"

    def __init__(self, setting: str) -> None:
        self.name = f"{LIBRARY} {setting}"
        self._ranker: Any = None

    def load(self, model: Model, directory: Path, device: str) -> None:
        """Load the ranker for the kind of model."""
        from rerankers import Reranker

        kind = "mxbaiv2" if model.causal else "cross-encoder"
        self._ranker = Reranker(str(directory), model_type=kind, device=device, verbose=0)
        if self._ranker is None:
            message = f"rerankers has no {kind} ranker with what is installed"
            raise RuntimeError(message)
        if model.causal:
            give_back_prepare_for_model(self._ranker.tokenizer)

    def score(self, query: str, documents: Sequence[str], instruction: str | None) -> list[float]:
        """Return the raw scores, put back into the order of the documents."""
        said = {} if instruction is None else {"instruction": instruction}
        ranked = self._ranker.rank(query, list(documents), doc_ids=list(range(len(documents))), **said)
        found = {result.document.doc_id: float(result.score) for result in ranked.results}
        return [found[place] for place in range(len(documents))]

    def close(self) -> None:
        """Let go of the model."""
        self._ranker = None
