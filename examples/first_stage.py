"""The first stage: BM25 over the passages with bm25s; knows no reranker and no framework."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

import bm25s
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from corpus import Passage

TOP = 50


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that was found, and its BM25 score."""

    passage: Passage
    score: float


class FirstStage:
    """BM25 with the library's own defaults; equal scores keep the order of the passages."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        logging.getLogger("bm25s").setLevel(logging.WARNING)
        self._passages = passages
        self._index = bm25s.BM25()
        self._index.index(_tokens([passage.text for passage in passages]), show_progress=False)

    def search(self, question: str, top: int = TOP) -> list[Hit]:
        """Return the best passages that share a word with the question, best first."""
        (words,) = _tokens([question])
        scores = self._index.get_scores(words) if words else np.zeros(len(self._passages))
        order = np.argsort(-scores, kind="stable")[:top]
        return [Hit(self._passages[place], float(scores[place])) for place in order if scores[place] > 0]


def _tokens(texts: list[str]) -> list[list[str]]:
    return bm25s.tokenize(texts, lower=True, return_ids=False, show_progress=False)
