"""sentence-transformers' CrossEncoder, for classifiers and for language models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.candidates.base import shared
from benchmarks.rows import tokenizer_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from benchmarks.sizes import Model

LIBRARY = "sentence-transformers"


class SentenceTransformers:
    """``CrossEncoder.predict`` with raw scores."""

    def __init__(self, setting: str, dtype: str, batch_size: int) -> None:
        self.name = f"{LIBRARY} {setting}"
        self.dtype = dtype
        self._batch_size = batch_size
        self._model: Any = None

    def load(self, model: Model, directory: Path, device: str) -> None:
        """Load, or share the model of another setting with the same precision."""
        key = (LIBRARY, str(directory), self.dtype, device)
        self._model = shared(key, lambda: _cross_encoder(model, directory, self.dtype, device))

    def score(self, query: str, documents: Sequence[str], instruction: str | None) -> list[float]:
        """Return the raw scores; the instruction is the system message of the chat template."""
        pairs = [(query, document) for document in documents]
        scores = self._model.predict(
            pairs, prompt=instruction, batch_size=self._batch_size, show_progress_bar=False, convert_to_tensor=True
        )
        return [float(score) for score in scores.flatten().tolist()]

    def close(self) -> None:
        """Let go of the model."""
        self._model = None


def _cross_encoder(model: Model, directory: Path, dtype: str, device: str) -> Any:
    import torch
    from sentence_transformers import CrossEncoder

    options: dict[str, Any] = {"device": device, "activation_fn": torch.nn.Identity()}
    weights = {"dtype": getattr(torch, dtype)}
    if model.causal:
        return CrossEncoder(modules=_language_model(directory, weights), **options)
    return CrossEncoder(str(directory), model_kwargs=weights, **options)


def _language_model(directory: Path, weights: dict[str, Any]) -> list[Any]:
    """Return the modules that score as mxbai does: the chat template that was saved, "1" against "0"."""
    from sentence_transformers.base.modules import Transformer
    from sentence_transformers.cross_encoder.modules import LogitScore

    true, false = (tokenizer_of(directory)(word, add_special_tokens=False)["input_ids"][0] for word in "10")
    transformer = Transformer(str(directory), transformer_task="text-generation", model_kwargs=weights)
    return [transformer, LogitScore(true, false)]
