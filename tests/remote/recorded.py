"""What each server is asked for two documents and what it answers.

The shapes of vLLM's and Infinity's answers were recorded; those of the others are as documented.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Case:
    """One exchange; ``scores`` are those that a caller gets by default."""

    dialect: str
    path: str
    request: dict[str, Any]
    response: Any
    scores: list[float]
    options: dict[str, Any] = field(default_factory=dict)
    instruction: str | None = None

    @property
    def name(self) -> str:
        return self.dialect if self.instruction is None else f"{self.dialect}-instruction"


def sigmoid(logit: float) -> float:
    return 1 / (1 + math.exp(-logit))


NAMED = {"model_name": "m"}
CASES = [
    Case(
        "vllm",
        "/v1/score",
        {"model": "m", "text_1": "q", "text_2": ["a", "b"], "use_activation": False},
        {
            "id": "score-90c4",
            "object": "list",
            "created": 1795243102,
            "model": "m",
            "data": [
                {"index": 0, "object": "score", "score": 0.0579808},
                {"index": 1, "object": "score", "score": 0.0662866},
            ],
            "usage": {"prompt_tokens": 254, "total_tokens": 254, "completion_tokens": 0},
        },
        [sigmoid(0.0579808), sigmoid(0.0662866)],
        NAMED,
    ),
    Case(
        "vllm",
        "/v2/rerank",
        {"query": "q", "documents": ["a", "b"], "use_activation": False, "instruction": "find bears"},
        {
            "id": "score-b8bd",
            "model": "tiny",
            "usage": {"prompt_tokens": 240, "total_tokens": 240},
            "results": [
                {"index": 1, "document": {"text": "b", "multi_modal": None}, "relevance_score": 0.0729045},
                {"index": 0, "document": {"text": "a", "multi_modal": None}, "relevance_score": -0.25},
            ],
        },
        [sigmoid(-0.25), sigmoid(0.0729045)],
        instruction="find bears",
    ),
    Case(
        "tei",
        "/rerank",
        {"query": "q", "texts": ["a", "b"], "raw_scores": True, "return_text": False, "truncate": True},
        [{"index": 1, "score": 4.5}, {"index": 0, "score": -4.5}],
        [sigmoid(-4.5), sigmoid(4.5)],
    ),
    Case(
        "infinity",
        "/rerank",
        {"model": "m", "query": "q", "documents": ["a", "b"], "raw_scores": True, "return_documents": False},
        {
            "object": "rerank",
            "results": [
                {"relevance_score": 0.5834254, "index": 1, "document": None},
                {"relevance_score": 0.5702700, "index": 0, "document": None},
            ],
            "model": "m",
            "usage": {"prompt_tokens": 163, "total_tokens": 163},
            "id": "infinity-1",
            "created": 1795243400,
        },
        [sigmoid(0.57027), sigmoid(0.5834254)],
        NAMED,
    ),
    Case(
        "jina",
        "/v1/rerank",
        {"model": "m", "query": "q", "documents": ["a", "b"], "return_documents": False, "top_n": 2},
        {
            "model": "m",
            "usage": {"total_tokens": 12},
            "results": [{"index": 1, "relevance_score": 0.75}, {"index": 0, "relevance_score": 0.25}],
        },
        [0.25, 0.75],
        NAMED,
    ),
    Case(
        "cohere",
        "/v2/rerank",
        {"model": "m", "query": "q", "documents": ["a", "b"], "top_n": 2},
        {
            "id": "x",
            "results": [{"index": 1, "relevance_score": 0.75}, {"index": 0, "relevance_score": 0.25}],
            "meta": {"api_version": {"version": "2"}, "billed_units": {"search_units": 1}},
        },
        [0.25, 0.75],
        NAMED,
    ),
    Case(
        "voyage",
        "/v1/rerank",
        {
            "model": "m",
            "query": "q",
            "documents": ["a", "b"],
            "return_documents": False,
            "truncation": True,
            "top_k": 2,
        },
        {
            "object": "list",
            "data": [{"relevance_score": 0.75, "index": 1}, {"relevance_score": 0.25, "index": 0}],
            "model": "m",
            "usage": {"total_tokens": 12},
        },
        [0.25, 0.75],
        NAMED,
    ),
    Case(
        "mixedbread",
        "/v1/reranking",
        {"model": "m", "query": "q", "input": ["a", "b"], "return_input": False, "top_k": 2},
        {
            "usage": {"prompt_tokens": 12, "total_tokens": 12},
            "model": "m",
            "data": [
                {"index": 1, "score": 0.75, "input": None, "object": "rank_result"},
                {"index": 0, "score": 0.25, "input": None, "object": "rank_result"},
            ],
            "object": "list",
            "top_k": 2,
            "return_input": False,
        },
        [0.25, 0.75],
        NAMED,
    ),
    Case(
        "contextual",
        "/v1/rerank",
        {"model": "m", "query": "q", "documents": ["a", "b"], "top_n": 2},
        {"results": [{"index": 1, "relevance_score": 0.75000001}, {"index": 0, "relevance_score": 0.25}]},
        [0.25, 0.75000001],
        NAMED,
    ),
    Case(
        "contextual",
        "/v1/rerank",
        {"model": "m", "query": "q", "documents": ["a", "b"], "top_n": 2, "instruction": "find bears"},
        {"results": [{"index": 0, "relevance_score": 0.5}, {"index": 1, "relevance_score": 0.25}]},
        [0.5, 0.25],
        NAMED,
        "find bears",
    ),
]
