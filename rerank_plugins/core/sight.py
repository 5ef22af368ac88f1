"""Which keys some queries of a row see; knows positions only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, slots=True)
class Sight:
    """What queries at neighbouring positions see of a row's keys.

    Attributes:
        first: Position of the first query.
        last: Position after the last query.
        keys: How many keys the row has.
        window: Keys further away than ``window - 1`` are not seen; ``None`` is all.
        causal: Keys ahead are not seen.
    """

    first: int
    last: int
    keys: int
    window: int | None
    causal: bool

    def span(self) -> slice:
        """Return the keys outside which no query sees anything."""
        window = self.keys if self.window is None else self.window
        ahead = 0 if self.causal else window - 1
        return slice(max(0, self.first - window + 1), min(self.keys, self.last + ahead))

    def mask(self, span: slice, device: torch.device) -> Tensor | None:
        """Return which keys of ``span`` each query sees, ``[queries, keys]``; ``None`` where all see all.

        Keys of the span that the row does not have are seen by none.
        """
        window = self.keys if self.window is None else self.window
        seen_by_all = self.first + 1 if self.causal else self.keys
        if window >= self.keys and span.stop <= seen_by_all:
            return None
        places = torch.arange(span.start, span.stop, device=device)
        ahead = places - torch.arange(self.first, self.last, device=device)[:, None]
        near = (ahead.abs() < window) & (places < self.keys)
        return near & (ahead <= 0) if self.causal else near
