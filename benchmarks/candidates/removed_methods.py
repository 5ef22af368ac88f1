"""Gives a tokenizer back ``prepare_for_model``, which transformers 5 removed; knows no model.

mxbai-rerank 0.1.6 and the mxbai ranker of rerankers 0.10 call it for every pair, and raise ``AttributeError``
without it: neither could be measured at all.
"""

from __future__ import annotations

from typing import Any


def give_back_prepare_for_model(tokenizer: Any) -> None:
    """Set the method on this tokenizer, as far as those two libraries use it: without special tokens."""

    def prepare_for_model(
        ids: list[int], pair_ids: list[int], *, max_length: int, **_others: object
    ) -> dict[str, list[int]]:
        excess = len(ids) + len(pair_ids) - max_length
        kept = pair_ids[:-excess] if 0 < excess < len(pair_ids) else pair_ids
        return {"input_ids": [*ids, *kept]}

    if not hasattr(tokenizer, "prepare_for_model"):
        tokenizer.prepare_for_model = prepare_for_model
