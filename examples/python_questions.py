"""Writes the demo's questions as data for ``rerank-plugins evaluate``: passages, BM25's candidates, judgments.

    python examples/python_questions.py examples/data/python_questions

Judgments are by topic: every passage of a topic that answers a question counts as relevant to it. Only passages
that are judged relevant or that BM25 found for some question are written.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus import Passage, Question, load_passages, load_questions
from first_stage import FirstStage, Hit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

DEPTH = 20


def main() -> None:
    """Write the folder in BEIR's layout, with the candidates as a TREC run beside it."""
    home = Path(sys.argv[1])
    passages, (questions, _) = load_passages(), load_questions()
    first_stage = FirstStage(passages)
    hits = {question.id: first_stage.search(question.text, DEPTH) for question in questions}
    relevant = {question.id: relevant_to(question, passages) for question in questions}
    wanted = {hit.passage.id for found in hits.values() for hit in found} | {
        passage.id for found in relevant.values() for passage in found
    }
    (home / "qrels").mkdir(parents=True, exist_ok=True)
    write_json(home / "corpus.jsonl", ({"_id": one.id, "text": one.text} for one in passages if one.id in wanted))
    write_json(home / "queries.jsonl", ({"_id": one.id, "text": one.text} for one in questions))
    judged = [f"{key}\t{passage.id}\t1" for key, found in relevant.items() for passage in found]
    write_lines(home / "qrels" / "test.tsv", ["query-id\tcorpus-id\tscore", *judged])
    write_lines(home / "bm25.run", run_lines(hits))


def relevant_to(question: Question, passages: Sequence[Passage]) -> list[Passage]:
    """Return the passages of the topics that answer the question."""
    return [passage for passage in passages if set(passage.topics) & set(question.topics)]


def run_lines(hits: Mapping[str, Sequence[Hit]]) -> list[str]:
    """Return the lines of a TREC run."""
    return [
        f"{key} Q0 {hit.passage.id} {rank} {hit.score:.4f} BM25"
        for key, found in hits.items()
        for rank, hit in enumerate(found, 1)
    ]


def write_json(path: Path, records: Iterable[Mapping[str, Any]]) -> None:
    """Write one JSON object on each line."""
    write_lines(path, [json.dumps(record, ensure_ascii=False) for record in records])


def write_lines(path: Path, lines: Sequence[str]) -> None:
    """Write lines of text."""
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
