"""What a family of rerankers is: a value that says how to write ids and how to score vectors; runs nothing.

Every pointwise reranker is text -> token ids -> hidden states at a few positions -> a small head -> a number.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

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
    """

    ids: Sequence[int]
    reads: tuple[int, ...]
    document: int
    type_ids: Sequence[int] | None = None
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """Token limits of one model as loaded; ``max_query_length=None`` is the family's own rule."""

    max_length: int
    max_query_length: int | None = None


class Template(Protocol):
    """Writes a query and its documents as rows of ids."""

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


class Readout(Protocol):
    """Turns what the engine read into logits."""

    def pool(self, model: PreTrainedModel) -> Literal["reads", "mean"]:
        """Return whether the engine gives the read positions or the mean over each row."""
        ...

    def head(self, model: PreTrainedModel, tokenizer: TextTokenizer) -> Head:
        """Return a function ``(reads, hidden) -> (reads,)`` in float32.

        It is applied to all the vectors of one query at a time, in row order.
        """
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Loader:
    """How a family's checkpoint becomes a stock transformers model.

    Attributes:
        task: ``"sequence-classification"`` loads the classifier; ``"encoder"`` loads the bare model.
        unused: Regular expressions of tensors in the file that play no part in the score.
        check: Raises where a checkpoint of the right architecture still cannot be scored by this family.
    """

    task: Literal["sequence-classification", "encoder"]
    unused: tuple[str, ...] = ()
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
        options: Names of the extra ``load`` options, and the template's field that each one sets.
        license: Licence of the published weights.
        source: Where prompts, truncation and head were taken from.
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
