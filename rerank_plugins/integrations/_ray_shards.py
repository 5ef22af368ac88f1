"""Reranks input shards one after the other and skips finished ones, so that a job can go on where it stopped.

Knows nothing of how a shard is reranked.
"""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import ray.data

from rerank_plugins.errors import ArgumentError, ArgumentTypeError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def rerank_shards(
    shards: Sequence[str | Path],
    output: str | Path,
    rerank: Callable[[ray.data.Dataset], ray.data.Dataset],
    *,
    read: Callable[[str], ray.data.Dataset] | None = None,
) -> list[Path]:
    """Rerank each shard into a directory of Parquet files of its own, and skip those that are there already.

    A shard is written under a hidden name and renamed when it is whole, so what has a shard's name is finished.
    A failure ends the call; the same call again does what is missing. Each shard is a job of its own, which
    starts its actors and loads the model again, so a shard should take minutes. A shard that changed after it
    was finished is not noticed: remove its directory. Run one call at a time on one output.

    Args:
        shards: Files or directories of input, each with a name of its own.
        output: A directory that every node of the cluster sees under this path; it is made.
        rerank: Reranks the dataset of one shard, such as ``lambda rows: rerank_dataset(rows, model="...")``.
        read: Reads a shard; ``None`` = ``ray.data.read_parquet``.

    Returns:
        One directory per shard, in the order given; ``ray.data.read_parquet`` reads the list.

    Raises:
        ArgumentError: Two shards have one name, there is no such shard, or ``output`` is a URL.
        ArgumentTypeError: ``shards`` is a single path.
        Exception: What reading, reranking or writing raises.
    """
    done = _places(shards, output)
    for shard, place in zip(shards, done, strict=True):
        if not place.exists():
            partial = place.with_name(f".{place.name}.partial")
            shutil.rmtree(partial, ignore_errors=True)  # what a call that failed left behind
            partial.mkdir(parents=True)  # Ray makes none for a shard without rows
            rows = (ray.data.read_parquet if read is None else read)(str(shard))
            rerank(rows).write_parquet(str(partial))
            partial.rename(place)
    return done


def _places(shards: Sequence[str | Path], output: str | Path) -> list[Path]:
    """Return where each shard's output belongs."""
    if isinstance(shards, (str, Path)):
        raise ArgumentTypeError(f"shards must be a list of paths, got one: {str(shards)!r}. Give [path].")
    if "://" in str(output):
        raise ArgumentError(
            f"output={str(output)!r}: a finished shard's directory is renamed, which object stores cannot do. "
            "Mount the store, or call rerank_dataset() for each shard and write a marker when it is done."
        )
    names = [Path(shard).name for shard in shards]
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise ArgumentError(f"Shards need different names, {', '.join(twice)} comes more than once.")
    missing = [str(shard) for shard in shards if "://" not in str(shard) and not Path(shard).exists()]
    if missing:
        raise ArgumentError(f"No such shard: {', '.join(missing)}.")
    return [Path(output).absolute() / name for name in names]
