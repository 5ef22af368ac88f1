"""Reranks Ray Data datasets of any size over a pool of actors; knows no model, prompt or device."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rerank_plugins.core.options import CallOptions
from rerank_plugins.integrations._groups_of_rows import BestOfGroup, RankLists
from rerank_plugins.integrations._shared import missing_extra, resolved
from rerank_plugins.integrations.batches import ScorePairs

try:
    import ray.data  # noqa: TC002 - whether Ray is there must show now

    from rerank_plugins.integrations._ray_checks import check_counts, check_no_group, check_schema
    from rerank_plugins.integrations._ray_pool import actor_options
    from rerank_plugins.integrations._ray_shards import rerank_shards
except ImportError as error:
    raise missing_extra("ray", error) from error

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pyarrow as pa

    from rerank_plugins.integrations._rows import PairScorer

__all__ = ["ScorePairs", "rerank_dataset", "rerank_shards"]


def rerank_dataset(
    dataset: ray.data.Dataset,
    *,
    model: str | None = None,
    load_options: Mapping[str, object] | None = None,
    make_reranker: Callable[[], PairScorer] | None = None,
    query_column: str = "query",
    document_column: str = "document",
    documents_column: str | None = None,
    instruction_column: str | None = None,
    instruction: str | None = None,
    normalize: bool | None = None,
    top_n: int | None = None,
    threshold: float | None = None,
    group_column: str | None = None,
    score_column: str = "score",
    error_column: str = "error",
    rank_column: str = "rank",
    index_column: str = "index",
    concurrency: int | tuple[int, int] | None = None,
    num_gpus: float | None = None,
    num_cpus: float | None = None,
    batch_size: int | None = None,
    rows_per_block: int | None = None,
) -> ray.data.Dataset:
    """Return a dataset with scores; like every Ray dataset it is computed when it is read or written.

    One row is one pair: each keeps its columns and its place in its block, and gets a score, or null and an
    error ("kind: message"). Given ``top_n``, ``threshold`` or ``group_column``, Ray shuffles the scored rows by
    query, and each query keeps its best rows with their rank, 1 being the best; equal scores come in the order
    of the documents' text. Given ``documents_column``, one row is one query with a list of documents, and
    becomes one row for each document that stays, best first, without a shuffle; equal scores keep the list's
    order. In both forms rows with an error stay: after the ranked ones, without a rank, whatever ``top_n`` is.

    Ray does not keep the order of blocks (``DataContext.execution_options.preserve_order``): carry an id. The
    first rows of the dataset are read now, to see its columns. A killed actor is replaced, and only the blocks
    it had not finished are scored again. What is left out comes from a ``rerank_options`` block, if in one.

    Args:
        dataset: What to rerank.
        model: What ``load`` takes: a hub id, a directory that every node has, ``"embedded"`` or a URL.
        load_options: Further keyword arguments of ``load``, plain JSON types only.
        make_reranker: Instead of ``model``: a function that each actor calls once, and that returns any object
            with ``score_pairs(pairs)``.
        query_column: Where the query is.
        document_column: Where the document is; with ``documents_column``, the new column for it.
        documents_column: Where the list of documents is; it is replaced by the document and its place.
        instruction_column: Where a row's own instruction is, if it is not null.
        instruction: For all rows without one of their own.
        normalize: ``True`` = scores from 0 to 1, ``False`` = raw, ``None`` = as the model's vendor.
        top_n: How many rows with a score each query keeps; ``None`` is all.
        threshold: Lowest score to keep (inclusive); before ``top_n``.
        group_column: What rows of one query share; ``None`` = the query and, if there, its instruction column.
        score_column: New column for the score (float64 or null).
        error_column: New column for the error (string or null).
        rank_column: New column for the rank (int64; null for an error), where rows are ranked.
        index_column: New column for the place in the list (int64), with ``documents_column``.
        concurrency: How many actors, or ``(least, most)``; ``None`` = as many as the cluster's GPUs allow now,
            one where none is used.
        num_gpus: GPUs of each actor; ``None`` = 1 where the cluster has any, but 0 for a URL and for
            ``load_options={"device": "cpu"}``.
        num_cpus: CPUs of each actor, which also sets its threads; ``None`` = as Ray decides.
        batch_size: Rows an actor scores in one call; ``None`` = 1024 pairs or 32 lists.
        rows_per_block: Most rows in a block, the unit that is done again after a kill; ``None`` = 4096 pairs or
            128 lists.

    Raises:
        ArgumentError: An argument cannot be used, a column is missing, or a new one is there already.
        ArgumentTypeError: An argument or a column has the wrong type.

    A model that cannot be loaded, or cannot score anything any more, fails the job when it runs.
    """
    check_counts(concurrency, batch_size=batch_size, rows_per_block=rows_per_block)
    options = resolved(CallOptions(instruction=instruction, top_n=top_n, threshold=threshold), CallOptions())
    scorer = ScorePairs(
        model=model,
        load_options=load_options,
        make_reranker=make_reranker,
        query_column=query_column,
        document_column=document_column,
        instruction_column=instruction_column,
        instruction=options.instruction,
        normalize=normalize,
        score_column=score_column,
        error_column=error_column,
    )
    pool = actor_options(model, load_options, concurrency=concurrency, num_gpus=num_gpus, num_cpus=num_cpus)
    if documents_column is not None:
        check_no_group(group_column)
        lists = RankLists(scorer, documents_column, index_column, rank_column, options)
        check_schema(dataset, lists.check_columns, texts=lists.text_columns, lists=documents_column)
        return _scored(dataset, lists, pool, _given(batch_size, 32), _given(rows_per_block, 128))
    best = BestOfGroup(scorer, rank_column, options, _keys(scorer, options, group_column))
    check_schema(dataset, best.check_columns, texts=scorer.read_columns)
    scored = _scored(dataset, scorer, pool, _given(batch_size, 1024), _given(rows_per_block, 4096))
    return scored.groupby(best.keys).map_groups(best.keep_best, batch_format="pyarrow") if best.keys else scored


class Rerank:
    """What an actor holds: the work, with its model loaded before the first row is sent."""

    def __init__(self, work: ScorePairs | RankLists) -> None:
        work.load()
        self._work = work

    def __call__(self, table: pa.Table) -> pa.Table:
        """Return the table's rows with their scores."""
        return self._work(table)


def _scored(
    dataset: ray.data.Dataset,
    work: ScorePairs | RankLists,
    pool: Mapping[str, Any],
    batch_size: int,
    rows_per_block: int,
) -> ray.data.Dataset:
    # A block is what Ray does again after a kill, and files may come as one block of any size.
    blocks = dataset.repartition(target_num_rows_per_block=rows_per_block)
    return blocks.map_batches(
        Rerank, fn_constructor_args=(work,), batch_size=batch_size, batch_format="pyarrow", **pool
    )


def _keys(scorer: ScorePairs, options: CallOptions, group_column: str | None) -> list[str]:
    """Return what the rows of one query share; nothing, if rows are not ranked."""
    if group_column is not None:
        return [group_column]
    if options.top_n is None and options.threshold is None:
        return []
    return [name for name in scorer.read_columns if name != scorer.document_column]


def _given(count: int | None, default: int) -> int:
    return default if count is None else count
