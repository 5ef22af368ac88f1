"""Score pairs in Spark: an iterator over pandas frames, the model loaded once per partition.

Needs ``pip install pyspark pyarrow pandas`` and the extra ``embedded``. Use few, large partitions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rerank_plugins.integrations.batches import ScorePairs

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

SCHEMA = "query string, document string, score double, error string"
PAIRS = [
    ("Which animal sleeps through the winter?", "The hedgehog hibernates under leaves."),
    ("Which animal sleeps through the winter?", "In winter many people catch a cold."),
    ("Which animal sleeps through the winter?", None),
]


def score_partition(frames: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    """Yield each frame with a score and an error for each row; a row that fails stops nothing."""
    yield from ScorePairs(model="embedded", load_options={"device": "cpu"}).frames(frames)


def main() -> None:
    """Print the pairs with their scores."""
    from pyspark.sql import SparkSession  # noqa: PLC0415 - what scores works without Spark

    spark = SparkSession.builder.appName("rerank").getOrCreate()
    pairs = spark.createDataFrame(PAIRS, "query string, document string")
    pairs.repartition(1).mapInPandas(score_partition, SCHEMA).show(truncate=False)
    spark.stop()


if __name__ == "__main__":
    main()
