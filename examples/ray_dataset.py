"""Rerank a Ray dataset: pairs in, the best two documents of each query out; needs no network and no GPU.

Needs the extras ``ray`` and ``embedded``.
"""

from __future__ import annotations

import ray

from rerank_plugins.integrations.ray import rerank_dataset

CANDIDATES = {
    "Which animal sleeps through the winter?": [
        "In winter many people catch a cold.",
        "The hedgehog hibernates under leaves from November to March.",
        "Cats sleep up to sixteen hours a day.",
    ],
    "How does sourdough rise?": [
        "Wild yeast makes gas in the dough.",
        None,  # a row that cannot be scored: it gets an error, and the others keep their scores
        "The sun rises in the east.",
    ],
}


def main() -> None:
    """Print the best two documents of each query, and the row that could not be scored."""
    ray.init(include_dashboard=False)
    pairs = ray.data.from_items(
        [{"query": query, "document": text} for query, texts in CANDIDATES.items() for text in texts]
    )
    # With GPUs: one for each actor, as many actors as there are GPUs; or concurrency=8.
    best = rerank_dataset(pairs, model="embedded", top_n=2)
    for row in sorted(best.take_all(), key=lambda row: (row["query"], row["rank"] is None, row["rank"])):
        scored = "  error" if row["score"] is None else f"  {row['score']:.3f}"
        print(row["query"], scored, row["rank"], row["document"] if row["error"] is None else row["error"])


if __name__ == "__main__":
    main()
