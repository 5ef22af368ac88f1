"""Reads between the layers of a stock decoder and merges tokens there, by forward hooks; knows no family.

One forward at a time: the state of the running forward lives here, and one worker thread runs them all.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch

from rerank_plugins.core.merging import Layout, merged

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor, nn

    from rerank_plugins.core.family import Merging
    from rerank_plugins.core.merging import Span
    from rerank_plugins.core.plan import Plan


class Taps:
    """Hooks on the layers of one model.

    Args:
        trunk: A decoder with ``layers``, ``norm`` and ``rotary_emb``.
        layers: After how many layers to read, ascending.
        merging: Before which layers to merge tokens, if any.
    """

    def __init__(self, trunk: Any, layers: tuple[int, ...], merging: Merging | None) -> None:
        self._trunk = trunk
        self._merging = merging
        self._layout: Layout | None = None
        self._rotary: tuple[Tensor, Tensor] | None = None
        self._found: list[Tensor] = []
        for layer in layers:
            trunk.layers[layer - 1].register_forward_hook(self._read)
        if merging is not None and merging.ratio > 1:
            self._hook_merging(merging)

    @contextmanager
    def reading(self, plan: Plan, reads: Tensor, mergeable: tuple[Span, ...]) -> Iterator[None]:
        """Read in the forward that runs inside the block."""
        self._layout, self._found = Layout(plan, reads, mergeable), []
        try:
            yield
        finally:
            self._layout, self._rotary, self._found = None, None, []

    def vectors(self) -> Tensor:
        """Return ``(reads x layers, hidden)``: for each read, one vector per layer, after the final norm."""
        stacked = torch.stack(self._found, dim=1).flatten(0, 1)
        normed: Tensor = self._trunk.norm(stacked)
        return normed

    def _hook_merging(self, merging: Merging) -> None:
        before = [index for index in merging.layers if 0 < index < len(self._trunk.layers)]
        for index in range(min(before, default=len(self._trunk.layers)), len(self._trunk.layers)):
            hook = self._merge_before if index in before else self._follow
            self._trunk.layers[index].register_forward_pre_hook(hook, with_kwargs=True)

    def _read(self, layer: nn.Module, _: Any, output: Tensor) -> None:
        if self._layout is None:
            return
        trimmed = self._layout.plan.reads is not None and getattr(layer, "trims", False)
        self._found.append(output[0] if trimmed else output[0, self._layout.reads])

    def _merge_before(self, _: nn.Module, args: Any, keywords: dict[str, Any]) -> Any:
        if self._layout is None or self._merging is None:
            return None
        hidden, self._layout = merged(args[0], self._layout, self._merging.ratio)
        positions = torch.tensor([self._layout.positions()], device=hidden.device)
        self._rotary = self._trunk.rotary_emb(hidden, positions)
        return (hidden, *args[1:]), self._followed(keywords)

    def _follow(self, _: nn.Module, args: Any, keywords: dict[str, Any]) -> Any:
        return args, self._followed(keywords)

    def _followed(self, keywords: dict[str, Any]) -> dict[str, Any]:
        """Return the layer's keywords with where rows lie since the last merge."""
        if self._layout is None:
            return keywords
        return {**keywords, "plan": self._layout.plan, "position_embeddings": self._rotary}
