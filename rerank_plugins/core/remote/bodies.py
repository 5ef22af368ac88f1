"""A query and documents as a request to a server that writes the prompt itself; sends nothing."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rerank_plugins.core.remote.answers import scores_in_order

if TYPE_CHECKING:
    from rerank_plugins.core.groups import Group
    from rerank_plugins.core.remote.dialect import Route
    from rerank_plugins.core.remote.endpoint import Endpoint


@dataclass(frozen=True, slots=True)
class Texts:
    """One request for the scores of a group."""

    endpoint: Endpoint
    route: Route
    group: Group

    @property
    def url(self) -> str:
        """Where to ask."""
        return self.endpoint.url(self.route.path)

    def body(self) -> bytes:
        """Return the JSON that asks."""
        route, group = self.route, self.group
        body = {**self.endpoint.named(), route.query: group.query, route.documents: list(group.documents)}
        body |= route.always
        if route.count is not None:
            body[route.count] = len(group.documents)
        if route.instruction is not None:
            body[route.instruction] = group.instruction
        # Halves of surrogate pairs are no text and have no bytes; servers would refuse the whole request.
        return json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")

    def scores(self, body: bytes) -> list[float]:
        """Return the scores of an answer in the documents' order.

        Raises:
            RemoteResponseError: The answer is not one finite number for each document, or not JSON at all.
            NonFiniteScoreError: A score is NaN or infinite.
        """
        return scores_in_order(
            body,
            results=self.route.results,
            score=lambda result: result.get(self.route.score),
            asked=len(self.group.documents),
            where=self.url,
        )

    def halves(self) -> tuple[Texts, Texts] | None:
        """Return two requests for half of the documents each, or ``None`` for a single document."""
        documents = self.group.documents
        middle = len(documents) // 2
        if not middle:
            return None
        return (
            replace(self, group=replace(self.group, documents=documents[:middle])),
            replace(self, group=replace(self.group, documents=documents[middle:])),
        )
