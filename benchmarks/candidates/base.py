"""What an adapter offers, and how several of them share one model; knows no library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol
from weakref import WeakValueDictionary

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from benchmarks.sizes import Model

_MODELS: WeakValueDictionary[tuple[object, ...], Any] = WeakValueDictionary()


class Candidate(Protocol):
    """A way to score documents.

    Attributes:
        name: Unique, as in tables.
        dtype: ``"float32"``, ``"bfloat16"`` or ``"int8"``.
    """

    name: str
    dtype: str

    def load(self, model: Model, directory: Path, device: str) -> None:
        """Get ready to score."""

    def score(self, query: str, documents: Sequence[str], instruction: str | None) -> list[float]:
        """Return the raw score of each document, in the order of the documents."""

    def close(self) -> None:
        """Let go of the model."""


def shared(key: tuple[object, ...], make: Callable[[], Any]) -> Any:
    """Return the model of this key, made once and kept for as long as an adapter holds it."""
    model = _MODELS.get(key)
    if model is None:
        model = _MODELS[key] = make()
    return model


class SharedByDirectory:
    """What loads a directory in float32 and is asked with one batch size or another; its settings share the model.

    Args:
        library: Name of the library.
        setting: Name of the setting.
        make: Loads the model of a directory onto a device.
        batch_size: Documents of a batch; ``None`` = the library's own.
    """

    dtype = "float32"

    def __init__(
        self, library: str, setting: str, make: Callable[[Path, str], Any], batch_size: int | None
    ) -> None:
        self.name = f"{library} {setting}"
        self._library, self._make = library, make
        self._options = {} if batch_size is None else {"batch_size": batch_size}
        self._model: Any = None

    def load(self, _model: Model, directory: Path, device: str) -> None:
        """Load, or share the model of another setting."""
        key = (self._library, str(directory), device)
        self._model = shared(key, lambda: self._make(directory, device))

    def close(self) -> None:
        """Let go of the model."""
        self._model = None
