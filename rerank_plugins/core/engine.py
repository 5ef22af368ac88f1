"""Reads hidden states at the positions asked for; works on rows of ids, knows no query and no family.

Peak memory of a read is the weights, plus the activations of one forward of at most ``batch_tokens`` tokens
(or of one row, if a row is longer), plus ``reads x hidden`` float32 numbers of results.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from rerank_plugins.core.packing import Bundle, halves, tokens
from rerank_plugins.errors import OutOfDeviceMemoryError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from rerank_plugins.core.family import Row
    from rerank_plugins.core.forwards import Forward


class Engine:
    """One model on one device.

    Args:
        forward: Runs one batch; packed where the architecture allows, else padded.
        batch_tokens: Token budget of one forward.
    """

    def __init__(self, forward: Forward, *, batch_tokens: int) -> None:
        self._forward = forward
        self._budget = batch_tokens
        self.device = forward.device

    @torch.inference_mode()
    def read(self, rows: Sequence[Row]) -> Tensor:
        """Return vectors ``(reads, hidden)`` in float32 on the device, row after row in the order given.

        Raises:
            OutOfDeviceMemoryError: A single row does not fit.
        """
        vectors: dict[int, Tensor] = {}
        rows = self._forward.needed(rows)
        for batch in self._forward.batches(rows, self._budget):
            self._read_batch(rows, batch, vectors)
        found = [vectors[index] for index in range(len(rows))]
        return torch.cat(found) if found else torch.empty(0, self._forward.width)

    def _read_batch(self, rows: Sequence[Row], batch: Sequence[Bundle], vectors: dict[int, Tensor]) -> None:
        """Read one batch; where it does not fit into memory, free what can be freed and read its halves."""
        try:
            vectors.update(self._forward.vectors(rows, batch))
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
            return self._forward.vectors(rows, batch)
        except torch.OutOfMemoryError as error:
            raise OutOfDeviceMemoryError(
                f"A row of {tokens(rows, batch[0])} tokens does not fit into the free memory of {self.device}. "
                'Lower max_length, or load with dtype="bfloat16".'
            ) from error

    def _release(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
