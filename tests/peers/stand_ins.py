"""Gives a tokenizer back the methods that transformers 5 removed and that vendors' code still calls."""

from __future__ import annotations

from functools import partial
from typing import Any


def give_back_removed_methods(tokenizer: Any) -> None:
    """Add ``prepare_for_model`` and ``batch_encode_plus``, as far as rerankers use them."""
    tokenizer.prepare_for_model = partial(_prepare_for_model, tokenizer)
    tokenizer.batch_encode_plus = partial(_batch_encode_plus, tokenizer)


def _prepare_for_model(
    tokenizer: Any,
    ids: list[int],
    pair_ids: list[int],
    *,
    max_length: int,
    add_special_tokens: bool = True,
    **_others: Any,
) -> dict[str, list[int]]:
    """Cut the second sequence, unless nothing of it would be left, and join both."""
    special = tokenizer.num_special_tokens_to_add(pair=True) if add_special_tokens else 0
    excess = len(ids) + len(pair_ids) + special - max_length
    kept = pair_ids[:-excess] if 0 < excess < len(pair_ids) else pair_ids
    if not add_special_tokens:
        return {"input_ids": [*ids, *kept]}
    start, end = tokenizer.bos_token_id, tokenizer.eos_token_id  # XLM-R is the only one with special tokens here
    joined = [start, *ids, end, end, *kept, end]
    return {"input_ids": joined, "attention_mask": [1] * len(joined)}


def _batch_encode_plus(tokenizer: Any, batch_text_or_text_pairs: list[tuple[str, str]], **options: Any) -> Any:
    return tokenizer(batch_text_or_text_pairs, **options)
