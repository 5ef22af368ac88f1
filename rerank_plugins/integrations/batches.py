"""Scores batches of rows with named columns, in Arrow tables or pandas frames; knows no Ray and no Spark.

Neither pyarrow nor pandas is imported before a batch of its kind comes.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING, Any

from rerank_plugins.core.options import check_instruction
from rerank_plugins.errors import ArgumentError
from rerank_plugins.integrations._rows import Outcome, PairScorer, score_rows
from rerank_plugins.integrations._sources import Made, source_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    import pandas as pd
    import pyarrow as pa

    from rerank_plugins.integrations.models import ModelHandle


@dataclass(frozen=True)
class ScorePairs:
    """Adds a score and an error to every row of a batch; one row is one pair, and none is moved or dropped.

    A row has a score and no error, or an error ("kind: message") and no score. The object is small and can be
    pickled: the model is loaded by the first batch, in the process that scores it, and kept with the object.

    Args:
        model: What ``load`` takes: a hub id, a directory, ``"embedded"`` or a URL; or ``make_reranker``.
        load_options: Further keyword arguments of ``load``, plain JSON types only.
        make_reranker: A function without arguments that returns any object with ``score_pairs(pairs)``; it is
            called in the process that scores.
        query_column: Where the query is.
        document_column: Where the document is.
        instruction_column: Where a row's own instruction is, if it is not null.
        instruction: For all rows without one of their own.
        normalize: ``True`` = scores from 0 to 1, ``False`` = raw, ``None`` = as the model's vendor.
        score_column: New column for the score, a float64 or null.
        error_column: New column for the error, a string or null.

    Raises:
        ArgumentError: An argument has a value that cannot be used.
        ArgumentTypeError: An argument has the wrong type.
    """

    _: KW_ONLY
    model: str | None = None
    load_options: Mapping[str, object] | None = field(default=None, repr=False)  # it may hold a token
    make_reranker: Callable[[], PairScorer] | None = None
    query_column: str = "query"
    document_column: str = "document"
    instruction_column: str | None = None
    instruction: str | None = None
    normalize: bool | None = None
    score_column: str = "score"
    error_column: str = "error"
    _source: ModelHandle | Made = field(init=False, repr=False)

    def __post_init__(self) -> None:
        check_instruction(self.instruction)
        check_apart(score_column=self.score_column, error_column=self.error_column)
        source = source_of(self.model, self.load_options, self.make_reranker)
        object.__setattr__(self, "_source", source)

    def __call__(self, table: pa.Table) -> pa.Table:
        """Return the table with a score and an error for each row.

        Raises:
            ArgumentError: A column is missing, or is there already.
            Exception: What loading raises, and what a model raises that cannot score anything any more.
        """
        import pyarrow as pa

        self.check_columns(table.column_names)
        outcomes = self.outcomes(*(table.column(name).to_pylist() for name in self.read_columns))
        scores = pa.array([outcome.score for outcome in outcomes], pa.float64())
        errors = pa.array([outcome.error for outcome in outcomes], pa.string())
        return table.append_column(self.score_column, scores).append_column(self.error_column, errors)

    def frames(self, frames: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        """Yield each frame with a score and an error for each row, as Spark's ``mapInPandas`` wants it.

        Raises:
            ArgumentError: A column is missing, or is there already.
            Exception: What loading raises, and what a model raises that cannot score anything any more.
        """
        import pandas as pd

        for frame in frames:
            self.check_columns(list(frame.columns))
            outcomes = self.outcomes(*(_values(frame[name]) for name in self.read_columns))
            scores = pd.Series([outcome.score for outcome in outcomes], index=frame.index, dtype="float64")
            errors = pd.Series([outcome.error for outcome in outcomes], index=frame.index, dtype="object")
            yield frame.assign(**{self.score_column: scores, self.error_column: errors})

    def load(self) -> None:
        """Load the model now, so that what is wrong with it shows before any row is read."""
        self._source.get()

    def outcomes(
        self, queries: Sequence[object], documents: Sequence[object], instructions: Sequence[object] | None = None
    ) -> list[Outcome]:
        """Return one score or error per row."""
        if not queries:
            return []
        scorer = self._source.get()  # outside of what is a row's error: a model that is not there is nobody's
        return score_rows(
            scorer, queries, documents, instructions, instruction=self.instruction, normalize=self.normalize
        )

    @property
    def read_columns(self) -> list[str]:
        """The columns that are read: query, document and, where rows have their own, instruction."""
        names = [self.query_column, self.document_column]
        return names if self.instruction_column is None else [*names, self.instruction_column]

    def check_columns(self, names: Sequence[str]) -> None:
        """Raise unless these columns can be read, and the new ones added."""
        check_there(names, self.read_columns)
        check_free(names, score_column=self.score_column, error_column=self.error_column)


def check_there(names: Sequence[str], wanted: Sequence[str]) -> None:
    """Raise unless every wanted column is among these."""
    missing = [name for name in wanted if name not in names]
    if missing:
        raise ArgumentError(
            f"No column {', '.join(map(repr, missing))}; there are {', '.join(map(repr, names))}. "
            "Name the columns with query_column=, document_column= and so on."
        )


def check_free(names: Sequence[str], **new: str) -> None:
    """Raise if a column that is to be added is there already; ``new`` is argument to name."""
    for argument, name in new.items():
        if name in names:
            raise ArgumentError(f"There is a column {name!r} already; give another name as {argument}=.")


def check_apart(**names: str) -> None:
    """Raise unless the new columns have different names."""
    if len(set(names.values())) != len(names):
        raise ArgumentError(f"{', '.join(names)} must be different names, got {', '.join(names.values())}.")


def _values(column: Any) -> list[object]:
    """Return a pandas column's values, with ``None`` for what pandas calls missing."""
    return [None if missing else value for value, missing in zip(column.tolist(), column.isna(), strict=True)]
