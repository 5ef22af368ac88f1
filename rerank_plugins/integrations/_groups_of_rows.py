"""Keeps the best rows of each query, in Arrow tables: of lists of documents, and of a group of scored pairs.

Knows no Ray and no model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from rerank_plugins.integrations._best_rows import best_rows
from rerank_plugins.integrations._rows import Outcome
from rerank_plugins.integrations.batches import ScorePairs, check_apart, check_free, check_there

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from rerank_plugins.core.options import CallOptions


_Entry: TypeAlias = "tuple[int, int | None, object]"
"""A document: its row, its place in the row's list (``None`` if that is no list), and what stands there."""


@dataclass(frozen=True)
class BestOfGroup:
    """Turns the scored rows of one query into its best rows, with their rank."""

    scorer: ScorePairs
    rank_column: str
    options: CallOptions
    keys: list[str]

    def check_columns(self, names: Sequence[str]) -> None:
        """Raise unless the columns can be read, and the new ones added."""
        self.scorer.check_columns(names)
        if self.keys:
            check_there(names, self.keys)
            check_free(names, rank_column=self.rank_column)
            check_apart(
                score_column=self.scorer.score_column,
                error_column=self.scorer.error_column,
                rank_column=self.rank_column,
            )

    def keep_best(self, table: pa.Table) -> pa.Table:
        """Return the rows that stay, best first; equal scores come in the order of their documents' text.

        The order of the input is not known any more, because rows of a query come from many places.
        """
        import pyarrow as pa

        scores = table.column(self.scorer.score_column).to_pylist()
        texts = [str(text) for text in table.column(self.scorer.document_column).to_pylist()]
        kept = best_rows(scores, texts, top_n=self.options.top_n, threshold=self.options.threshold)
        ranks = pa.array([rank for _, rank in kept], pa.int64())
        return table.take(pa.array([place for place, _ in kept], pa.int64())).append_column(
            self.rank_column, ranks
        )


@dataclass(frozen=True)
class RankLists:
    """Turns rows of a query and its list of documents into one row for each document that stays, best first.

    All other columns are repeated. Equal scores keep the order of the list; an empty list gives no row; what is
    no list gives one row with an error.
    """

    scorer: ScorePairs
    documents_column: str
    index_column: str
    rank_column: str
    options: CallOptions

    def __post_init__(self) -> None:
        check_apart(
            document_column=self.scorer.document_column,
            index_column=self.index_column,
            score_column=self.scorer.score_column,
            error_column=self.scorer.error_column,
            rank_column=self.rank_column,
        )

    @property
    def text_columns(self) -> list[str]:
        """The columns of strings: query and, where rows have their own, instruction."""
        said = self.scorer.instruction_column
        return [self.scorer.query_column, *([] if said is None else [said])]

    def load(self) -> None:
        """Load the model now."""
        self.scorer.load()

    def __call__(self, table: pa.Table) -> pa.Table:
        """Return one row per document that stays."""
        self.check_columns(table.column_names)
        lists = table.column(self.documents_column).to_pylist()
        flat = [(row, index, text) for row, texts in enumerate(lists) for index, text in _entries(texts)]
        outcomes = self._outcomes(table, flat)
        kept: list[tuple[int, int | None]] = []
        start = 0
        for texts in lists:
            end = start + len(_entries(texts))
            kept += [(start + place, rank) for place, rank in self._best(outcomes[start:end])]
            start = end
        return self._table(table, [(flat[place], outcomes[place], rank) for place, rank in kept])

    def check_columns(self, names: Sequence[str]) -> None:
        """Raise unless these columns can be read, and the new ones added."""
        scorer = self.scorer
        check_there(names, [*self.text_columns, self.documents_column])
        check_free(
            [name for name in names if name != self.documents_column],
            document_column=scorer.document_column,
            index_column=self.index_column,
            score_column=scorer.score_column,
            error_column=scorer.error_column,
            rank_column=self.rank_column,
        )

    def _outcomes(self, table: pa.Table, flat: Sequence[_Entry]) -> list[Outcome]:
        """Return one outcome per document; what is no list is not given to the model."""
        rows = [row for row, index, _ in flat if index is not None]
        columns = [table.column(name).to_pylist() for name in self.text_columns]
        queries, *said = [[column[row] for row in rows] for column in columns]
        texts = [text for _, index, text in flat if index is not None]
        scored = iter(self.scorer.outcomes(queries, texts, *said))
        no_list = Outcome(None, f"ArgumentTypeError: {self.documents_column} must be a list of strings.")
        return [no_list if index is None else next(scored) for _, index, _ in flat]

    def _best(self, outcomes: Sequence[Outcome]) -> list[tuple[int, int | None]]:
        scores = [outcome.score for outcome in outcomes]
        ties = [""] * len(scores)  # equal scores keep the list's order
        return best_rows(scores, ties, top_n=self.options.top_n, threshold=self.options.threshold)

    def _table(self, table: pa.Table, rows: Sequence[tuple[_Entry, Outcome, int | None]]) -> pa.Table:
        import pyarrow as pa

        scorer = self.scorer
        texts = [text if isinstance(text, str) else None for (_, _, text), _, _ in rows]
        columns = {
            scorer.document_column: pa.array(texts, pa.string()),
            self.index_column: pa.array([index for (_, index, _), _, _ in rows], pa.int64()),
            scorer.score_column: pa.array([outcome.score for _, outcome, _ in rows], pa.float64()),
            scorer.error_column: pa.array([outcome.error for _, outcome, _ in rows], pa.string()),
            self.rank_column: pa.array([rank for _, _, rank in rows], pa.int64()),
        }
        places = pa.array([row for (row, _, _), _, _ in rows], pa.int64())
        taken = table.drop_columns([self.documents_column]).take(places)
        for name, column in columns.items():
            taken = taken.append_column(name, column)
        return taken


def _entries(texts: object) -> list[tuple[int | None, object]]:
    """Return the documents with their places; what is no list is one entry without a place."""
    return list(enumerate(texts)) if isinstance(texts, list) else [(None, None)]
