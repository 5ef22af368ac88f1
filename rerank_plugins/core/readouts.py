"""Heads: from hidden states to one logit each, in float32; knows no text and no batches."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import torch

from rerank_plugins.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor, nn
    from transformers import PreTrainedModel

    from rerank_plugins.core.family import Head
    from rerank_plugins.core.tokenization import TextTokenizer


@dataclass(frozen=True, slots=True)
class ClassifierReadout:
    """The head of a stock ``*ForSequenceClassification`` model with one label, applied to read vectors."""

    def pool(self, model: PreTrainedModel) -> Literal["reads", "mean"]:
        """Return ``"mean"`` where the configuration asks for it (ModernBERT), else the first token."""
        pooling = getattr(model.config, "classifier_pooling", "cls")
        return "mean" if pooling == "mean" else "reads"

    def head(self, model: PreTrainedModel, tokenizer: TextTokenizer) -> Head:  # noqa: ARG002 - protocol
        """Return the model's own head in float32.

        Raises:
            ArgumentError: The architecture's head is not known.
        """
        architecture = type(model).__name__
        if architecture not in _CLASSIFIERS:
            raise ArgumentError(
                f"The head of {architecture} is not known; known are {', '.join(sorted(_CLASSIFIERS))}. "
                "Register a family with its own readout: rerank_plugins.register(Family(...))."
            )
        return _CLASSIFIERS[architecture](model)


@dataclass(frozen=True, slots=True)
class CosineReadout:
    """Cosine between the first vector (the query's) and every vector."""

    def pool(self, model: PreTrainedModel) -> Literal["reads", "mean"]:  # noqa: ARG002 - protocol
        """Return ``"mean"``: sentence embeddings are the mean over all tokens."""
        return "mean"

    def head(self, model: PreTrainedModel, tokenizer: TextTokenizer) -> Head:  # noqa: ARG002 - protocol
        """Return ``v -> cos(v[0], v)`` for ``v`` of shape ``(reads, hidden)``."""
        return _cosine_with_first


def _cosine_with_first(vectors: Tensor) -> Tensor:
    unit = torch.nn.functional.normalize(vectors.float(), dim=-1)
    return unit @ unit[0]


def _bert_head(model: PreTrainedModel) -> Head:
    pooler, classifier = _float32(model, "bert.pooler"), _float32(model, "classifier")
    return lambda vectors: classifier(pooler(vectors.float()[:, None])).squeeze(-1)


def _roberta_head(model: PreTrainedModel) -> Head:
    classifier = _float32(model, "classifier")
    return lambda vectors: classifier(vectors.float()[:, None]).squeeze(-1)


def _modernbert_head(model: PreTrainedModel) -> Head:
    dense, classifier = _float32(model, "head"), _float32(model, "classifier")
    return lambda vectors: classifier(dense(vectors.float())).squeeze(-1)


def _deberta_head(model: PreTrainedModel) -> Head:
    pooler, classifier = _float32(model, "pooler"), _float32(model, "classifier")
    return lambda vectors: classifier(pooler(vectors.float()[:, None])).squeeze(-1)


_CLASSIFIERS: dict[str, Callable[[PreTrainedModel], Head]] = {
    "BertForSequenceClassification": _bert_head,
    "DebertaV2ForSequenceClassification": _deberta_head,
    "ModernBertForSequenceClassification": _modernbert_head,
    "RobertaForSequenceClassification": _roberta_head,
    "XLMRobertaForSequenceClassification": _roberta_head,
}


def _float32(model: PreTrainedModel, part: str) -> nn.Module:
    return deepcopy(model.get_submodule(part)).float()
