"""One head per layer: scores from several depths of one model; knows no text and no batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import torch

from rerank_plugins.core.building import LAYER_HEADS
from rerank_plugins.errors import ArgumentError, CheckpointMismatchError

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel

    from rerank_plugins.core.checkpoint import Checkpoint
    from rerank_plugins.core.family import Head
    from rerank_plugins.core.tokenization import TextTokenizer


@dataclass(frozen=True, kw_only=True, slots=True)
class LayerReadout:
    """The heads that sit after each layer from ``start_layer`` of the configuration on.

    Attributes:
        head_by: ``"layer"`` takes the head of the layer that is read; ``"position"`` takes the n-th head for the
            n-th layer read, in ascending order, which is what the vendor's code for the lightweight model does.
        cutoff_layers: After which layers to read: one, several (one score list each), or ``None`` = all layers.
        softcap: Logits become ``tanh(logit / softcap) * softcap``.
    """

    head_by: Literal["layer", "position"]
    cutoff_layers: int | Sequence[int] | None = None
    softcap: float | None = None

    def __post_init__(self) -> None:
        if self.head_by not in {"layer", "position"}:
            raise ArgumentError(f"head must be 'layer' or 'position', got {self.head_by!r}.")
        if self.cutoff_layers is not None and not self._wanted(0):
            raise ArgumentError("cutoff_layers is empty; name at least one layer, or leave it out for the last.")

    def layers(self, checkpoint: Checkpoint) -> tuple[int, ...]:
        """Return the layers to read, ascending.

        Raises:
            ArgumentError: A layer has no head.
        """
        first, last = int(checkpoint.config["start_layer"]), int(checkpoint.config["num_hidden_layers"])
        step = int(checkpoint.config.get("layer_sep", 1))
        wrong = [layer for layer in self._wanted(last) if layer not in range(first, last + 1, step)]
        if wrong:
            raise ArgumentError(f"{checkpoint.name}: cutoff_layers must be from {first} to {last}, got {wrong}.")
        return tuple(sorted(set(self._wanted(last))))

    def pool(self, model: PreTrainedModel) -> Literal["reads", "mean"]:  # noqa: ARG002 - protocol
        """Return ``"reads"``."""
        return "reads"

    def head(self, model: PreTrainedModel, tokenizer: TextTokenizer) -> Head:  # noqa: ARG002 - protocol
        """Return ``(reads x layers, hidden) -> (reads x cutoff layers,)``, cutoff layers as the caller named them.

        Raises:
            CheckpointMismatchError: The checkpoint has no head for a layer.
        """
        wanted = self._wanted(model.config.num_hidden_layers)
        read = sorted(set(wanted))
        weights = self._weights(model, read)
        order = torch.tensor([read.index(layer) for layer in wanted], device=weights.device)

        def score(vectors: Tensor) -> Tensor:
            logits = (vectors.float().unflatten(0, (-1, len(read))) * weights).sum(-1)[:, order].flatten()
            return logits if self.softcap is None else torch.tanh(logits / self.softcap) * self.softcap

        return score

    def _weights(self, model: PreTrainedModel, read: list[int]) -> Tensor:
        """Return one head per layer read, ``(layers, hidden)``."""
        heads: Tensor | None = getattr(model, LAYER_HEADS, None)
        step = getattr(model.config, "layer_sep", 1)
        by_layer = [(layer - model.config.start_layer) // step for layer in read]
        places = by_layer if self.head_by == "layer" else list(range(len(read)))
        if heads is None or max(places) >= len(heads):
            found = 0 if heads is None else len(heads)
            raise CheckpointMismatchError(
                f"The checkpoint has {found} layer heads; head {max(places)} is not there."
            )
        return heads[places].float()

    def _wanted(self, last: int) -> tuple[int, ...]:
        """Return the layers in the caller's order, each once."""
        if self.cutoff_layers is None:
            return (last,)
        named = (self.cutoff_layers,) if isinstance(self.cutoff_layers, int) else self.cutoff_layers
        if not isinstance(named, Sequence) or not all(type(layer) is int for layer in named):
            raise ArgumentError(f"cutoff_layers must be a layer or a list of layers, got {self.cutoff_layers!r}.")
        return tuple(dict.fromkeys(named))
