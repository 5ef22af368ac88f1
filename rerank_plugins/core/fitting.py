"""Fits a stock model to the machine: blocks for its layers, and the fastest linear kernel; knows no family."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

from rerank_plugins.core.blocks import block_for, taken
from rerank_plugins.core.linears import Plain

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from rerank_plugins.core.linears import Kernel


def fit(model: PreTrainedModel, kernel: Kernel, *, only_reads: bool) -> None:
    """Replace the layers of the base model, one after the other, so that no weight is in memory twice.

    Args:
        model: A stock model with its weights.
        kernel: Makes linear layers.
        only_reads: Whether nothing but read positions is needed of the last layer.
    """
    layers = _layers(model)
    for index, layer in enumerate(layers):
        block = block_for(layer, kernel, last=only_reads and index == len(layers) - 1)
        if block is not None:
            layers[index] = block.eval()
        elif kernel is not Plain:
            _replace_linears(layer, kernel)


def _layers(model: PreTrainedModel) -> nn.ModuleList:
    """Return the trunk's own list of layers; an empty one where it is not known."""
    trunk = model.base_model
    found = getattr(trunk, "layers", None)
    if found is None:
        found = getattr(getattr(trunk, "encoder", None), "layer", None)
    return found if isinstance(found, nn.ModuleList) else nn.ModuleList()


def _replace_linears(part: nn.Module, kernel: Kernel) -> None:
    for name, child in part.named_children():
        if type(child) is nn.Linear:
            setattr(part, name, taken(child, kernel))
        else:
            _replace_linears(child, kernel)
