"""Engines over tiny models, rows for them, and what stock transformers gives for each row alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import tiny
import torch

from rerank_plugins.core import attention
from rerank_plugins.core.engine import Engine
from rerank_plugins.core.family import Row
from rerank_plugins.core.fitting import fit
from rerank_plugins.core.forwards import forward_for

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from rerank_plugins.core.linears import Kernel

ENCODERS = ("bert", "roberta", "xlm-roberta", "modernbert")
DECODERS = ("qwen2", "qwen3", "llama", "mistral", "gemma", "gemma2", "granite")
LENGTHS = (7, 31, 7, 1, 90, 12, 31, 150, 40)


def random_rows(*, last: bool, prefix: int = 0, types: bool = False) -> list[Row]:
    """Return rows of several lengths; ``last`` reads the end instead of the start."""
    generator = torch.Generator().manual_seed(1)
    shared = torch.randint(5, 200, (prefix,), generator=generator).tolist()
    rows = []
    for length in LENGTHS:
        ids = shared + torch.randint(5, 200, (length,), generator=generator).tolist()
        kinds = [0] * (len(ids) // 2) + [1] * (len(ids) - len(ids) // 2) if types else None
        rows.append(Row(ids, (len(ids) - 1,) if last else (0,), len(rows), kinds))
    return rows


def many_rows(count: int, *, last: bool) -> list[Row]:
    """Return rows of 5 to 60 tokens, enough of them for a mean that says something."""
    generator = torch.Generator().manual_seed(5)
    lengths = torch.randint(5, 60, (count,), generator=generator).tolist()
    rows = [torch.randint(5, 200, (length,), generator=generator).tolist() for length in lengths]
    return [Row(ids, (len(ids) - 1 if last else 0,), place) for place, ids in enumerate(rows)]


@torch.inference_mode()
def one_by_one(architecture: str, rows: list[Row], *, dtype: torch.dtype = torch.float32) -> list[torch.Tensor]:
    """Return each row's last hidden state ``(tokens, hidden)`` from stock transformers with eager attention."""
    model = tiny_model(architecture).to(dtype)
    model.set_attn_implementation("eager")
    states = []
    for row in rows:
        kinds = {} if row.type_ids is None else {"token_type_ids": torch.tensor([row.type_ids])}
        states.append(model.base_model(input_ids=torch.tensor([row.ids]), **kinds).last_hidden_state[0])
    return states


def tiny_model(architecture: str) -> PreTrainedModel:
    """Return the same random model at every call."""
    torch.manual_seed(0)
    return tiny.build(architecture)


def engine(
    architecture: str,
    *,
    pool: str = "reads",
    batch_tokens: int = 128,
    kernel: Kernel | None = None,
    dtype: torch.dtype = torch.float32,
) -> Engine:
    """Return an engine over a tiny model: its stock layers, or fitted with a kernel."""
    model = tiny_model(architecture).to(dtype)
    if architecture != "deberta":
        attention.register()
        model.set_attn_implementation(attention.IMPLEMENTATION)
    if kernel is not None:
        fit(model, kernel, only_reads=pool == "reads")
    return Engine(forward_for(model, pool=pool), batch_tokens=batch_tokens)
