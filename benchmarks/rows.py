"""The token ids that a model is given for a task, by the vendors' recipes; for counting work, scores nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from benchmarks.sizes import Model
    from benchmarks.texts import Task

# Source: mxbai-rerank 0.1.6, MxbaiRerankV2.
_BEFORE = (
    "<|im_start|>system\nYou are Qwen, created by Alibaba Cloud. You are a helpful assistant.<|im_end|>\n"
    "<|im_start|>user\n"
)
_TASK = (
    "You are a search relevance expert who evaluates how well documents match search queries. For each "
    "query-document pair, carefully analyze the semantic relationship between them, then provide your "
    "binary relevance judgment (0 for not relevant, 1 for relevant).\nRelevance:"
)
_AFTER = "<|im_end|>\n<|im_start|>assistant\n"
_SAYS = "{{{{ messages | selectattr('role', 'eq', '{}') | map(attribute='content') | first }}}}"
_INSTRUCTION = f"instruction: {_SAYS.format('system')}\n"
_IF_INSTRUCTED = f"{{% if messages | selectattr('role', 'eq', 'system') | list %}}{_INSTRUCTION}{{% endif %}}"
# The same prompt as one chat template. Jinja drops the last newline of a template, hence one more.
CHAT_TEMPLATE = (
    f"{_BEFORE}{_IF_INSTRUCTED}query: {_SAYS.format('query')}\n"
    f"document: {_SAYS.format('document')}\n{_TASK}{_AFTER}\n"
)


def tokenizer_of(directory: Path) -> Any:
    """Return the tokenizer of a model."""
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(directory)


def counter(tokenizer: Any) -> Callable[[Sequence[str]], list[int]]:
    """Return a function that gives the number of tokens of each text, special ones left out."""

    def count(texts: Sequence[str]) -> list[int]:
        return [len(ids) for ids in tokenizer(list(texts), add_special_tokens=False)["input_ids"]]

    return count


def rows(model: Model, tokenizer: Any, task: Task) -> list[list[int]]:
    """Return the ids of one row for each document, without padding."""
    return _chat(tokenizer, task) if model.causal else _pairs(tokenizer, task)


def _pairs(tokenizer: Any, task: Task) -> list[list[int]]:
    pairs = [(task.query, document) for document in task.documents]
    ids: list[list[int]] = tokenizer(pairs, truncation=True)["input_ids"]
    return ids


def _chat(tokenizer: Any, task: Task) -> list[list[int]]:
    """Return the pieces of the prompt, each tokenized on its own, joined."""

    def ids(text: str) -> list[int]:
        found: list[int] = tokenizer(text, add_special_tokens=False)["input_ids"]
        return found

    instruction = f"instruction: {task.instruction}\n" if task.instruction else ""
    start = [*ids(_BEFORE), *ids(f"{instruction}query: {task.query}"), *ids("\n")]
    end = [*ids("\n"), *ids(_TASK), *ids(_AFTER)]
    return [[*start, *ids(f"document: {document}"), *end] for document in task.documents]
