"""Heads: from hidden states to one logit each, in float32; knows no text and no batches."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import torch
from transformers.activations import ACT2FN

from rerank_plugins.errors import ArgumentError, CheckpointMismatchError

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor, nn
    from transformers import PreTrainedModel

    from rerank_plugins.core.checkpoint import Checkpoint
    from rerank_plugins.core.family import Head
    from rerank_plugins.core.tokenization import TextTokenizer


class LastHiddenState:
    """Reads after the last layer, at each row's own positions."""

    __slots__ = ()

    def layers(self, checkpoint: Checkpoint) -> tuple[int, ...]:  # noqa: ARG002 - protocol
        """Return ``()``: the last hidden state is read."""
        return ()

    def pool(self, model: PreTrainedModel) -> Literal["reads", "mean"]:  # noqa: ARG002 - protocol
        """Return ``"reads"``."""
        return "reads"


@dataclass(frozen=True, slots=True)
class ClassifierReadout(LastHiddenState):
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
class CosineReadout(LastHiddenState):
    """Cosine between the first vector (the query's) and every vector."""

    def pool(self, model: PreTrainedModel) -> Literal["reads", "mean"]:  # noqa: ARG002 - protocol
        """Return ``"mean"``: sentence embeddings are the mean over all tokens."""
        return "mean"

    def head(self, model: PreTrainedModel, tokenizer: TextTokenizer) -> Head:  # noqa: ARG002 - protocol
        """Return ``v -> cos(v[0], v)`` for ``v`` of shape ``(reads, hidden)``."""
        return _cosine_with_first


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenReadout(LastHiddenState):
    """The logit of one token, or the difference of two, without the other rows of the output matrix.

    ``softmax([false, true])[true]`` equals ``sigmoid(true - false)``.

    Attributes:
        true: The word or the id whose logit is the score.
        false: The word or the id whose logit is subtracted, if any.
        round_to_bfloat16: Round the logit as some vendors' code does.
    """

    true: str | int
    false: str | int | None = None
    round_to_bfloat16: bool = False

    def head(self, model: PreTrainedModel, tokenizer: TextTokenizer) -> Head:
        """Return the dot product with the rows that matter.

        Raises:
            CheckpointMismatchError: A label word is not one token, or a label not in the model.
        """
        matrix = model.get_output_embeddings().weight
        true, false = self.label_ids(tokenizer)
        wrong = [label for label in (true, false) if label is not None and not 0 <= label < len(matrix)]
        if wrong:
            raise CheckpointMismatchError(
                f"{tokenizer.checkpoint.name}: the scoring token {wrong[0]} is none of the model's {len(matrix)}. "
                "The tokenizer or the saved head belongs to another model."
            )
        row = matrix[true].detach().float().clone()  # a view would keep the whole matrix
        if false is not None:
            row -= matrix[false].detach().float()
        if self.round_to_bfloat16:
            return lambda vectors: (vectors.float() @ row).bfloat16().float()
        return lambda vectors: vectors.float() @ row

    def label_ids(self, tokenizer: TextTokenizer) -> tuple[int, int | None]:
        """Return the ids of ``true`` and ``false``.

        Raises:
            CheckpointMismatchError: A label word is not one token.
        """
        return _label(self.true, tokenizer), None if self.false is None else _label(self.false, tokenizer)


@dataclass(frozen=True, slots=True)
class SavedTokenReadout(LastHiddenState):
    """The tokens that sentence-transformers saved with the checkpoint (``LogitScore``)."""

    def head(self, model: PreTrainedModel, tokenizer: TextTokenizer) -> Head:
        """Return the saved tokens' logit or difference.

        Raises:
            CheckpointMismatchError: The saved settings name no token.
        """
        return self.saved(tokenizer.checkpoint).head(model, tokenizer)

    def saved(self, checkpoint: Checkpoint) -> TokenReadout:
        """Return the readout that was saved.

        Raises:
            CheckpointMismatchError: The saved settings name no token.
        """
        saved = checkpoint.module_config("LogitScore")
        true, false = saved.get("true_token_id"), saved.get("false_token_id")
        if type(true) is not int or (false is not None and type(false) is not int):
            raise CheckpointMismatchError(
                f"{checkpoint.name}: LogitScore's config.json must name true_token_id, and false_token_id if "
                "any, as whole numbers. Save it again."
            )
        return TokenReadout(true=true, false=false)


@dataclass(frozen=True, kw_only=True, slots=True)
class EitherReadout(LastHiddenState):
    """One readout for a language model and another for its rewrite as a classifier."""

    causal: TokenReadout
    classifier: ClassifierReadout

    def head(self, model: PreTrainedModel, tokenizer: TextTokenizer) -> Head:
        """Return the head of whichever model was loaded."""
        is_classifier = type(model).__name__.endswith("ForSequenceClassification")
        return (self.classifier if is_classifier else self.causal).head(model, tokenizer)


def _label(word: str | int, tokenizer: TextTokenizer) -> int:
    return word if isinstance(word, int) else tokenizer.label_id(word)


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
    if model.config.pooler_hidden_act not in ACT2FN:  # transformers looks it up no sooner than it scores
        raise CheckpointMismatchError(f"pooler_hidden_act {model.config.pooler_hidden_act!r} is not known.")
    pooler, classifier = _float32(model, "pooler"), _float32(model, "classifier")
    return lambda vectors: classifier(pooler(vectors.float()[:, None])).squeeze(-1)


def _score_head(model: PreTrainedModel) -> Head:
    score = _float32(model, "score")
    return lambda vectors: score(vectors.float()).squeeze(-1)


_CLASSIFIERS: dict[str, Callable[[PreTrainedModel], Head]] = {
    "BertForSequenceClassification": _bert_head,
    "DebertaV2ForSequenceClassification": _deberta_head,
    "ModernBertForSequenceClassification": _modernbert_head,
    "Qwen2ForSequenceClassification": _score_head,
    "RobertaForSequenceClassification": _roberta_head,
    "XLMRobertaForSequenceClassification": _roberta_head,
}


def _float32(model: PreTrainedModel, part: str) -> nn.Module:
    return deepcopy(model.get_submodule(part)).float()
