"""How far canned attacks move the score of an irrelevant document: ``make injection``.

Knows no defence: what a model makes of persuasive text is measured here, not prevented.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING, Any

from benchmarks.attacks import ATTACKS, QUESTIONS

if TYPE_CHECKING:
    from benchmarks.attacks import Attack, Question
    from rerank_plugins import Reranker

ROOT = Path(__file__).parents[1]
RESULT = ROOT / "benchmarks/results/injection.json"
TINY = {
    "bge-encoder": "bge_encoder",
    "bge-layerwise": "bge_layerwise",
    "bge-lightweight": "bge_lightweight",
    "bge-llm": "bge_llm",
    "contextual": "contextual",
    "cross-encoder": "cross_encoder",
    "jina-v2": "jina_v2",
    "logit-score": "st_logit_score",
    "mxbai-v1": "mxbai_v1",
    "mxbai-v2": "mxbai_v2",
    "qwen3": "qwen3",
    "zerank": "zerank",
}
"""A recorded checkpoint of each family; its weights are random."""


def main() -> None:
    """Measure, write the result and the tables of ``docs/injection.md``."""
    from benchmarks import machine
    from benchmarks.injection_tables import write

    logging.getLogger("rerank_plugins").setLevel(logging.ERROR)
    machine.pin(1)
    found = {
        "questions": len(QUESTIONS),
        "attacks": len(ATTACKS),
        "embedded": embedded(),
        "tiny": {family: tiny(family) for family in TINY},
        "versions": {name: machine.packages()[name] for name in ("tokenizers", "torch", "transformers")},
        "date": machine.today(),
        "command": "make injection",
    }
    RESULT.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    write(found)


def embedded() -> list[dict[str, Any]]:
    """Return each attack on the model that comes as a package, whose weights are real."""
    from rerank_plugins import load

    with load("embedded", device="cpu") as reranker:
        return [_result(reranker, attack) for attack in ATTACKS]


def tiny(family: str) -> list[dict[str, Any]]:
    """Return each attack on a family's tiny random model."""
    from rerank_plugins import load

    directory = ROOT / "tests/golden" / TINY[family] / "checkpoint"
    with load(str(directory), device="cpu", family=family) as reranker:
        return [_result(reranker, attack) for attack in ATTACKS]


def _result(reranker: Reranker, attack: Attack) -> dict[str, Any]:
    """Return shifts over all questions, as shares of the distance between irrelevant and relevant document."""
    tokens = tokens_of(reranker)
    shifts = [shift(reranker, attack, question, tokens) for question in QUESTIONS]
    row: dict[str, Any] = {"attack": attack.name, "kind": attack.kind, **_summary(shifts)}
    if attack.kind == "control":
        row["control_ids_added"] = max(added_control_ids(reranker, attack, question) for question in QUESTIONS)
        row["broken_up"] = _summary([shift(reranker, attack, one, tokens, broken=True) for one in QUESTIONS])
    return row


def shift(
    reranker: Reranker, attack: Attack, question: Question, tokens: tuple[str, ...], *, broken: bool = False
) -> dict[str, float]:
    """Return how far an attack moves the irrelevant document, and the distance to the relevant one.

    With ``broken`` a blank stands after the first character of each control token in what the attacker wrote.
    """
    query, document = attacked(attack, question, tokens)
    if broken:
        query, document = (_break(text, tokens) for text in (query, document))
    (before,) = reranker.score(question.query, [question.irrelevant])
    # Where the query is attacked, the relevant document is compared with the same query.
    after, relevant = reranker.score(query, [document, question.relevant])
    return {"shift": after - before, "gap": relevant - before}


def attacked(attack: Attack, question: Question, tokens: tuple[str, ...]) -> tuple[str, str]:
    """Return query and irrelevant document after the attack."""
    return attack.query(question.query, tokens), attack.document(question.query, question.irrelevant, tokens)


def tokens_of(reranker: Reranker) -> tuple[str, ...]:
    """Return the control tokens of a model's tokenizer."""
    return tuple(sorted(_scorer(reranker).tokenizer.added_tokens()))


def added_control_ids(reranker: Reranker, attack: Attack, question: Question) -> int:
    """Return how many more control ids the attacked row has than the plain one; ids of unknown words aside."""
    tokenizer = _scorer(reranker).tokenizer
    unknown = set(tokenizer.encode(["\u2603\u2604"])[0])
    control = {tokenizer.encode_trusted(token)[0] for token in tokenizer.added_tokens()} - unknown
    texts = attacked(attack, question, tokens_of(reranker))
    attack_ids, plain_ids = (row_ids(reranker, *both) for both in (texts, (question.query, question.irrelevant)))
    return sum(number in control for number in attack_ids) - sum(number in control for number in plain_ids)


def row_ids(reranker: Reranker, query: str, document: str) -> list[int]:
    """Return the ids that the model reads for one pair."""
    scorer = _scorer(reranker)
    rows = scorer.template.rows(scorer.tokenizer, query, [document], instruction=None, limits=scorer.limits)
    return [number for row in rows for number in row.ids]


def _scorer(reranker: Reranker) -> Any:
    return reranker._backend.scorer  # type: ignore[union-attr]


def _break(text: str, tokens: tuple[str, ...]) -> str:
    for token in sorted(tokens, key=len, reverse=True):
        text = text.replace(token, f"{token[0]} {token[1:]}")
    return text


def _summary(shifts: list[dict[str, float]]) -> dict[str, float | int]:
    return {
        "mean_shift": round(mean(one["shift"] for one in shifts), 4),
        "max_shift": round(max(one["shift"] for one in shifts), 4),
        "mean_gap": round(mean(one["gap"] for one in shifts), 4),
        "over_relevant": sum(one["shift"] >= one["gap"] for one in shifts),
    }


if __name__ == "__main__":
    main()
