"""Mixedbread scores are mxbai_rerank's, run beside ours on fresh checkpoints.

Both its classes call tokenizer methods that transformers 5 removed; here they have them back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch
from peers.cases import every_case, every_seed
from peers.stand_ins import give_back_removed_methods
from peers.texts import INSTRUCTION, QUERY, documents

from rerank_plugins import load

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.peers
V2_OPTIONS: dict[str, dict[str, Any]] = {
    "default": {},
    "short": {"max_length": 120},
    "shortest": {"max_length": 40},
    "instructed": {"instruction": INSTRUCTION},
    "instructed short": {"instruction": INSTRUCTION, "max_length": 80},
    "normalized": {"normalize": True},
    "other maximum": {"normalize": True, "estimated_max": 2.5},
}
V1_OPTIONS: dict[str, dict[str, Any]] = {
    "default": {},
    "short": {"max_length": 72},
    "shortest": {"max_length": 24},
}
CALL = {"instruction", "normalize"}


def v1(checkpoint: Path, **options: Any) -> Any:
    from mxbai_rerank import MxbaiRerankV1

    model = MxbaiRerankV1(str(checkpoint), device="cpu", **options)
    give_back_removed_methods(model.tokenizer)
    return model


def v2(checkpoint: Path, **options: Any) -> Any:
    from mxbai_rerank import MxbaiRerankV2

    model = MxbaiRerankV2(str(checkpoint), device="cpu", torch_dtype=torch.float32, **options)
    give_back_removed_methods(model.tokenizer)
    return model


def theirs(model: Any, query: str, texts: list[str], **call: Any) -> list[float]:
    return [result.score for result in model.rank(query, texts, top_k=len(texts), sort=False, **call)]


def ours(checkpoint: Path, family: str, query: str, texts: list[str], **options: Any) -> list[float]:
    with load(str(checkpoint), family=family, device="cpu", **options) as reranker:
        return reranker.score(query, texts)


def save_as_classifier(causal: Path, directory: Path) -> Path:
    """Save the model with a one-label head: the rows of "1" and "0" of its output matrix, subtracted."""
    from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(causal)
    pad = tokenizer.pad_token_id
    model = AutoModelForSequenceClassification.from_pretrained(causal, num_labels=1, pad_token_id=pad)
    rows = AutoModelForCausalLM.from_pretrained(causal).lm_head.weight.detach()
    one, zero = (tokenizer(word)["input_ids"][0] for word in "10")
    model.score.weight.data = (rows[one] - rows[zero])[None]
    model.save_pretrained(directory)
    tokenizer.save_pretrained(directory)
    return directory


def log_odds(probabilities: list[float]) -> list[float]:
    """Return what the sigmoid was taken of; shifted by 6, a random model's probabilities are all near 0."""
    return torch.tensor(probabilities, dtype=torch.float64).logit().tolist()


@every_case(V2_OPTIONS)
@pytest.mark.promise("P1")
def test_v2(fresh: Callable, agree: Callable, options: dict[str, Any], query: str, seed: int) -> None:
    checkpoint, texts = fresh("mxbai_v2", seed), documents(seed)
    init = {name: value for name, value in options.items() if name not in CALL}
    call = {name: value for name, value in options.items() if name in CALL}
    scores = [
        ours(checkpoint, "mxbai-v2", query, texts, **options),
        theirs(v2(checkpoint, **init), query, texts, **call),
    ]
    agree("MxbaiRerankV2", *(map(log_odds, scores) if options.get("normalize") else scores))


@every_seed
def test_v2_rewritten_as_a_classifier(fresh: Callable, agree: Callable, tmp_path: Path, seed: int) -> None:
    checkpoint, texts = fresh("mxbai_v2", seed), documents(seed)
    scores = ours(save_as_classifier(checkpoint, tmp_path), "mxbai-v2", QUERY, texts)
    agree("MxbaiRerankV2", scores, theirs(v2(checkpoint), QUERY, texts))


@every_case(V1_OPTIONS)
@pytest.mark.promise("P1")
def test_v1(fresh: Callable, agree: Callable, options: dict[str, Any], query: str, seed: int) -> None:
    checkpoint, texts = fresh("mxbai_v1", seed), documents(seed)
    scores = ours(checkpoint, "mxbai-v1", query, texts, **options)
    agree("MxbaiRerankV1", scores, theirs(v1(checkpoint, **options), query, texts))
