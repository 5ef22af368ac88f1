"""Scales of scores: what a model's raw number is called and how it becomes a value from 0 to 1.

Knows no model. Activations run in float64 on float32 logits, so that neighbouring logits stay apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import torch

from rerank_plugins.errors import ArgumentError, ArgumentTypeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from rerank_plugins.core.checkpoint import Checkpoint

ScoreKind = Literal["logit", "probability", "cosine"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Activation:
    """The scale of a family's scores.

    Attributes:
        normalize: Maps raw scores ``(n,)`` to 0..1.
        by_default: Whether the vendor's own code normalizes unless told otherwise.
        raw: What the score is called before it is normalized.
    """

    normalize: Callable[[Tensor], Tensor]
    by_default: bool
    raw: ScoreKind = "logit"

    def kind(self, normalize: bool | None) -> ScoreKind:
        """Return the scale that scores have under this choice of ``normalize``."""
        return "probability" if self._wanted(normalize) else self.raw

    def apply(self, logits: Tensor, normalize: bool | None) -> Tensor:
        """Return scores ``(n,)`` in float64 for float32 ``logits`` ``(n,)``."""
        wide = logits.double()
        return self.normalize(wide) if self._wanted(normalize) else wide

    def _wanted(self, normalize: bool | None) -> bool:
        return self.by_default if normalize is None else normalize


def _cosine_to_unit(cosine: Tensor) -> Tensor:
    return (cosine + 1) / 2


RAW_LOGIT = Activation(normalize=torch.sigmoid, by_default=False)
SIGMOID = Activation(normalize=torch.sigmoid, by_default=True)
COSINE = Activation(normalize=_cosine_to_unit, by_default=False, raw="cosine")


def always_raw_logit(checkpoint: Checkpoint) -> Activation:  # noqa: ARG001 - the signature of Family.activation
    """Return raw logits by default, as FlagEmbedding does."""
    return RAW_LOGIT


def always_cosine(checkpoint: Checkpoint) -> Activation:  # noqa: ARG001 - the signature of Family.activation
    """Return the cosine itself by default; normalized it is ``(cosine + 1) / 2``."""
    return COSINE


def always_sigmoid(checkpoint: Checkpoint) -> Activation:  # noqa: ARG001 - the signature of Family.activation
    """Return probabilities by default."""
    return SIGMOID


@dataclass(frozen=True, slots=True)
class ScaledSigmoid:
    """Probabilities by default: ``sigmoid(logit / scale)``."""

    scale: float

    def __call__(self, checkpoint: Checkpoint) -> Activation:  # noqa: ARG002 - the signature of Family.activation
        """Return the activation."""
        return Activation(normalize=lambda logits: torch.sigmoid(logits / self.scale), by_default=True)


@dataclass(frozen=True, slots=True)
class ShiftedSigmoid:
    """Raw logits by default; normalized they are ``sigmoid(logit - estimated_max / 2)``.

    Source: mxbai-rerank 0.1.6, ``sigmoid_normalize``; its default of 9 belongs to the base model's exact name,
    everything else has 12.
    """

    estimated_max: float | None = None

    def __post_init__(self) -> None:
        given = self.estimated_max
        if given is not None and (isinstance(given, bool) or not isinstance(given, (int, float))):
            raise ArgumentTypeError(f"estimated_max must be a number or None, got {type(given).__name__}.")

    def __call__(self, checkpoint: Checkpoint) -> Activation:
        """Return the activation for one checkpoint."""
        default = 9.0 if checkpoint.name == "mixedbread-ai/mxbai-rerank-base-v2" else 12.0
        shift = (default if self.estimated_max is None else self.estimated_max) / 2
        return Activation(normalize=lambda logits: torch.sigmoid(logits - shift), by_default=False)


def as_sentence_transformers(checkpoint: Checkpoint) -> Activation:
    """Return the activation sentence-transformers' CrossEncoder would use (version 6.2, one label).

    Order: ``config_sentence_transformers.json["activation_fn"]``, then ``config.json``'s
    ``sentence_transformers.activation_fn``, then the older ``sbert_ce_default_activation_function``,
    then sigmoid.

    Raises:
        ArgumentError: The checkpoint names another function than sigmoid or identity.
    """
    saved = checkpoint.json("config_sentence_transformers.json").get("activation_fn")
    inside = checkpoint.config.get("sentence_transformers", {}).get("activation_fn")
    older = checkpoint.config.get("sbert_ce_default_activation_function")
    name = next((given for given in (saved, inside, older) if given is not None), "Sigmoid")
    known = {"Sigmoid": SIGMOID, "Identity": RAW_LOGIT}
    if name.rpartition(".")[2] not in known:
        raise ArgumentError(
            f"{checkpoint.name} asks for the activation {name!r}; this package knows "
            "torch.nn Sigmoid and Identity only. Change activation_fn in the checkpoint's config."
        )
    return known[name.rpartition(".")[2]]
