"""One batch through a stock model, packed or padded, and the vectors that were asked for; knows no family."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Protocol

import torch

from rerank_plugins.core.attention import IMPLEMENTATION
from rerank_plugins.core.packing import bundles, forwards, pack, seen_rows
from rerank_plugins.core.padding import pad, padded_batches
from rerank_plugins.core.plan import Plan, Prefixes
from rerank_plugins.core.taps import Taps
from rerank_plugins.errors import ArgumentError, CheckpointMismatchError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor, nn
    from transformers import PreTrainedModel

    from rerank_plugins.core.family import Merging, Row
    from rerank_plugins.core.packing import Bundle, Packed
    from rerank_plugins.core.plan import KeysAndValues

    Pool = Literal["reads", "mean"]


class Forward(Protocol):
    """Runs batches of rows."""

    device: torch.device
    width: int

    def needed(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Return the rows without tokens that change no vector."""
        ...

    def batches(self, rows: Sequence[Row], budget: int) -> list[list[Bundle]]:
        """Return which rows go into which forward; they must run in this order."""
        ...

    def vectors(self, rows: Sequence[Row], batch: Sequence[Bundle]) -> dict[int, Tensor]:
        """Return the float32 vectors of each row of the batch, by the row's index."""
        ...


def forward_for(
    model: PreTrainedModel, *, pool: Pool, layers: tuple[int, ...] = (), merging: Merging | None = None
) -> Forward:
    """Return the way to run this model.

    Args:
        model: A stock transformers model; its base model is what runs.
        pool: Give the vectors at each row's reads, or one mean over all tokens of each row.
        layers: After which layers to read; ``()`` is the last hidden state.
        merging: Token merging between layers.

    Raises:
        ArgumentError: Layers are to be read or tokens merged in an architecture that cannot be packed.
    """
    if model.config._attn_implementation == IMPLEMENTATION:
        return PackedForward(model, pool=pool, layers=layers, merging=merging)
    if layers or merging is not None:
        raise ArgumentError(f"{type(model).__name__} has no attention hook, so its layers cannot be read.")
    return PaddedForward(model, pool=pool)


class PackedForward:
    """All rows of a batch as one sequence ``[1, T]`` without padding."""

    def __init__(
        self, model: PreTrainedModel, *, pool: Pool, layers: tuple[int, ...], merging: Merging | None
    ) -> None:
        self._trunk = model.base_model
        parts = list(self._trunk.modules())
        self._causal = any(getattr(part, "is_causal", False) for part in parts)
        self._trims = any(getattr(part, "trims", False) for part in parts)
        self._pool = pool
        self._inputs = _Inputs(model)
        self._taps = Taps(self._trunk, layers, merging) if layers or merging is not None else None
        self._prefix: dict[object, KeysAndValues] = {}
        self.device = model.device
        self.width: int = model.config.hidden_size

    def needed(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Return the rows without tokens that change no vector."""
        return seen_rows(rows) if self._causal and self._pool == "reads" else rows

    def batches(self, rows: Sequence[Row], budget: int) -> list[list[Bundle]]:
        """Return which rows go into which forward; they must run in this order."""
        return list(forwards(rows, bundles(rows, causal=self._causal), budget))

    def vectors(self, rows: Sequence[Row], batch: Sequence[Bundle]) -> dict[int, Tensor]:
        """Return the float32 vectors of each row of the batch, by the row's index."""
        packed = pack(rows, batch)
        prefixes = Prefixes(carried=self._prefix)
        found = self._run(packed, prefixes)
        self._prefix = prefixes.kept  # not before the forward is through: it may have to run again in halves
        size = len(found) // len(packed.reads) if packed.reads else 1
        counts = [1 if self._pool == "mean" else len(rows[index].reads) * size for index in packed.rows]
        return dict(zip(packed.rows, found.float().split(counts), strict=True))

    def _run(self, packed: Packed, prefixes: Prefixes) -> Tensor:
        tensors = self._inputs([packed.ids], [packed.positions], [packed.type_ids])
        reads = on_device(packed.reads, self.device)
        trims = self._trims and len(packed.reads) == len(packed.rows)
        plan = Plan(packed.groups, self._causal, reads if trims else None, prefixes)
        if self._taps is not None:
            with self._taps.reading(plan, reads, packed.mergeable):
                self._trunk(**tensors, plan=plan)
                return self._taps.vectors()
        hidden: Tensor = self._trunk(**tensors, plan=plan).last_hidden_state[0]
        if self._pool == "reads":
            return hidden if trims else hidden[reads]
        lengths = [length for group in packed.groups for length in group.lengths]
        return torch.segment_reduce(hidden.float(), "mean", lengths=on_device(lengths, self.device))


class PaddedForward:
    """The rows of a batch filled up to the longest, for architectures without an attention hook."""

    def __init__(self, model: PreTrainedModel, *, pool: Pool) -> None:
        self._trunk = model.base_model
        self._pool = pool
        self._inputs = _Inputs(model)
        self.device = model.device
        self.width: int = model.config.hidden_size

    def needed(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Return the rows as they are: these models look both ways."""
        return rows

    def batches(self, rows: Sequence[Row], budget: int) -> list[list[Bundle]]:
        """Return which rows go into which forward."""
        return padded_batches(rows, budget)

    def vectors(self, rows: Sequence[Row], batch: Sequence[Bundle]) -> dict[int, Tensor]:
        """Return the float32 vectors of each row of the batch, by the row's index."""
        order = [index for bundle in batch for index in bundle.rows]
        padded = pad([rows[index] for index in order])
        mask = on_device(padded.mask, self.device)
        tensors = self._inputs(padded.ids, padded.positions, padded.type_ids)
        hidden = self._trunk(**tensors, attention_mask=mask).last_hidden_state
        if self._pool == "mean":
            weights = mask.unsqueeze(-1).float()
            means = (hidden.float() * weights).sum(1) / weights.sum(1)
            return dict(zip(order, means.split(1), strict=True))
        return {index: hidden[place, list(rows[index].reads)].float() for place, index in enumerate(order)}


class _Inputs:
    """Turns lists of ids, positions and segments into the tensors that one architecture takes."""

    def __init__(self, model: PreTrainedModel) -> None:
        self._device = model.device
        self._first_position = first_position(model.base_model)
        # With a single segment there is nothing to tell apart, whatever the tokenizer's template says.
        self._takes_types = getattr(model.config, "type_vocab_size", 0) > 1
        embeddings: Any = model.get_input_embeddings()
        self._known = {
            "input_ids": embeddings.num_embeddings,
            "token_type_ids": getattr(model.config, "type_vocab_size", 0),
        }

    def __call__(
        self, ids: list[list[int]], positions: list[list[int]], types: list[list[int]]
    ) -> dict[str, Tensor]:
        values = {"input_ids": ids, "position_ids": positions}
        if self._takes_types:
            values["token_type_ids"] = types
        for name, known in self._known.items():
            _check_known(name, values.get(name, []), known)
        tensors = {name: on_device(value, self._device) for name, value in values.items()}
        tensors["position_ids"] += self._first_position
        return tensors


def _check_known(name: str, values: list[list[int]], known: int) -> None:
    """Raise where the model has no embedding; on a GPU it would end the process's use of the device."""
    highest = max(map(max, values), default=-1)
    if highest >= known:
        raise CheckpointMismatchError(
            f"The tokenizer gives {name} up to {highest}, but the model knows only {known}. They do not belong "
            "together; download the model again."
        )


def on_device(values: Sequence[object], device: torch.device) -> Tensor:
    """Return whole numbers as a tensor, copied without waiting for what the device is doing."""
    tensor = torch.tensor(values, dtype=torch.long)
    return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor.to(device)


def first_position(trunk: nn.Module) -> int:
    """Return where positions start: RoBERTa's embeddings count from the padding id + 1, all others from 0.

    Raises:
        CheckpointMismatchError: That is before the first position.
    """
    padding = getattr(getattr(trunk, "embeddings", None), "padding_idx", None)
    first = 0 if padding is None else int(padding) + 1
    if first < 0:
        raise CheckpointMismatchError(f"config.json declares pad_token_id={padding}; it must not be below -1.")
    return first
