"""Rerankers without a model, for actors: one whose score is the pair's number, and ones that fail."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

POISON = "poison"


def number(document: str) -> float:
    """Return the number at the document's end; a harmless pair has none, and scores 0."""
    last = document.rsplit(" ", 1)[-1]
    return float(last) if last.isdigit() else 0.0


class Numbers:
    """Scores a pair by the number in its document, fails on poison."""

    def score_pairs(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        if any(POISON in document for _, document in pairs):
            raise ValueError("poison")
        return [number(document) for _, document in pairs]


class Dying(Numbers):
    """Ends its whole process at one document, as a killed actor does, but only the first time."""

    def __init__(self, directory: Path, fatal: str) -> None:
        self._directory = directory
        self._fatal = fatal

    def score_pairs(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        with (self._directory / f"{os.getpid()}.sent").open("a") as sent:
            sent.write(f"{len(pairs)}\n")
        if any(document == self._fatal for _, document in pairs):
            self._die_once()
        time.sleep(0.01)  # so that both actors get work
        return super().score_pairs(pairs)

    def _die_once(self) -> None:
        try:
            (self._directory / "dead").touch(exist_ok=False)
        except FileExistsError:
            return
        os._exit(1)


class Gone(Numbers):
    """Scores one batch and then nothing any more, as on a device that is lost."""

    def __init__(self) -> None:
        self._calls = 0

    def score_pairs(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        self._calls += 1
        if self._calls > 1:
            raise RuntimeError("the device is lost")
        return super().score_pairs(pairs)
