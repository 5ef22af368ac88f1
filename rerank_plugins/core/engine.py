"""Reads hidden states at the positions asked for; works on rows of ids, knows no query and no family.

Peak memory of a read is the weights, plus the activations of one forward of at most ``batch_tokens`` tokens
(or of one row, if a row is longer), plus ``reads x hidden`` float32 numbers of results.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import torch

from rerank_plugins.core.attention import IMPLEMENTATION
from rerank_plugins.core.packing import Bundle, bundles, forwards, halves, pack, tokens
from rerank_plugins.core.padding import pad, padded_batches
from rerank_plugins.errors import OutOfDeviceMemoryError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor, nn
    from transformers import PreTrainedModel

    from rerank_plugins.core.family import Row


class Engine:
    """One model on one device.

    Args:
        model: A stock transformers model; its base model is what runs.
        pool: Give the vectors at each row's reads, or one mean over all tokens of each row.
        batch_tokens: Token budget of one forward.
    """

    def __init__(self, model: PreTrainedModel, *, pool: Literal["reads", "mean"], batch_tokens: int) -> None:
        self._trunk = model.base_model
        self._packed = model.config._attn_implementation == IMPLEMENTATION
        self._causal = any(getattr(module, "is_causal", False) for module in self._trunk.modules())
        self._pool = pool
        self._budget = batch_tokens
        self._first_position = _first_position(self._trunk)
        # With a single segment there is nothing to tell apart, whatever the tokenizer's template says.
        self._takes_types = getattr(model.config, "type_vocab_size", 0) > 1
        self._width = model.config.hidden_size
        self.device = model.device

    @torch.inference_mode()
    def read(self, rows: Sequence[Row]) -> Tensor:
        """Return vectors ``(reads, hidden)`` in float32 on the device, row after row in the order given.

        Raises:
            OutOfDeviceMemoryError: A single row does not fit.
        """
        vectors: dict[int, Tensor] = {}
        for batch in self._batches(rows):
            self._read_batch(rows, batch, vectors)
        return torch.cat([vectors[index] for index in range(len(rows))]) if rows else torch.empty(0, self._width)

    def _batches(self, rows: Sequence[Row]) -> list[list[Bundle]]:
        if not self._packed:
            return padded_batches(rows, self._budget)
        return list(forwards(rows, bundles(rows, causal=self._causal), self._budget))

    def _read_batch(self, rows: Sequence[Row], batch: Sequence[Bundle], vectors: dict[int, Tensor]) -> None:
        """Read one batch; where it does not fit into memory, free what can be freed and read its halves."""
        try:
            vectors.update(self._forward(rows, batch))
        except torch.OutOfMemoryError:
            self._release()
        else:
            return
        if sum(len(bundle.rows) for bundle in batch) == 1:
            vectors.update(self._last_try(rows, batch))
            return
        for half in halves(batch):
            self._read_batch(rows, half, vectors)

    def _last_try(self, rows: Sequence[Row], batch: Sequence[Bundle]) -> dict[int, Tensor]:
        try:
            return self._forward(rows, batch)
        except torch.OutOfMemoryError as error:
            raise OutOfDeviceMemoryError(
                f"A row of {tokens(rows, batch[0])} tokens does not fit into the free memory of {self.device}. "
                'Lower max_length, or load with dtype="bfloat16".'
            ) from error

    def _release(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.empty_cache()

    def _forward(self, rows: Sequence[Row], batch: Sequence[Bundle]) -> dict[int, Tensor]:
        return (self._forward_packed if self._packed else self._forward_padded)(rows, batch)

    def _forward_packed(self, rows: Sequence[Row], batch: Sequence[Bundle]) -> dict[int, Tensor]:
        packed = pack(rows, batch, causal=self._causal)
        inputs = {"input_ids": [packed.ids], "position_ids": [packed.positions]}
        hidden = self._run(inputs, [packed.type_ids], plan=packed.plan)[0]
        if self._pool == "mean":
            lengths = [len(rows[index].ids) for index in packed.rows]
            sizes = torch.tensor(lengths, device=self.device)
            means = torch.segment_reduce(hidden.float(), "mean", lengths=sizes)
            return dict(zip(packed.rows, means.split(1), strict=True))
        read = hidden[torch.tensor(packed.reads, device=self.device)].float()
        counts = [len(rows[index].reads) for index in packed.rows]
        return dict(zip(packed.rows, read.split(counts), strict=True))

    def _forward_padded(self, rows: Sequence[Row], batch: Sequence[Bundle]) -> dict[int, Tensor]:
        order = [index for bundle in batch for index in bundle.rows]
        padded = pad([rows[index] for index in order])
        mask = torch.tensor(padded.mask, device=self.device)
        inputs = {"input_ids": padded.ids, "position_ids": padded.positions}
        hidden = self._run(inputs, padded.type_ids, attention_mask=mask)
        if self._pool == "mean":
            weights = mask.unsqueeze(-1).float()
            means = (hidden.float() * weights).sum(1) / weights.sum(1)
            return dict(zip(order, means.split(1), strict=True))
        return {index: hidden[place, list(rows[index].reads)].float() for place, index in enumerate(order)}

    def _run(self, inputs: dict[str, list[list[int]]], type_ids: list[list[int]], **extra: object) -> Tensor:
        """Return the last hidden state ``(batch, tokens, hidden)``."""
        if self._takes_types:
            inputs = {**inputs, "token_type_ids": type_ids}
        tensors = {name: torch.tensor(values, device=self.device) for name, values in inputs.items()}
        tensors["position_ids"] += self._first_position
        return self._trunk(**tensors, **extra).last_hidden_state  # type: ignore[no-any-return]


def _first_position(trunk: nn.Module) -> int:
    """RoBERTa's embeddings count positions from the padding id + 1, all others from 0."""
    padding = getattr(getattr(trunk, "embeddings", None), "padding_idx", None)
    return 0 if padding is None else int(padding) + 1
