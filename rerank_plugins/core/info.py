"""What was loaded, and what its calls start from; values only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from rerank_plugins.core.activations import ScoreKind


@dataclass(frozen=True, kw_only=True, slots=True)
class RerankerInfo:
    """What was loaded.

    Attributes:
        model: What was given to ``load``.
        revision: The revision that was asked for, if any.
        family: Name of the family.
        devices: Where the model runs.
        dtype: Precision of the weights; ``"int8"`` where linear layers are quantized.
        max_length: Token limit of one row.
        score_kind: The scale of scores, and so of ``threshold``.
        supports_instruction: Whether an ``instruction`` is taken.
        license: Licence of the published weights of this family.
    """

    model: str
    revision: str | None
    family: str
    devices: tuple[str, ...]
    dtype: str
    max_length: int
    score_kind: ScoreKind
    supports_instruction: bool
    license: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Defaults:
    """What every call of one reranker starts from."""

    instruction: str | None = None
    normalize: bool | None = None
    instruction_policy: Literal["raise", "ignore"] = "raise"
