"""Reads the recorded cases under tests/golden and turns their options into what ``load`` takes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

GOLDEN = Path(__file__).parents[1] / "golden"
FAMILIES = {
    "bge_encoder": "bge-encoder",
    "bge_layerwise": "bge-layerwise",
    "bge_lightweight": "bge-lightweight",
    "bge_llm": "bge-llm",
    "contextual": "contextual",
    "contextual_mistral": "contextual",
    "cross_encoder": "cross-encoder",
    "cross_encoder_legacy": "cross-encoder",
    "cross_encoder_plain": "cross-encoder",
    "gte_modernbert": "cross-encoder",
    "gte_modernbert_cls": "cross-encoder",
    "jina_v2": "jina-v2",
    "mxbai_v1": "mxbai-v1",
    "mxbai_v2": "mxbai-v2",
    "mxbai_v2_seq": "mxbai-v2",
    "qwen3": "qwen3",
    "st_logit_score": "logit-score",
    "st_logit_score_single": "logit-score",
    "zerank": "zerank",
}
"""Which family each recorded set belongs to."""
NOT_DETECTABLE = {"bge-llm", "contextual", "mxbai-v2", "qwen3", "zerank"}
"""Their files look like those of any language model, so a local copy needs ``family=``."""
OPTION_HOLDS_INSTRUCTION = {"bge-encoder", "bge-llm", "bge-layerwise", "bge-lightweight"}
"""FlagEmbedding's instructions are options; the case's ``instruction`` only repeats them."""
WITHOUT_RIGHT_VALUE = {"qwen3/query_cut"}
"""The vendor's code leaves nothing of the document, so that all scores are equal."""


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
    def documents(self) -> list[str]:
        return self.data["documents"]

    @property
    def query(self) -> str:
        """The query; sentence-transformers puts a prompt before it, where we take no instruction."""
        prefix = self.data["instruction"] if self.family == "cross-encoder" else None
        return (prefix or "") + self.data["query"]

    @property
    def instruction(self) -> str | None:
        if self.family == "cross-encoder" or self.family in OPTION_HOLDS_INSTRUCTION:
            return None
        return self.data["instruction"]

    @property
    def scores(self) -> list[float]:
        """All scores in one list, layer after layer."""
        return flat(self.data["scores"])

    @property
    def ids(self) -> list[list[int] | None]:
        """The recorded rows, one after the other; ``None`` where a row was too long to be recorded."""
        if "input_ids" not in self.data:
            return []
        recorded: list[list[int] | None] = []
        for rows, lengths in zip(self.data["input_ids"], self.data["input_lengths"], strict=True):
            several = isinstance(lengths, list)
            missing = [None] * (len(lengths) if several else 1)
            recorded += missing if rows is None else rows if several else [rows]
        return recorded

    @property
    def lengths(self) -> list[int]:
        return flat(self.data.get("input_lengths", []))

    def load_options(self) -> dict[str, Any]:
        """Return the vendor's options under the names that ``load`` gives them."""
        options = dict(self.data["options"])
        if options.pop("method", None) == "rerank":
            options["long_documents"] = "passages"
        renamed = {"query_max_length": "max_query_length"}
        named = {renamed.get(name, name): value for name, value in options.items()}
        return {"family": self.family, **named} if self.family in NOT_DETECTABLE else named


def flat(values: list[Any]) -> list[Any]:
    """Return the values of a list that may hold lists."""
    return [item for value in values for item in (value if isinstance(value, list) else [value])]


def cases() -> list[Case]:
    """Return every recorded case."""
    return [
        Case(folder, data)
        for folder in FAMILIES
        for data in json.loads((GOLDEN / folder / "cases.json").read_text())["cases"]
    ]
