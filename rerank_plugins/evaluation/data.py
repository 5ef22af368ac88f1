"""What is evaluated: queries with their candidates and judgments, as values; knows no file and no model."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rerank_plugins.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True)
class Candidate:
    """A document that the first stage found for a query."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class JudgedQuery:
    """A query, what the first stage found for it, and what is known to be relevant.

    Attributes:
        id: Unique in its data set.
        text: The query as it is asked.
        candidates: In the first stage's order, best first; this order is the baseline.
        grades: Grade by document id; above 0 is relevant, a document without a grade is not. It may name
            documents that are no candidates: they count as relevant documents that reranking cannot find.
    """

    id: str
    text: str
    candidates: tuple[Candidate, ...]
    grades: Mapping[str, int]

    def __post_init__(self) -> None:
        """Raise ``ArgumentError`` if a document is a candidate twice: its place would be two places."""
        twice = first_repeated(candidate.id for candidate in self.candidates)
        if twice is not None:
            raise ArgumentError(
                f"query {self.id!r} has the candidate {twice!r} twice. Give each document once, at its best place."
            )

    @property
    def relevant(self) -> frozenset[str]:
        """Ids of the relevant documents, whether candidates or not."""
        return frozenset(name for name, grade in self.grades.items() if grade > 0)

    @property
    def found(self) -> frozenset[str]:
        """Ids of the relevant documents among the candidates."""
        return self.relevant & {candidate.id for candidate in self.candidates}


@dataclass(frozen=True, slots=True)
class Dataset:
    """Queries to evaluate on.

    Attributes:
        name: What tables and reports call it.
        queries: Ids are unique.
        notes: What a reader of the results must know about the data, as sentences.
    """

    name: str
    queries: tuple[JudgedQuery, ...]
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raise ``ArgumentError`` if there is no query, or an id stands for two."""
        if not self.queries:
            raise ArgumentError(f"{self.name} holds no query. Give at least one query with its candidates.")
        twice = first_repeated(query.id for query in self.queries)
        if twice is not None:
            raise ArgumentError(f"{self.name} has the query id {twice!r} twice. Give each query an id of its own.")

    @property
    def judged(self) -> tuple[JudgedQuery, ...]:
        """The queries that have a relevant document at all; only on these can an order be right or wrong."""
        return tuple(query for query in self.queries if query.relevant)


def cut(dataset: Dataset, depth: int | None) -> Dataset:
    """Return the data with only the first ``depth`` candidates of each query; ``None`` keeps all."""
    if depth is None:
        return dataset
    queries = tuple(replace(query, candidates=query.candidates[:depth]) for query in dataset.queries)
    return replace(dataset, queries=queries)


def first_repeated(names: Iterable[str]) -> str | None:
    """Return the first name that occurred before, if any."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None
