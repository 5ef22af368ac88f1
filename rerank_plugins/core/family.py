"""What a family of rerankers is: a value that says how to write ids and how to score vectors; runs nothing.

Every pointwise reranker is text -> token ids -> hidden states at a few positions -> a small head -> a number.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

from rerank_plugins.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from torch import Tensor
    from transformers import PreTrainedModel

    from rerank_plugins.core.activations import Activation
    from rerank_plugins.core.checkpoint import Checkpoint
    from rerank_plugins.core.tokenization import TextTokenizer

    Head = Callable[[Tensor], Tensor]

QUERY = -1
"""``Row.document`` of a row that holds the query itself (families that embed both sides)."""


@dataclass(frozen=True, slots=True)
class Row:
    """One sequence for the model.

    Attributes:
        ids: Token ids.
        reads: Positions whose last hidden state is read; unused where the engine pools by mean.
        document: Which document of the call this row belongs to, or ``QUERY``. A long document may have several.
        type_ids: Segment ids, as long as ``ids``; ``None`` means all zero.
        truncated: Whether tokens of the document were cut off.
        mergeable: The span ``(start, end)`` that a model which merges tokens may merge.
        passage: Characters ``(start, end)`` of the document that the row holds, where it holds a passage.
    """

    ids: Sequence[int]
    reads: tuple[int, ...]
    document: int
    type_ids: Sequence[int] | None = None
    truncated: bool = False
    mergeable: tuple[int, int] | None = None
    passage: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """Token limits of one model as loaded.

    Attributes:
        max_length: Most tokens of a row, as the family's vendor counts them.
        max_query_length: Most tokens of the query; ``None`` is the family's own rule.
        long_documents: ``"truncate"`` cuts a document that is too long; ``"passages"`` splits it, scores every
            passage and keeps the best.
        overlap_tokens: How many tokens neighbouring passages share, at most a quarter of a passage.

    Raises:
        ArgumentError: A value that cannot be used.
    """

    max_length: int
    max_query_length: int | None = None
    long_documents: Literal["truncate", "passages"] = "truncate"
    overlap_tokens: int = 80

    def __post_init__(self) -> None:
        if self.long_documents not in {"truncate", "passages"}:
            raise ArgumentError(f"long_documents must be 'truncate' or 'passages', got {self.long_documents!r}.")
        if type(self.overlap_tokens) is not int or self.overlap_tokens < 0:
            raise ArgumentError(f"overlap_tokens must be a whole number from 0 up, got {self.overlap_tokens!r}.")


class Template(Protocol):
    """Writes a query and its documents as rows of ids."""

    def overhead(self, tokenizer: TextTokenizer) -> int:
        """Return how many tokens a row may have beyond ``max_length``, because the vendor does not count them."""
        ...

    def rows(
        self,
        tokenizer: TextTokenizer,
        query: str,
        documents: Sequence[str],
        *,
        instruction: str | None,
        limits: Limits,
    ) -> list[Row]:
        """Return at least one row per document, in document order."""
        ...


class CountsEveryToken:
    """A template whose ``max_length`` counts every token of a row."""

    __slots__ = ()

    def overhead(self, tokenizer: TextTokenizer) -> int:  # noqa: ARG002 - protocol
        """Return 0."""
        return 0


class Readout(Protocol):
    """Turns what the engine read into logits."""

    def layers(self, checkpoint: Checkpoint) -> tuple[int, ...]:
        """Return after how many layers to read, ascending; ``()`` is the last hidden state.

        With several, the engine gives one vector per layer for each read. Layers above are not loaded.
        """
        ...

    def pool(self, model: PreTrainedModel) -> Literal["reads", "mean"]:
        """Return whether the engine gives the read positions or the mean over each row."""
        ...

    def head(self, model: PreTrainedModel, tokenizer: TextTokenizer) -> Head:
        """Return a function ``(reads, hidden) -> (reads,)`` in float32.

        It is applied to all the vectors of one query at a time, in row order.
        """
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Merging:
    """Token merging between layers, to save work on long documents.

    Attributes:
        layers: Before which layers (counted from 0) the mergeable tokens of each row are merged.
        ratio: How many neighbours become one token, their mean: 1 (merges nothing), 2, 4 or 8.

    Raises:
        ArgumentError: A value that cannot be used.
    """

    layers: Sequence[int]
    ratio: int

    def __post_init__(self) -> None:
        if self.ratio not in {1, 2, 4, 8}:
            raise ArgumentError(f"compress_ratio must be 1, 2, 4 or 8, got {self.ratio!r}.")
        if not _are_layers(self.layers):
            raise ArgumentError(f"compress_layers must be a list of layer numbers from 0 up, got {self.layers!r}.")


def _are_layers(value: object) -> bool:
    return isinstance(value, (list, tuple)) and all(type(layer) is int and layer >= 0 for layer in value)


@dataclass(frozen=True, kw_only=True, slots=True)
class Loader:
    """How a family's checkpoint becomes a stock transformers model.

    Attributes:
        task: ``"sequence-classification"`` and ``"causal-lm"`` load that head with the model, ``"base"`` loads
            the model alone, ``"by-architecture"`` loads what ``config.json`` names.
        config: Rewrites ``config.json`` for a checkpoint whose own model code is not part of transformers.
        rename: Regular expressions and replacements for tensor names, tried in order, each on every name.
        split: Regular expressions of tensors that hold several ones along the first axis, and what each part
            is called.
        heads: Regular expression of ``Linear(hidden, 1)`` weights that sit beside the model, one per layer.
        unused: Regular expressions of tensors in the file that play no part in the score.
        merging: Token merging between layers, if any.
        check: Raises where a checkpoint of the right architecture still cannot be scored by this family.
    """

    task: Literal["sequence-classification", "causal-lm", "base", "by-architecture"]
    config: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    rename: tuple[tuple[str, str], ...] = ()
    split: tuple[tuple[str, tuple[str, ...]], ...] = ()
    heads: str | None = None
    unused: tuple[str, ...] = ()
    merging: Merging | None = None
    check: Callable[[Checkpoint], None] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Family:
    """One family of rerankers, as data.

    Attributes:
        name: What ``load(family=...)`` takes.
        models: Hub ids that belong to it, spelled exactly.
        matches: Whether a checkpoint's own files show that it belongs here.
        loader: How its weights are loaded.
        template: How its ids are written.
        readout: Which head scores what was read.
        max_length: Default token limit of a row; ``None`` is the checkpoint's own.
        instruction: Where an instruction goes, in words; ``None`` means that none is taken.
        activation: The scale of its scores, which may depend on the checkpoint.
        options: Names of the extra ``load`` options and the field each one sets: ``"template.prompt"``, ...
        license: Licence of the published weights.
        source: Where prompts, truncation and head were taken from.
        cache_size: How many rows' vectors are kept unless ``load`` is told otherwise. Worth it only where a row
            holds a document alone, so that it comes again with the next query.
    """

    name: str
    models: tuple[str, ...]
    matches: Callable[[Checkpoint], bool]
    loader: Loader
    template: Template
    readout: Readout
    max_length: int | None
    instruction: str | None
    activation: Callable[[Checkpoint], Activation]
    license: str
    source: str
    options: Mapping[str, str] = field(default_factory=dict)
    cache_size: int = 0


def not_shown_by_files(checkpoint: Checkpoint) -> bool:  # noqa: ARG001 - the signature of Family.matches
    """Return False, for families whose checkpoints look like those of any language or embedding model."""
    return False
