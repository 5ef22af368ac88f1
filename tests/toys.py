"""Tiny data, and rerankers whose scores a test chooses; no model is behind them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from rerank_plugins.core.groups import Scored
from rerank_plugins.core.health import Health
from rerank_plugins.core.info import RerankerInfo
from rerank_plugins.core.reranker import Reranker
from rerank_plugins.evaluation import Candidate, Dataset, JudgedQuery

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from rerank_plugins.core.groups import Group


class Chosen:
    """A backend that scores a document by a function of its text and the instruction."""

    def __init__(self, score: Callable[[str, str | None], float]) -> None:
        self._score = score

    def run(
        self, groups: Sequence[Group], normalize: bool | None, *, progress: bool = False
    ) -> list[list[Scored]]:
        return [
            [Scored((self._score(text, group.instruction),), truncated=len(text) > 20) for text in group.documents]
            for group in groups
        ]

    def health(self) -> Health:
        return Health(open=True, waiting=0, busy_seconds=0.0)

    def close(self) -> None:
        pass


def chosen(score: Callable[[str, str | None], float], *, instructions: bool = False) -> Reranker:
    """Return a reranker with these scores."""
    info = RerankerInfo(
        model="toy",
        revision=None,
        family="toy",
        devices=("cpu",),
        dtype="float32",
        max_length=None,
        score_kind="logit",
        supports_instruction=instructions,
        license="",
    )
    return Reranker(Chosen(score), info)


def perfect() -> Reranker:
    """Return a reranker that puts texts with "right" in them first."""
    return chosen(lambda text, _: float("right" in text))


def harmful() -> Reranker:
    """Return a reranker that puts texts with "right" in them last."""
    return chosen(lambda text, _: -float("right" in text))


def indifferent() -> Reranker:
    """Return a reranker that gives all documents the same score."""
    return chosen(lambda text, _: 0.5)


def query(name: str, documents: Mapping[str, str], grades: Mapping[str, int]) -> JudgedQuery:
    return JudgedQuery(name, f"ask {name}", tuple(Candidate(*one) for one in documents.items()), grades)


def toy_data(number: int = 4) -> Dataset:
    """Return queries whose relevant document stands second of three."""
    documents = {"c": "wrong", "b": "right", "a": "wrong too"}
    return Dataset("toys", tuple(query(f"q{place}", documents, {"b": 1}) for place in range(number)))


def write_lines(path: Path, *lines: object) -> Path:
    """Write strings as they are, and everything else as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path.write_text("\n".join(texts) + "\n", encoding="utf-8")
    return path


def beir_folder(home: Path) -> Path:
    """Write two queries and three documents in BEIR's layout, and a run beside them."""
    write_lines(
        home / "corpus.jsonl",
        {"_id": "d1", "title": "Pandas", "text": "They eat bamboo."},
        {"_id": "d2", "title": "", "text": "Bread rises."},
        {"_id": "d3", "text": "Files are closed."},
    )
    write_lines(home / "queries.jsonl", {"_id": "q1", "text": "pandas"}, {"_id": "q2", "text": "bread"})
    write_lines(home / "qrels/test.tsv", "query-id\tcorpus-id\tscore", "q1\td1\t2", "q2\td2\t1", "q2\td3\t0")
    write_lines(home / "first.run", "q1 Q0 d2 1 3.5 x", "q1 Q0 d1 2 2.5 x", "q2 Q0 d3 1 1 x", "q2 Q0 d2 2 1 x")
    return home
