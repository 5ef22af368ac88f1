"""How another engine has to be told to score a checkpoint as its family does; starts nothing and asks nothing.

An engine gets token ids that were written here and gives back one raw number for each row.
Source of the names: vLLM 0.32 (``classifier_from_token``, ``method``, ``--logprobs-mode``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rerank_plugins.core.family import Loader
from rerank_plugins.core.readouts import ClassifierReadout, EitherReadout, SavedTokenReadout, TokenReadout
from rerank_plugins.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from rerank_plugins.core.checkpoint import Checkpoint
    from rerank_plugins.core.family import Family, Head, Row
    from rerank_plugins.core.tokenization import TextTokenizer

_FIRST = frozenset(
    {
        "BertForSequenceClassification",
        "RobertaForSequenceClassification",
        "XLMRobertaForSequenceClassification",
    }
)
_LAST = frozenset({"Qwen2ForSequenceClassification"})
"""Classifiers that vLLM pools at the first token and at the last, as they are."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Served:
    """One checkpoint as vLLM serves it.

    Attributes:
        overrides: What ``--hf-overrides`` must say for a pooling server.
        true: Token whose logit is the score; ``None`` for a classifier.
        false: Token whose logit is subtracted, if any.
        reads_last: Whether the last token of a row is read, or else the first.
        head: Turns the numbers ``(rows, 1)`` that come back into logits ``(rows,)``.
    """

    overrides: Mapping[str, object] = field(default_factory=dict)
    true: int | None = None
    false: int | None = None
    reads_last: bool
    head: Head

    def check(self, row: Row) -> None:
        """Raise where vLLM would read another position than the family does.

        Raises:
            ArgumentError: It would.
        """
        if row.reads != ((len(row.ids) - 1,) if self.reads_last else (0,)):
            raise ArgumentError(
                f"vLLM reads the {'last' if self.reads_last else 'first'} token of a row, and this family reads "
                f"at {row.reads}. Leave engine= out."
            )


def served(checkpoint: Checkpoint, family: Family, tokenizer: TextTokenizer) -> Served:
    """Return how vLLM scores this checkpoint.

    Raises:
        ArgumentError: It cannot, or not as the family does.
        CheckpointMismatchError: A label word is not one token.
    """
    readout = family.readout
    if isinstance(readout, EitherReadout):
        readout = readout.classifier if _is_classifier(checkpoint) else readout.causal
    if isinstance(readout, SavedTokenReadout):
        readout = readout.saved(checkpoint)
    if family.loader == Loader(task=family.loader.task, unused=family.loader.unused, check=family.loader.check):
        if isinstance(readout, TokenReadout) and not _is_classifier(checkpoint):
            return _by_token(checkpoint, readout, tokenizer)
        if isinstance(readout, ClassifierReadout) and {*checkpoint.architectures} <= _FIRST | _LAST:
            return Served(reads_last={*checkpoint.architectures} <= _LAST, head=_logits)
    raise ArgumentError(
        f"{checkpoint.name} ({family.name}, {', '.join(checkpoint.architectures)}) is not served by vLLM, or was "
        "not found to give the same scores there. Leave engine= out."
    )


def _by_token(checkpoint: Checkpoint, readout: TokenReadout, tokenizer: TextTokenizer) -> Served:
    true, false = readout.label_ids(tokenizer)
    labels = [number for number in (false, true) if number is not None]
    overrides: dict[str, object] = {
        "architectures": [
            name.replace("ForCausalLM", "ForSequenceClassification") for name in checkpoint.architectures
        ],
        # Tokens as the vocabulary spells them: vLLM looks them up and does not tokenize.
        "classifier_from_token": [tokenizer.token(number) for number in labels],
        "method": "no_post_processing" if false is None else "from_2_way_softmax",
    }
    head = _rounded_logits if readout.round_to_bfloat16 else _logits
    return Served(overrides=overrides, true=true, false=false, reads_last=True, head=head)


def _is_classifier(checkpoint: Checkpoint) -> bool:
    return any(name.endswith("ForSequenceClassification") for name in checkpoint.architectures)


def _logits(numbers: Tensor) -> Tensor:
    return numbers.float()[:, 0]


def _rounded_logits(numbers: Tensor) -> Tensor:
    return _logits(numbers).bfloat16().float()
