"""Queries, documents and instructions of wanted lengths, made of Python's own documentation; knows no model."""

from __future__ import annotations

import hashlib
import math
import random
import re
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from statistics import NormalDist
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.sizes import Workload

# Plain words and their commas: every tokenizer gives them the same ids again after decoding, which one of the
# libraries does on the way.
_WORD = re.compile(r"\b(?:[A-Za-z][a-z]+|[aAI])\b[.,;]?")
_GOLDEN = (math.sqrt(5) - 1) / 2


@dataclass(frozen=True, slots=True)
class Task:
    """One query, its documents and its instruction."""

    query: str
    documents: tuple[str, ...]
    instruction: str | None

    def first(self, number: int) -> Task:
        """Return the same task with the first documents only."""
        return Task(self.query, self.documents[:number], self.instruction)

    def fingerprint(self) -> str:
        """Return a short hash of all text: equal hashes mean equal text."""
        whole = "\0".join([self.query, self.instruction or "", *self.documents])
        return hashlib.sha256(whole.encode()).hexdigest()[:16]


@cache
def corpus() -> tuple[str, ...]:
    """Return the words of the documentation that Python's ``help()`` shows, in reading order."""
    from pydoc_data.topics import topics

    return tuple(_WORD.findall(" ".join(topics[name] for name in sorted(topics))))


def sentences(words: int = 200) -> list[str]:
    """Return the corpus cut into texts of so many words, to train tokenizers on."""
    found = corpus()
    return [" ".join(found[start : start + words]) for start in range(0, len(found), words)]


def make_task(workload: Workload, documents: int, count: Callable[[Sequence[str]], list[int]]) -> Task:
    """Return the task of a workload with so many documents.

    Args:
        workload: The wanted lengths.
        documents: How many documents; fewer are always the beginning of more.
        count: Returns the number of tokens of each text.
    """
    passages = _Passages(count)
    query = passages.take(workload.query)
    instruction = _instruction(workload, passages)
    texts = tuple(passages.take(length) for length in lengths(workload, documents))
    return Task(query, texts, instruction)


def lengths(workload: Workload, documents: int) -> list[int]:
    """Return log-normal lengths; every beginning of the list is spread as the whole is.

    The quantiles follow a golden-ratio sequence instead of dice, so that 8 documents have the mean of 1000.
    """
    normal = NormalDist(math.log(workload.mean) - workload.spread**2 / 2, workload.spread)
    quantiles = ((0.5 + _GOLDEN * place) % 1 for place in range(documents))
    wanted = (round(math.exp(normal.inv_cdf(quantile))) for quantile in quantiles)
    return [min(max(length, workload.shortest), workload.longest) for length in wanted]


def _instruction(workload: Workload, passages: _Passages) -> str | None:
    """Return a sentence, or a conversation in which the speakers take turns."""
    if not workload.instruction:
        return None
    if not workload.turns:
        return passages.take(workload.instruction)
    each = workload.instruction // workload.turns - 3  # the speaker, the colon and the end of the line
    speakers = ("user", "assistant")
    turns = [f"{speakers[turn % 2]}: {passages.take(each)}" for turn in range(workload.turns)]
    return "\n".join(turns)


class _Passages:
    """Passages of the corpus from places that a seed chooses."""

    def __init__(self, count: Callable[[Sequence[str]], list[int]]) -> None:
        self._words = corpus()
        known = dict.fromkeys(self._words)
        tokens = dict(zip(known, count([f" {word}" for word in known]), strict=True))
        self._ends = list(accumulate((tokens[word] for word in self._words), initial=0))
        self._dice = random.Random(2026)  # noqa: S311 - a reproducible choice, no secret

    def take(self, tokens: int) -> str:
        """Return about so many tokens of running text.

        The last word has no comma or full stop: with one, a prompt that is tokenized whole would join it to the
        line's end, and no longer equal a prompt that is tokenized in pieces.
        """
        start = self._dice.randrange(len(self._words) - 2 * tokens)
        end = start + 1
        while self._ends[end + 1] - self._ends[start] <= tokens:
            end += 1
        return " ".join(self._words[start:end]).rstrip(".,;")
