"""What is done here for a model that runs in another engine: its prompts, limits and scale; loads no weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rerank_plugins.core.blame import blaming
from rerank_plugins.core.building import capacity, outline
from rerank_plugins.core.licenses import tell_license
from rerank_plugins.core.local import family_of
from rerank_plugins.core.remote.served import served
from rerank_plugins.core.scorer import Scorer
from rerank_plugins.core.tokenization import TextTokenizer

if TYPE_CHECKING:
    from rerank_plugins.core.checkpoint import Checkpoint
    from rerank_plugins.core.family import Family, Limits
    from rerank_plugins.core.remote.served import Served
    from rerank_plugins.core.scheduler import Submits
    from rerank_plugins.core.wanted import Wanted


@dataclass(frozen=True, kw_only=True, slots=True)
class Prompting:
    """A family bound to one checkpoint's tokenizer.

    Attributes:
        longest: Most tokens that a row can have.
    """

    checkpoint: Checkpoint
    family: Family
    tokenizer: TextTokenizer
    limits: Limits
    served: Served
    longest: int

    def scorer(self, reads: Submits, dtype: str) -> Scorer:
        """Return the scorer whose rows are read there; ``dtype`` is for error messages."""
        return Scorer(
            name=self.checkpoint.name,
            dtype=dtype,
            template=self.family.template,
            tokenizer=self.tokenizer,
            limits=self.limits,
            head=self.served.head,
            activation=self.family.activation(self.checkpoint),
            scheduler=reads,
        )


def prompting(wanted: Wanted) -> Prompting:
    """Return what writes prompts for a model; only its small files are fetched.

    Raises:
        ArgumentError: The model cannot be served elsewhere, or an option has a value that cannot be used.
        UnknownFamilyError: No family fits.
        UnknownOptionError: The family has no such option.
        ModelNotFoundError: There is no such model.
    """
    checkpoint = wanted.source.open()
    family = family_of(wanted, checkpoint)
    tell_license(family, wanted.source.model)
    with blaming(checkpoint.name):
        tokenizer = TextTokenizer(checkpoint)
        how = served(checkpoint, family, tokenizer)
        over = family.template.overhead(tokenizer)
        most = capacity(checkpoint, tokenizer, outline(checkpoint, family.loader)) - over
    limits = wanted.lengths.limits(family, most)
    return Prompting(
        checkpoint=checkpoint,
        family=family,
        tokenizer=tokenizer,
        limits=limits,
        served=how,
        longest=limits.max_length + over,
    )
