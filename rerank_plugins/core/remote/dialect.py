"""What a server speaks, as frozen values: paths, names of fields, limits; sends and reads nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """One way to ask for scores.

    Attributes:
        path: Where, below the server's URL.
        query: Field of the query.
        documents: Field of the list of documents.
        instruction: Field of the instruction; ``None`` = it cannot be told.
        count: Field of how many results to return, where servers could return fewer by themselves.
        always: Fields that every request has.
        results: Field of the list of results; ``None`` = the answer is the list.
        score: Field of a result's score.
    """

    path: str
    query: str = "query"
    documents: str = "documents"
    instruction: str | None = None
    count: str | None = None
    always: Mapping[str, object] = field(default_factory=dict)
    results: str | None = "results"
    score: str = "relevance_score"


@dataclass(frozen=True, kw_only=True, slots=True)
class Dialect:
    """One kind of server.

    Attributes:
        name: What ``load(dialect=...)`` calls it.
        route: How to ask without an instruction.
        instructed: How to ask with one; ``None`` = instructions are refused.
        most_documents: Most documents of one request.
        key_variable: Environment variable of the key.
        gives_logits: Whether scores are logits, which the routes ask for, and not already from 0 to 1.
        model_name: Whether requests name a model.
    """

    name: str
    route: Route
    instructed: Route | None = None
    most_documents: int
    key_variable: str
    gives_logits: bool = False
    model_name: Literal["required", "optional", "none"]

    def route_for(self, instruction: str | None) -> Route:
        """Return how to ask; that the dialect takes instructions was checked before."""
        return self.route if instruction is None or self.instructed is None else self.instructed

    def paths(self) -> tuple[str, ...]:
        """Return where its routes are, below a server's URL."""
        return tuple(route.path for route in (self.route, self.instructed) if route is not None)
