"""Queries and documents for the comparisons: a fixed list, and more of mixed lengths and languages from a seed."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

QUERY = "What are the health benefits of exercise?"
LONG_QUERY = " ".join(
    f"What does study number {number} say about exercise, sleep and the heart in older adults?"
    for number in range(12)
)
QUERIES = {
    "short": QUERY,
    "mixed": "  健康のために運動は役に立ちますか?  Welche\tVorteile hat Bewegung?\n",
    "long": LONG_QUERY,
}
INSTRUCTION = "Prioritize recent medical research"
DOCUMENTS = (
    "Regular exercise reduces risk of heart disease and improves mental health.",
    "A 2024 study shows exercise enhances cognitive function in older adults.",
    "Ancient Greeks valued physical fitness for military training.",
    "",
    "exercise",
    "Réduire le stress: l'exercice régulier améliore l'humeur.",
    "经常锻炼可以降低患心脏病的风险。",
    "توصي الأبحاث بالمشي ثلاثين دقيقة كل يوم.",
    "Line one\nline two\n\n\tindented   line\r\nand the end  ",
    'def f(x):\n    return {"risk": x ** 2} # \U0001f3c3\u200d\u2640\ufe0f e\u0301',
    "Exercise improves sleep. " * 45,
)
ENGLISH = ("exercise", "heart", "risk", "older", "adults", "study", "the", "of", "and", "in", "Greeks", "mental")
_WORDS = (
    *ENGLISH,
    *(
        "Bewegung",
        "größer",
        "corazón",
        "année",
        "здоровье",
        "心脏",
        "運動",
        "건강",
        "सेहत",
        "القلب",
        "(n=12)",
        "3.5%",
        "2024",
        "study,",
    ),
)
_LENGTHS = (2, 9, 35, 120)


def documents(seed: int) -> list[str]:
    """Return the fixed documents and, after them, generated ones."""
    return [*DOCUMENTS, *generated(seed, _WORDS)]


def generated(seed: int, words: Sequence[str]) -> list[str]:
    """Return one document of each length, made of these words."""
    dice = random.Random(seed)  # noqa: S311 - reproducible test data
    return [" ".join(dice.choices(words, k=length)) for length in _LENGTHS]
