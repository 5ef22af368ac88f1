"""Row counts that come again, so that oneDNN compiles few kernels; knows no layers and no models.

oneDNN keeps a compiled kernel for every shape it has met, about half a MiB each and up to 1,024 of them, and
compiling one takes milliseconds. Rows of text have every length there is. Padded to a few counts, a service's
memory stays flat and its first calls are as fast as its later ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch.nn.functional import pad

if TYPE_CHECKING:
    from torch import Tensor

_SMALL, _LARGE = 32, 256


def even(count: int) -> int:
    """Return the next count up that comes often: a power of two to 32, then multiples of 32, from 256 on of 64."""
    if count <= _SMALL:
        return 1 << (count - 1).bit_length() if count else 0
    step = _SMALL if count <= _LARGE else 2 * _SMALL
    return -(-count // step) * step


def evened(x: Tensor) -> Tensor:
    """Return ``(..., rows, columns)`` with rows of zeros behind; ``x`` itself if none are needed, or on no CPU."""
    rows = x.shape[-2]
    wanted = even(rows) if x.device.type == "cpu" else rows
    return x if wanted == rows else pad(x, (0, 0, 0, wanted - rows))
