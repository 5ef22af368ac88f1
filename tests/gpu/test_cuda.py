"""The CUDA path gives what the CPU gives: kernels, precision, budget and back-off on a real device.

Run with ``pytest -m gpu``; every test fails, and none is skipped, where there is no CUDA device.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import tiny
import torch
from readers import DECODERS, ENCODERS, many_rows, one_by_one, tiny_model

from rerank_plugins import load
from rerank_plugins.core import attention
from rerank_plugins.core.engine import Engine
from rerank_plugins.core.fitting import fit
from rerank_plugins.core.flash import kernels
from rerank_plugins.core.forwards import forward_for
from rerank_plugins.core.linears import Plain
from rerank_plugins.core.pieces import Rule

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rerank_plugins.core.family import Row

pytestmark = pytest.mark.gpu


def on_cuda(architecture: str, dtype: torch.dtype, *, batch_tokens: int = 4096) -> Engine:
    attention.register()
    model = tiny_model(architecture).to(dtype)
    model.set_attn_implementation(attention.IMPLEMENTATION)
    model = model.to("cuda")
    fit(model, Plain, only_reads=True)
    return Engine(forward_for(model, pool="reads"), batch_tokens=batch_tokens)


def rows_and_states(architecture: str) -> tuple[list[Row], torch.Tensor]:
    place = -1 if architecture in DECODERS else 0
    rows = many_rows(60, last=place == -1)
    return rows, torch.stack([state[place] for state in one_by_one(architecture, rows)])


@pytest.mark.parametrize("architecture", [*ENCODERS, *DECODERS])
def test_float32_on_cuda_equals_the_cpu(architecture: str) -> None:
    rows, expected = rows_and_states(architecture)
    found = on_cuda(architecture, torch.float32).read(rows)
    torch.testing.assert_close(found.cpu(), expected, atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize("batch_tokens", [256, 4096])
@pytest.mark.parametrize("architecture", [*ENCODERS, *DECODERS])
def test_bfloat16_on_cuda_is_near_float32(architecture: str, batch_tokens: int) -> None:
    rows, expected = rows_and_states(architecture)
    found = on_cuda(architecture, torch.bfloat16, batch_tokens=batch_tokens).read(rows)
    assert torch.nn.functional.cosine_similarity(found.cpu(), expected).min() > 0.99


@pytest.mark.parametrize("rule", [Rule(0.125), Rule(0.125, window=16)], ids=["plain", "window"])
@pytest.mark.parametrize("causal", [False, True])
def test_a_variable_length_kernel_serves_bfloat16(rule: Rule, causal: bool) -> None:
    assert list(kernels(torch.bfloat16, rule))
    find = attention._checked_kernel
    assert find(torch.Size((14, 64)), 2, torch.bfloat16, torch.device("cuda:0"), rule, causal) is not None


def test_the_default_on_cuda_is_bfloat16_with_a_budget_from_free_memory(
    checkpoint: Callable[[str], Path],
) -> None:
    directory = str(checkpoint("bert"))
    with load(directory) as reranker, load(directory, device="cpu") as exact:
        assert (reranker.info.devices, reranker.info.dtype) == (("cuda",), "bfloat16")
        found, expected = (each.score(tiny.QUERY, tiny.DOCUMENTS, normalize=True) for each in (reranker, exact))
    assert found == pytest.approx(expected, abs=0.05)


def test_reading_backs_off_when_the_device_is_full() -> None:
    rows, expected = rows_and_states("bert")
    reader = on_cuda("bert", torch.float32, batch_tokens=1 << 20)
    _, total = torch.cuda.mem_get_info()
    torch.cuda.empty_cache()
    torch.cuda.set_per_process_memory_fraction((torch.cuda.memory_reserved() + (4 << 20)) / total)
    try:
        found = reader.read(rows)
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    torch.testing.assert_close(found.cpu(), expected, atol=1e-3, rtol=1e-3)
