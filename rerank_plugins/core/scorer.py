"""Text to scores for groups of one query and its documents; knows no order, no top_n and no framework."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import groupby, islice
from typing import TYPE_CHECKING

import torch

from rerank_plugins.core.family import QUERY, Limits, Row, Template
from rerank_plugins.core.groups import Scored
from rerank_plugins.core.vectors import split_vectors
from rerank_plugins.errors import NonFiniteScoreError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future

    from torch import Tensor

    from rerank_plugins.core.activations import Activation
    from rerank_plugins.core.family import Head
    from rerank_plugins.core.groups import Group
    from rerank_plugins.core.scheduler import Submits
    from rerank_plugins.core.tokenization import TextTokenizer


@dataclass(frozen=True, kw_only=True, slots=True)
class Scorer:
    """A family bound to one loaded model: writes rows, has them read, and scores what was read.

    Attributes:
        name: What error messages call the model.
        dtype: What error messages call its precision.
        head: ``(reads, hidden) -> (reads,)``, for the vectors of one query.
    """

    name: str
    dtype: str
    template: Template
    tokenizer: TextTokenizer
    limits: Limits
    head: Head
    activation: Activation
    scheduler: Submits

    def rows(self, groups: Sequence[Group]) -> list[list[Row]]:
        """Return the rows of each group."""
        return [
            self.template.rows(
                self.tokenizer, group.query, group.documents, instruction=group.instruction, limits=self.limits
            )
            for group in groups
        ]

    def submit(self, rows: Sequence[Sequence[Row]]) -> Future[Tensor]:
        """Queue the rows of all groups as one read."""
        return self.scheduler.submit([row for group in rows for row in group])

    @torch.inference_mode()
    def scores(self, rows: Sequence[Sequence[Row]], vectors: Tensor, normalize: bool | None) -> list[list[Scored]]:
        """Return one result per document of each group.

        Raises:
            NonFiniteScoreError: A score is NaN or infinite.
        """
        logits = torch.cat([self.head(part) for part in split_vectors(vectors, rows)])
        applied = self.activation.apply(logits, normalize)
        # An infinite logit would pass as the probability 0 or 1.
        applied = torch.where(logits.isfinite(), applied, logits.double())
        # A device is waited for once a call: here.
        values = applied.view(sum(map(len, rows)), -1).tolist()
        of_row = iter(values)
        return [self._group(group, list(islice(of_row, len(group)))) for group in rows]

    def close(self) -> None:
        """Let go of the model."""
        self.scheduler.close()

    def _group(self, rows: Sequence[Row], values: Sequence[Sequence[float]]) -> list[Scored]:
        found = [
            (row.document, Scored(tuple(scores), row.truncated, row.passage, len(row.ids)))
            for row, scores in zip(rows, values, strict=True)
            if row.document != QUERY
        ]
        self._check_finite(found)
        return [_best([scored for _, scored in same]) for _, same in groupby(found, key=lambda pair: pair[0])]

    def _check_finite(self, found: Sequence[tuple[int, Scored]]) -> None:
        for document, scored in found:
            wrong = [score for score in scored.scores if not math.isfinite(score)]
            if wrong:
                raise NonFiniteScoreError(
                    f"{self.name} in {self.dtype} gave the score {wrong[0]} for the document at index {document}. "
                    'Load with dtype="float32"; if it stays, the weights are damaged.'
                )


def _best(passages: Sequence[Scored]) -> Scored:
    """Return the best passage of a document; with several layers, the best of each and no single passage."""
    if len(passages) == 1:
        return passages[0]
    tokens = sum(scored.tokens for scored in passages)
    if len(passages[0].scores) == 1:
        return replace(max(passages, key=lambda scored: scored.score), tokens=tokens)
    scores = tuple(max(column) for column in zip(*(scored.scores for scored in passages), strict=True))
    return Scored(scores, truncated=False, tokens=tokens)
