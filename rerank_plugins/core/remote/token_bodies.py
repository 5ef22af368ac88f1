"""Rows of token ids as a request to a server that adds nothing to them; sends nothing."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rerank_plugins.core.remote.answers import scores_in_order
from rerank_plugins.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rerank_plugins.core.family import Row
    from rerank_plugins.core.remote.endpoint import Endpoint
    from rerank_plugins.core.remote.served import Served
    from rerank_plugins.core.remote.token_dialects import TokenDialect


@dataclass(frozen=True, slots=True)
class Tokens:
    """One request for the raw numbers of some rows.

    Raises:
        ArgumentError: A row is read at another position than vLLM reads, or has segments, which cannot be told.
    """

    endpoint: Endpoint
    dialect: TokenDialect
    served: Served
    rows: Sequence[Row]

    def __post_init__(self) -> None:
        for row in self.rows:
            self.served.check(row)
            if any(row.type_ids or ()):
                raise ArgumentError(
                    "vLLM's server takes no segment ids, and without them this model's scores would be wrong. Use "
                    'engine="vllm", or give the server\'s URL as model= so that it writes the rows itself.'
                )

    @property
    def url(self) -> str:
        """Where to ask."""
        return self.endpoint.url(self.dialect.path)

    def body(self) -> bytes:
        """Return the JSON that asks."""
        rows = {self.dialect.rows: [list(row.ids) for row in self.rows]}
        return json.dumps({**self.endpoint.named(), **rows, **self.dialect.fields(self.served)}).encode()

    def scores(self, body: bytes) -> list[float]:
        """Return the numbers of an answer in the rows' order.

        Raises:
            RemoteResponseError: The answer is not one finite number for each row, or not JSON at all.
            NonFiniteScoreError: A number is NaN or infinite.
        """
        return scores_in_order(
            body,
            results=self.dialect.results,
            score=lambda result: self.dialect.number(result, self.served),
            asked=len(self.rows),
            where=self.url,
        )

    def halves(self) -> tuple[Tokens, Tokens] | None:
        """Return two requests for half of the rows each, or ``None`` for a single row."""
        middle = len(self.rows) // 2
        if not middle:
            return None
        return replace(self, rows=self.rows[:middle]), replace(self, rows=self.rows[middle:])
