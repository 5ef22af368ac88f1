"""What was loaded, and what its calls start from; values only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from rerank_plugins.core.caps import Caps

if TYPE_CHECKING:
    from rerank_plugins.core.activations import ScoreKind


@dataclass(frozen=True, kw_only=True, slots=True)
class RerankerInfo:
    """What was loaded.

    Attributes:
        model: What was given to ``load``; for a server its URL.
        revision: The commit that was loaded from the hub; else the revision that was asked for, if any.
        family: Name of the family; for a server that writes the prompts its dialect.
        devices: Where the model runs; empty for other engines, which do not tell.
        dtype: Precision of the weights; ``"int8"`` where linear layers are quantized, ``""`` for a server.
        max_length: Token limit of one row; ``None`` for a server, which has its own.
        score_kind: The scale of scores, and so of ``threshold``.
        supports_instruction: Whether an ``instruction`` is taken.
        license: Licence of the published weights of this family; ``""`` for a server.
        engine: What runs the model: ``"torch"`` and ``"vllm"`` in this process, or the URL of a server.
        dialect: What the server speaks, if it is one.
        model_name: The model's name on a server, if one was given.
    """

    model: str
    revision: str | None
    family: str
    devices: tuple[str, ...]
    dtype: str
    max_length: int | None
    score_kind: ScoreKind
    supports_instruction: bool
    license: str
    engine: str = "torch"
    dialect: str | None = None
    model_name: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Defaults:
    """What every call of one reranker starts from."""

    instruction: str | None = None
    normalize: bool | None = None
    instruction_policy: Literal["raise", "ignore"] = "raise"
    caps: Caps = field(default_factory=Caps)
