"""Scores of the published models are those printed on their cards; run with ``RERANK_HUB=1 pytest -m hub``."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rerank_plugins import load

QUESTIONS = Path(__file__).parents[2] / "examples/data/python_questions"

pytestmark = [
    pytest.mark.hub,
    pytest.mark.skipif(
        os.environ.get("RERANK_HUB") != "1",
        reason="downloads published models (up to 12 GB); set RERANK_HUB=1 to run it",
    ),
]


def test_contextual_6b() -> None:
    """The card's own two ways of running it, transformers and vLLM, differ by 0.125."""
    model = "ContextualAI/ctxl-rerank-v2-instruct-multilingual-6b"
    documents = [
        "Regular exercise reduces risk of heart disease and improves mental health.",
        "A 2024 study shows exercise enhances cognitive function in older adults.",
        "Ancient Greeks valued physical fitness for military training.",
    ]
    with load(model, dtype="bfloat16", instruction="Prioritize recent medical research") as reranker:
        scores = reranker.score("What are the health benefits of exercise?", documents)
    assert scores == pytest.approx([-4.6875, -2.1719, -12.4375], abs=0.15)


def test_jina_v2() -> None:
    """The card's numbers under ``compute_score``; in bfloat16, its other list differs from them by up to 0.003."""
    documents = [
        "Organic skincare for sensitive skin with aloe vera and chamomile.",
        "New makeup trends focus on bold colors and innovative techniques",
        "Bio-Hautpflege für empfindliche Haut mit Aloe Vera und Kamille",
        "Neue Make-up-Trends setzen auf kräftige Farben und innovative Techniken",
        "Cuidado de la piel orgánico para piel sensible con aloe vera y manzanilla",
        "Las nuevas tendencias de maquillaje se centran en colores vivos y técnicas innovadoras",
        "针对敏感肌专门设计的天然有机护肤产品",
        "新的化妆趋势注重鲜艳的颜色和创新的技巧",
        "敏感肌のために特別に設計された天然有機スキンケア製品",
        "新しいメイクのトレンドは鮮やかな色と革新的な技術に焦点を当てています",
    ]
    printed = [
        *(0.8311430811882019, 0.09401018172502518, 0.6334102749824524, 0.08269733935594559, 0.7620701193809509),
        *(0.09947021305561066, 0.9263036847114563, 0.05834583938121796, 0.8418256044387817, 0.11124119907617569),
    ]
    with load("jinaai/jina-reranker-v2-base-multilingual", dtype="float32") as reranker:
        scores = reranker.score("Organic skincare products for sensitive skin", documents)
    assert scores == pytest.approx(printed, abs=0.01)


def test_bge_v2_m3() -> None:
    """The card ran it in float16."""
    panda = (
        "The giant panda (Ailuropoda melanoleuca), sometimes called a panda bear or simply panda, is a bear "
        "species endemic to China."
    )
    pairs = [("query", "passage"), ("what is panda?", "hi"), ("what is panda?", panda)]
    with load("BAAI/bge-reranker-v2-m3", dtype="float32") as reranker:
        scores = reranker.score_pairs(pairs)
        probabilities = reranker.score_pairs(pairs, normalize=True)
    assert scores == pytest.approx([-5.65234375, -8.1875, 5.26171875], abs=0.05)
    assert probabilities == pytest.approx(
        [0.003497010252573502, 0.00027803096387751553, 0.9948403768236574], abs=0.001
    )


@pytest.mark.parametrize(
    ("model", "instruction"),
    [
        ("BAAI/bge-reranker-v2-m3", None),
        ("Qwen/Qwen3-Reranker-0.6B", "Given a question about Python, retrieve the passage that answers it"),
        ("mixedbread-ai/mxbai-rerank-base-v2", "Prefer passages that answer the question about Python"),
        ("ContextualAI/ctxl-rerank-v2-instruct-multilingual-1b", "Prefer passages that answer the question"),
    ],
)
def test_a_large_family_beats_bm25_on_the_shipped_questions(model: str, instruction: str | None) -> None:
    from rerank_plugins.evaluation import evaluate, read_beir

    data = read_beir(QUESTIONS, run=QUESTIONS / "bm25.run")
    instructions = (None,) if instruction is None else (None, instruction)
    found = evaluate(data, [model], instructions=instructions, depth=20).to_dict()
    baseline = found["baseline"]["means"]["nDCG@10"]
    assert all(one["quality"]["means"]["nDCG@10"] > baseline for one in found["models"])
