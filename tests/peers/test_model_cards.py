"""Scores are those of the transformers snippets on model cards, restated here and run on fresh checkpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch
from peers.cases import every_case, every_seed
from peers.texts import INSTRUCTION, QUERY, documents

from rerank_plugins import load

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.peers
INSTRUCTIONS: dict[str, dict[str, Any]] = {"plain": {}, "instructed": {"instruction": INSTRUCTION}}
every_contextual = pytest.mark.parametrize("folder", ["contextual", "contextual_mistral"])


def tokenizer_of(checkpoint: Path, **options: Any) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(checkpoint, **options)


def last_logits(checkpoint: Path, inputs: Any) -> torch.Tensor:
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(checkpoint).eval()
    with torch.no_grad():
        return model(**inputs).logits[:, -1, :]


def contextual_card(checkpoint: Path, query: str, texts: list[str], instruction: str = "") -> torch.Tensor:
    """``infer_w_hf`` of ctxl-rerank-v2-instruct-multilingual, before its rounding to bfloat16."""
    tokenizer = tokenizer_of(checkpoint, padding_side="left")
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    if instruction:
        instruction = f" {instruction}"
    task = "Check whether a given document contains information helpful to answer the query."
    prompts = [f"{task}\n<Document> {text}\n<Query> {query}{instruction} ??" for text in texts]
    inputs = tokenizer(prompts, return_tensors="pt", padding=True, truncation=True, return_token_type_ids=False)
    return last_logits(checkpoint, inputs)[:, 0]


def qwen3_card(
    checkpoint: Path, query: str, texts: list[str], instruction: str | None = None, max_length: int = 8192
) -> list[float]:
    """``format_instruction``, ``process_inputs`` and ``compute_logits`` of Qwen3-Reranker."""
    tokenizer = tokenizer_of(checkpoint, padding_side="left")
    prefix = tokenizer.encode(
        "<|im_start|>system\nJudge whether the Document meets the requirements based on the Query and the "
        'Instruct provided. Note that the answer can only be "yes" or "no".<|im_end|>\n<|im_start|>user\n',
        add_special_tokens=False,
    )
    suffix = tokenizer.encode(
        "<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n", add_special_tokens=False
    )
    task = instruction or "Given a web search query, retrieve relevant passages that answer the query"
    inputs = tokenizer(
        [f"<Instruct>: {task}\n<Query>: {query}\n<Document>: {text}" for text in texts],
        truncation="longest_first",
        return_attention_mask=False,
        max_length=max_length - len(prefix) - len(suffix),
    )
    inputs = {"input_ids": [[*prefix, *ids, *suffix] for ids in inputs["input_ids"]]}
    logits = last_logits(checkpoint, tokenizer.pad(inputs, padding=True, return_tensors="pt"))
    no, yes = (tokenizer.convert_tokens_to_ids(word) for word in ("no", "yes"))
    return torch.log_softmax(logits[:, [no, yes]], dim=1)[:, 1].exp().tolist()


def classifier_logits(checkpoint: Path, inputs: Any) -> list[float]:
    from transformers import AutoModelForSequenceClassification

    model = AutoModelForSequenceClassification.from_pretrained(checkpoint).eval()
    with torch.no_grad():
        return model(**inputs).logits.view(-1).float().tolist()


def bge_card(checkpoint: Path, query: str, texts: list[str]) -> list[float]:
    """The snippet "for normal reranker" of bge-reranker-v2-m3."""
    pairs = [[query, text] for text in texts]
    inputs = tokenizer_of(checkpoint)(pairs, padding=True, truncation=True, return_tensors="pt", max_length=512)
    return classifier_logits(checkpoint, inputs)


def mxbai_card(checkpoint: Path, query: str, texts: list[str], instruction: str = "") -> list[float]:
    """``create_mxbai_v2_reranker_prompt_template`` of mxbai-rerank-base-v2-seq, and its classifier."""
    line = f"instruction: {instruction}\n" if instruction else ""
    prompts = [
        "<|endoftext|><|im_start|>system\nYou are Qwen, created by Alibaba Cloud. You are a helpful assistant.\n"
        f"<|im_end|>\n<|im_start|>user\n{line}query: {query} \ndocument: {text} \n"
        "You are a search relevance expert who evaluates how well documents match search queries. For each "
        "query-document pair, carefully analyze the semantic relationship between them, then provide your binary "
        "relevance judgment (0 for not relevant, 1 for relevant).\nRelevance:<|im_end|>\n<|im_start|>assistant\n"
        for text in texts
    ]
    return classifier_logits(checkpoint, tokenizer_of(checkpoint)(prompts, padding=True, return_tensors="pt"))


def scores(
    checkpoint: Path, family: str, query: str, texts: list[str], instruction: str | None = None, **options: Any
) -> list[float]:
    with load(str(checkpoint), family=family, device="cpu", **options) as reranker:
        return reranker.score(query, texts, instruction=instruction)


@every_contextual
@every_case(INSTRUCTIONS)
@pytest.mark.promise("P1")
def test_contextual(
    fresh: Callable, agree: Callable, folder: str, options: dict[str, Any], query: str, seed: int
) -> None:
    checkpoint, texts = fresh(folder, seed), documents(seed)
    ours = scores(checkpoint, "contextual", query, texts, **options)
    agree(f"card of {folder}", ours, contextual_card(checkpoint, query, texts, **options).tolist())


@every_contextual
@every_seed
def test_contextual_rounded_as_on_the_card(fresh: Callable, folder: str, seed: int) -> None:
    """A score at the edge between two bfloat16 values may fall on either side, one step (2**-7 of it) apart."""
    checkpoint, texts = fresh(folder, seed), documents(seed)
    ours = scores(checkpoint, "contextual", QUERY, texts, round_to_bfloat16=True)
    theirs = contextual_card(checkpoint, QUERY, texts).to(torch.bfloat16).float().tolist()
    assert ours == torch.tensor(ours).to(torch.bfloat16).tolist()
    assert ours == pytest.approx(theirs, rel=2**-7, abs=1e-4)
    assert sum(a == b for a, b in zip(ours, theirs, strict=True)) >= len(texts) - 1


def test_mistral_prompts_begin_with_a_special_token(fresh: Callable) -> None:
    """Otherwise the comparison above would not show that it is written."""
    tokenizer = tokenizer_of(fresh("contextual_mistral", 1))
    assert tokenizer("Check")["input_ids"][0] == tokenizer.bos_token_id


@every_case(INSTRUCTIONS)
@pytest.mark.promise("P1")
def test_qwen3(fresh: Callable, agree: Callable, options: dict[str, Any], query: str, seed: int) -> None:
    checkpoint, texts = fresh("qwen3", seed), documents(seed)
    agree(
        "card of qwen3",
        scores(checkpoint, "qwen3", query, texts, **options),
        qwen3_card(checkpoint, query, texts, **options),
    )


@every_seed
@pytest.mark.parametrize("max_length", [400, 250])
def test_qwen3_cuts_the_document(fresh: Callable, agree: Callable, max_length: int, seed: int) -> None:
    checkpoint, texts = fresh("qwen3", seed), documents(seed)
    ours = scores(checkpoint, "qwen3", QUERY, texts, max_length=max_length)
    agree("card of qwen3", ours, qwen3_card(checkpoint, QUERY, texts, max_length=max_length))


@every_seed
def test_bge(fresh: Callable, agree: Callable, seed: int) -> None:
    """The card cuts long queries otherwise than FlagEmbedding, which is what we follow; this query is short."""
    checkpoint, texts = fresh("bge_encoder", seed), documents(seed)
    agree("card of bge", scores(checkpoint, "bge-encoder", QUERY, texts), bge_card(checkpoint, QUERY, texts))


@every_case(INSTRUCTIONS)
def test_mxbai_classifier(
    fresh: Callable, agree: Callable, options: dict[str, Any], query: str, seed: int
) -> None:
    checkpoint, texts = fresh("mxbai_v2_seq", seed), documents(seed)
    ours = scores(checkpoint, "mxbai-v2", query, texts, prompt_style="card", **options)
    agree("card of mxbai seq", ours, mxbai_card(checkpoint, query, texts, **options))
