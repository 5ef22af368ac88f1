"""Scores are those of sentence-transformers' CrossEncoder, run beside ours on checkpoints that it saved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch
from peers import checkpoints
from peers.cases import every_case, every_seed
from peers.texts import INSTRUCTION, QUERY, documents

from rerank_plugins import load

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.peers
ENCODERS: dict[str, dict[str, Any]] = {
    "bert": {"folder": "cross_encoder_plain"},
    "xlm-roberta": {"folder": "bge_encoder"},
    "modernbert-mean": {"folder": "gte_modernbert", "classifier_pooling": "mean"},
    "modernbert-cls": {"folder": "gte_modernbert", "classifier_pooling": "cls"},
    "deberta-v2": {"folder": "mxbai_v1"},
}
LIMITS: dict[str, dict[str, Any]] = {"default": {}, "short": {"max_length": 64}, "shortest": {"max_length": 24}}
DEFAULT_PROMPT = {"prompts": {"medical": INSTRUCTION}, "default_prompt_name": "medical"}
every_encoder = pytest.mark.parametrize("name", ENCODERS)
# Jinja drops the last newline of a template.
QUERY_FIRST = """<|im_start|>system
Judge whether the Document meets the requirements.<|im_end|>
<|im_start|>user
<Instruct>: {{ messages | selectattr('role', 'eq', 'system') | map(attribute='content') | join or 'Find it' }}
<Query>: {{ messages | selectattr('role', 'eq', 'query') | map(attribute='content') | first }}
<Document>: {{ messages | selectattr('role', 'eq', 'document') | map(attribute='content') | first }}<|im_end|>
<|im_start|>assistant
<think>

</think>


"""
DOCUMENT_FIRST = """Check whether a given document contains information helpful to answer the query.
<Document> {{ messages | selectattr('role', 'eq', 'document') | map(attribute='content') | first }}
<Query> {{ messages | selectattr('role', 'eq', 'query') | map(attribute='content') | first }}
{%- for message in messages if message['role'] == 'system' %} {{ message['content'] }}{% endfor %} ??"""


def cross_encoder(checkpoint: Path | None, **options: Any) -> Any:
    from sentence_transformers import CrossEncoder

    return CrossEncoder(None if checkpoint is None else str(checkpoint), device="cpu", **options)


def theirs(model: Any, query: str, texts: list[str], prompt: str | None = None) -> list[float]:
    return model.predict([(query, text) for text in texts], prompt=prompt, batch_size=4).tolist()


@pytest.fixture(scope="session")
def saved_encoder(fresh: Callable, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, int], Path]:
    """Return a function that saves an encoder, with sigmoid unless another activation is given."""

    def directory(name: str, seed: int, activation: Any = None) -> Path:
        saved = tmp_path_factory.mktemp(name)
        model = cross_encoder(fresh(seed=seed, **ENCODERS[name]), activation_fn=activation)
        model.save_pretrained(str(saved))
        return saved

    return directory


@pytest.fixture
def saved_language_model(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that saves a causal model with a chat template and a LogitScore module."""

    def directory(seed: int, template: str, tokens: tuple[int, int | None], **options: Any) -> Path:
        from sentence_transformers.base.modules import Transformer
        from sentence_transformers.cross_encoder.modules import LogitScore

        base = checkpoints.save("qwen3", seed, tmp_path / "base")
        (base / "chat_template.jinja").write_text(template)
        modules = [Transformer(str(base), transformer_task="text-generation"), LogitScore(*tokens)]
        cross_encoder(None, modules=modules, **options).save_pretrained(str(tmp_path / "saved"))
        return tmp_path / "saved"

    return directory


@every_encoder
@every_case(LIMITS)
@pytest.mark.promise("P1")
def test_encoder(
    saved_encoder: Callable, agree: Callable, name: str, options: dict[str, Any], query: str, seed: int
) -> None:
    checkpoint, texts = saved_encoder(name, seed), documents(seed)
    with load(str(checkpoint), family="cross-encoder", device="cpu", **options) as reranker:
        ours = reranker.score(query, texts)
    agree(f"CrossEncoder {name}", ours, theirs(cross_encoder(checkpoint, **options), query, texts))


@every_encoder
@every_seed
def test_encoder_with_raw_scores_is_found_from_its_files(
    saved_encoder: Callable, agree: Callable, name: str, seed: int
) -> None:
    checkpoint, texts = saved_encoder(name, seed, torch.nn.Identity()), documents(seed)
    with load(str(checkpoint), device="cpu") as reranker:
        ours = reranker.score(QUERY, texts)
    agree(f"CrossEncoder {name}", ours, theirs(cross_encoder(checkpoint), QUERY, texts))


@every_case({"plain": {}, "instructed": {"instruction": INSTRUCTION}})
@pytest.mark.parametrize("tokens", [(270, 260), (0, None)], ids=["two tokens", "one token"])
@pytest.mark.parametrize("template", [QUERY_FIRST, DOCUMENT_FIRST], ids=["query first", "document first"])
@pytest.mark.promise("P1")
def test_language_model(
    saved_language_model: Callable,
    agree: Callable,
    template: str,
    tokens: tuple[int, int | None],
    options: dict[str, Any],
    query: str,
    seed: int,
) -> None:
    checkpoint, texts = saved_language_model(seed, template, tokens), documents(seed)
    with load(str(checkpoint), device="cpu", **options) as reranker:
        ours = reranker.score(query, texts)
    vendor = cross_encoder(checkpoint)
    agree("CrossEncoder with LogitScore", ours, theirs(vendor, query, texts, prompt=options.get("instruction")))


@every_seed
@pytest.mark.parametrize("max_length", [160, 96])
def test_language_model_cuts_the_document_that_comes_last(
    saved_language_model: Callable, agree: Callable, max_length: int, seed: int
) -> None:
    checkpoint, texts = saved_language_model(seed, QUERY_FIRST, (270, 260)), documents(seed)
    with load(str(checkpoint), device="cpu", max_length=max_length) as reranker:
        ours = reranker.score(QUERY, texts, instruction=INSTRUCTION)
    vendor = cross_encoder(checkpoint, max_length=max_length)
    agree("CrossEncoder with LogitScore", ours, theirs(vendor, QUERY, texts, INSTRUCTION))


@every_seed
def test_language_model_with_raw_scores(saved_language_model: Callable, agree: Callable, seed: int) -> None:
    raw = torch.nn.Identity()
    checkpoint, texts = saved_language_model(seed, DOCUMENT_FIRST, (0, None), activation_fn=raw), documents(seed)
    with load(str(checkpoint), device="cpu") as reranker:
        ours = reranker.score(QUERY, texts)
    agree("CrossEncoder with LogitScore", ours, theirs(cross_encoder(checkpoint), QUERY, texts))


@every_seed
def test_language_model_uses_the_prompt_saved_as_default(
    saved_language_model: Callable, agree: Callable, seed: int
) -> None:
    checkpoint, texts = saved_language_model(seed, QUERY_FIRST, (270, 260), **DEFAULT_PROMPT), documents(seed)
    with load(str(checkpoint), device="cpu") as reranker:
        ours = reranker.score(QUERY, texts)
    agree("CrossEncoder with LogitScore", ours, theirs(cross_encoder(checkpoint), QUERY, texts))


@every_seed
def test_encoder_puts_the_prompt_saved_as_default_before_the_query(
    fresh: Callable, agree: Callable, tmp_path: Path, seed: int
) -> None:
    texts = documents(seed)
    cross_encoder(fresh("cross_encoder_plain", seed), **DEFAULT_PROMPT).save_pretrained(str(tmp_path))
    with load(str(tmp_path), device="cpu") as reranker:
        ours = reranker.score(QUERY, texts)
    agree("CrossEncoder bert", ours, theirs(cross_encoder(tmp_path), QUERY, texts))
