"""Checks of a dataset and of counts before a job starts, so that it does not fail an hour later."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from rerank_plugins.errors import ArgumentError, ArgumentTypeError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import ray.data


def check_counts(concurrency: object, **counts: object) -> None:
    """Raise unless every count is a positive whole number or ``None``."""
    both = concurrency if isinstance(concurrency, tuple) else (concurrency,)
    if isinstance(concurrency, tuple) and (len(concurrency) != 2 or None in concurrency):
        raise ArgumentError(f"concurrency must be a number of actors or (least, most), got {concurrency!r}.")
    for name, value in [*(("concurrency", one) for one in both), *counts.items()]:
        if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
            raise ArgumentTypeError(f"{name} must be a positive int or None, got {type(value).__name__}.")
        if isinstance(value, int) and value < 1:
            raise ArgumentError(f"{name} must be > 0, got {value}.")
    if isinstance(concurrency, tuple) and concurrency[0] > concurrency[1]:
        raise ArgumentError(f"concurrency must be (least, most), got {concurrency!r}.")


def check_no_group(group_column: object) -> None:
    """Raise if rows with lists of documents are to be grouped: each is a query of its own already."""
    if group_column is not None:
        raise ArgumentError("group_column: no effect with documents_column=, where each row is one query.")


def check_schema(
    dataset: ray.data.Dataset,
    check_columns: Callable[[Sequence[str]], None],
    *,
    texts: Sequence[str],
    lists: str | None = None,
) -> None:
    """Raise unless the dataset has the columns, and they can hold what they should; an empty one has none.

    Args:
        dataset: Its first rows are read, if its columns are not known yet.
        check_columns: Raises for names that do not fit.
        texts: Columns of strings.
        lists: The column of lists of strings, if there is one.
    """
    schema = dataset.schema()
    if schema is None:
        return
    check_columns(schema.names)
    types = dict(zip(schema.names, schema.types, strict=True))
    for name in texts:
        if _is_list(types[name]) or _is_no_text(types[name]):
            raise ArgumentTypeError(
                f"Column {name!r} must hold strings, it holds {types[name]}. "
                "For a list of documents in each row give its name as documents_column=."
            )
    if lists is not None and not _may_be_texts(types[lists]):
        raise ArgumentTypeError(
            f"Column {lists!r} must hold lists of strings, it holds {types[lists]}. "
            "For one document in each row give its name as document_column=."
        )


def _may_be_texts(kind: object) -> bool:
    """Return whether a column of this type can hold lists of strings; Python objects may be anything."""
    if not isinstance(kind, pa.DataType) or isinstance(kind, pa.BaseExtensionType) or pa.types.is_null(kind):
        return True
    return _is_list(kind) and not _is_no_text(kind.value_type)


def _is_list(kind: object) -> bool:
    tests = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)
    return isinstance(kind, pa.DataType) and any(test(kind) for test in tests)


def _is_no_text(kind: object) -> bool:
    """Return whether no value of this type can be a string."""
    tests = (pa.types.is_primitive, pa.types.is_struct, pa.types.is_binary, pa.types.is_large_binary)
    return isinstance(kind, pa.DataType) and any(test(kind) for test in tests)
