"""Reads the recorded cases under tests/golden and turns their options into what ``load`` takes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

GOLDEN = Path(__file__).parents[1] / "golden"
FAMILIES = {
    "bge_encoder": "bge-encoder",
    "cross_encoder": "cross-encoder",
    "cross_encoder_legacy": "cross-encoder",
    "cross_encoder_plain": "cross-encoder",
    "gte_modernbert": "cross-encoder",
    "gte_modernbert_cls": "cross-encoder",
}
"""Which family each recorded set belongs to."""


@dataclass(frozen=True, slots=True)
class Case:
    """One recorded call of a vendor's code."""

    folder: str
    data: dict[str, Any]

    @property
    def name(self) -> str:
        return f"{self.folder}/{self.data['id']}"

    @property
    def family(self) -> str:
        return FAMILIES[self.folder]

    @property
    def checkpoint(self) -> str:
        return str(GOLDEN / self.folder / "checkpoint")

    @property
    def query(self) -> str:
        """The query; sentence-transformers puts a prompt before it, where we take no instruction."""
        prefix = self.data["instruction"] if self.family == "cross-encoder" else None
        return (prefix or "") + self.data["query"]

    def load_options(self) -> dict[str, Any]:
        """Return the vendor's options under the names that ``load`` gives them."""
        renamed = {"query_max_length": "max_query_length"}
        return {renamed.get(name, name): value for name, value in self.data["options"].items()}


def cases() -> list[Case]:
    """Return every recorded case."""
    return [
        Case(folder, data)
        for folder in FAMILIES
        for data in json.loads((GOLDEN / folder / "cases.json").read_text())["cases"]
    ]
