"""How much memory a piece of work takes at its peak beyond what was held before; knows no models."""

from __future__ import annotations

import ctypes
import gc
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

_STATUS = Path("/proc/self/status")
_RESET = Path("/proc/self/clear_refs")
_EVERY = 0.01  # seconds


class ExtraMemory:
    """A context in which the peak of resident memory is watched.

    On Linux the kernel keeps the peak itself, after writing 5 to ``clear_refs``. Where that is not permitted a
    thread looks every 10 ms. Where there is no ``/proc``, ``mib`` stays ``None``.
    """

    def __init__(self) -> None:
        self.mib: float | None = None
        self._done = threading.Event()
        self._peak = 0

    def __enter__(self) -> Self:
        """Give back freed memory, so that it is not counted as held, and start watching."""
        gc.collect()
        with suppress(OSError, AttributeError):  # only the GNU library has it
            ctypes.CDLL(None).malloc_trim(0)
        self._before = _kib("VmRSS")
        self._kernel = _reset()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        if self._before is not None and not self._kernel:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop watching and set ``mib``."""
        self._done.set()
        if self._before is None:
            return
        if not self._kernel:
            self._thread.join()
        peak = _kib("VmHWM") if self._kernel else self._peak
        self.mib = max(0, (peak or 0) - self._before) / 1024

    def _watch(self) -> None:
        while not self._done.wait(_EVERY):
            self._peak = max(self._peak, _kib("VmRSS") or 0)


def _reset() -> bool:
    """Set the kernel's peak back to what is held now; return whether it is allowed."""
    try:
        _RESET.write_text("5", encoding="ascii")
    except OSError:
        return False
    return True


def _kib(name: str) -> int | None:
    if not _STATUS.exists():
        return None
    lines = _STATUS.read_text(encoding="utf-8").splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith(f"{name}:")), None)
