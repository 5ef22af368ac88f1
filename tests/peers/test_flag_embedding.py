"""BGE scores are FlagEmbedding's, run beside ours on fresh checkpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from peers.cases import every_case, every_seed
from peers.stand_ins import give_back_removed_methods
from peers.texts import ENGLISH, QUERY, documents, generated

from rerank_plugins import load

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.peers
PREFIXES = {"query_instruction_for_rerank": "Question: ", "passage_instruction_for_rerank": "Text: "}
FORMATS = {
    **PREFIXES,
    "query_instruction_format": "{}\\n{}",
    "passage_instruction_format": "<{}> {}",
}
OPTIONS: dict[str, dict[str, Any]] = {
    "default": {},
    "normalized": {"normalize": True},
    "short": {"max_length": 64},
    "short query": {"max_length": 128, "query_max_length": 10},
    "prefixes": PREFIXES,
    "formats": FORMATS,
}
LLM_OPTIONS: dict[str, dict[str, Any]] = {
    **OPTIONS,
    "prompt": {"prompt": "Predict whether passage B explains question A."},
    "no markers": {"query_instruction_for_rerank": None, "passage_instruction_for_rerank": None},
    "shortest": {"max_length": 24},
}


def named_as_ours(options: dict[str, Any]) -> dict[str, Any]:
    return {{"query_max_length": "max_query_length"}.get(name, name): value for name, value in options.items()}


def encoder(checkpoint: Path, options: dict[str, Any]) -> Any:
    from FlagEmbedding import FlagReranker

    return FlagReranker(str(checkpoint), devices="cpu", **options)


def llm(checkpoint: Path, options: dict[str, Any]) -> Any:
    from FlagEmbedding import FlagLLMReranker

    return FlagLLMReranker(str(checkpoint), devices="cpu", **options)


def theirs(reranker: Any, query: str, texts: list[str]) -> list[float]:
    return reranker.compute_score([(query, text) for text in texts])


def ours(checkpoint: Path, family: str, options: dict[str, Any], query: str, texts: list[str]) -> list[float]:
    with load(str(checkpoint), family=family, device="cpu", **named_as_ours(options)) as reranker:
        return reranker.score(query, texts)


def survives_decoding(tokenizer: Any, text: str) -> bool:
    """Whether a text's ids, decoded and tokenized again, are the same."""
    ids = tokenizer(text, add_special_tokens=False, max_length=512, truncation=True)["input_ids"]
    decoded = tokenizer.decode(ids, clean_up_tokenization_spaces=False)
    return tokenizer(decoded, add_special_tokens=False)["input_ids"] == ids


# On transformers 5, FlagReranker decodes the cut ids of query and passage and tokenizes the text again. An empty
# passage then loses its separator, and some unknown characters change. So FlagReranker as installed sees the texts
# that come through unchanged; below it has the method back with which it joins the ids themselves, and sees all.
@every_seed
def test_encoder_as_installed(fresh: Callable, agree: Callable, seed: int) -> None:
    checkpoint = fresh("bge_encoder", seed)
    vendor = encoder(checkpoint, {})
    candidates = [*documents(seed), *generated(seed, ENGLISH)]
    texts = [text for text in candidates if text and survives_decoding(vendor.tokenizer, text)]
    assert len(texts) >= 10
    agree("FlagReranker", ours(checkpoint, "bge-encoder", {}, QUERY, texts), theirs(vendor, QUERY, texts))


@every_case(OPTIONS)
@pytest.mark.promise("P1")
def test_encoder(fresh: Callable, agree: Callable, options: dict[str, Any], query: str, seed: int) -> None:
    checkpoint, texts = fresh("bge_encoder", seed), documents(seed)
    vendor = encoder(checkpoint, options)
    give_back_removed_methods(vendor.tokenizer)
    scores = ours(checkpoint, "bge-encoder", options, query, texts)
    agree("FlagReranker with prepare_for_model", scores, theirs(vendor, query, texts))


@every_case(LLM_OPTIONS)
@pytest.mark.promise("P1")
def test_llm(fresh: Callable, agree: Callable, options: dict[str, Any], query: str, seed: int) -> None:
    checkpoint, texts = fresh("bge_llm", seed), documents(seed)
    scores = ours(checkpoint, "bge-llm", options, query, texts)
    agree("FlagLLMReranker", scores, theirs(llm(checkpoint, options), query, texts))
