"""What ten million pairs a day cost on paper, from sizes and assumptions only; runs no model."""

from __future__ import annotations

import math
from dataclasses import dataclass

PAIRS_A_DAY = 10_000_000
TOKENS_A_PAIR = 300
PEAK = 4
"""The busiest hour, as a multiple of the day's mean."""
USEFUL_FLOPS = 300e12
"""bfloat16 on one H100 in practice: two fifths of what its large matrix products reach."""


@dataclass(frozen=True)
class Size:
    """A model and its parameters outside the embedding, as its card or its layers give them."""

    model: str
    parameters: float

    @property
    def flops(self) -> float:
        """Operations of one pair: two for each parameter and token, attention left out."""
        return 2 * self.parameters * TOKENS_A_PAIR

    @property
    def gpus(self) -> float:
        """GPUs that the mean load keeps busy."""
        return self.flops * PAIRS_A_DAY / 86_400 / USEFUL_FLOPS

    @property
    def most_gpus(self) -> int:
        """GPUs that the busiest hour needs."""
        return math.ceil(PEAK * self.gpus)

    def row(self) -> str:
        """Return a row of the table in docs/scale.md."""
        numbers = (self.parameters / 1e9, self.flops / 1e12, self.gpus)
        return " | ".join([f"| {self.model}", *(f"{number:.2f}" for number in numbers), f"{self.most_gpus} |"])


SIZES = (
    Size("BAAI/bge-reranker-v2-m3", 0.30e9),
    Size("Qwen/Qwen3-Reranker-0.6B", 0.44e9),
    Size("mixedbread-ai/mxbai-rerank-large-v2", 1.31e9),
    Size("Qwen/Qwen3-Reranker-4B", 3.6e9),
    Size("Qwen/Qwen3-Reranker-8B", 6.95e9),
)
HEAD = (
    "| model | parameters, 10^9 | TFLOP a pair | H100, mean | H100, busiest hour |\n"
    "| --- | --- | --- | --- | --- |"
)


def table() -> str:
    """Return the table in docs/scale.md."""
    return "\n".join([HEAD, *(size.row() for size in SIZES)])


if __name__ == "__main__":
    import sys

    sys.stdout.write(table() + "\n")
