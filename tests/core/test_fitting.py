"""Blocks and kernels give what the stock layers give, hold each weight once, and leave unknown layers alone."""

from __future__ import annotations

import gc
import weakref
from typing import TYPE_CHECKING

import pytest
import torch
from readers import DECODERS, ENCODERS, engine, many_rows, one_by_one, random_rows, tiny_model

from rerank_plugins.core import linears
from rerank_plugins.core.blocks import DecoderBlock, EncoderBlock
from rerank_plugins.core.family import Row
from rerank_plugins.core.fitting import fit
from rerank_plugins.core.int8 import Int8, quantized
from rerank_plugins.core.linears import Packed, Plain, fastest, packing_pays

if TYPE_CHECKING:
    from rerank_plugins.core.linears import Kernel

KERNELS = (Plain, Packed)
BLOCKS = {
    **dict.fromkeys(("bert", "roberta", "xlm-roberta"), EncoderBlock),
    **dict.fromkeys(DECODERS, DecoderBlock),
}


@pytest.mark.parametrize("architecture", BLOCKS)
def test_every_layer_of_a_known_class_becomes_a_block(architecture: str) -> None:
    model = tiny_model(architecture)
    fit(model, Plain, only_reads=True)
    blocks = [part for part in model.modules() if isinstance(part, BLOCKS[architecture])]
    assert [block.trims for block in blocks] == [False, False, True]


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("batch_tokens", [1, 64, 4096])
@pytest.mark.parametrize("architecture", ENCODERS)
def test_fitted_encoder_equals_one_by_one(architecture: str, batch_tokens: int, kernel: Kernel) -> None:
    rows = random_rows(last=False, types=architecture == "bert")
    expected = torch.stack([state[0] for state in one_by_one(architecture, rows)])
    found = engine(architecture, batch_tokens=batch_tokens, kernel=kernel).read(rows)
    torch.testing.assert_close(found, expected, atol=2e-5, rtol=0)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("prefix", [0, 20])
@pytest.mark.parametrize("batch_tokens", [64, 4096])
@pytest.mark.parametrize("architecture", DECODERS)
def test_fitted_decoder_equals_one_by_one(
    architecture: str, batch_tokens: int, prefix: int, kernel: Kernel
) -> None:
    rows = random_rows(last=True, prefix=prefix)
    expected = torch.stack([state[-1] for state in one_by_one(architecture, rows)])
    found = engine(architecture, batch_tokens=batch_tokens, kernel=kernel).read(rows)
    torch.testing.assert_close(found, expected, atol=5e-5, rtol=0)


@pytest.mark.parametrize("architecture", ["bert", "qwen2", "deberta"])
def test_fitted_mean_pooling_equals_one_by_one(architecture: str) -> None:
    rows = random_rows(last=False)
    expected = torch.stack([state.mean(0) for state in one_by_one(architecture, rows)])
    found = engine(architecture, pool="mean", kernel=Packed).read(rows)
    torch.testing.assert_close(found, expected, atol=2e-5, rtol=0)


def test_several_reads_per_row_are_read_from_a_whole_last_layer() -> None:
    rows = [Row(row.ids, (0, len(row.ids) - 1), row.document) for row in random_rows(last=False)]
    states = one_by_one("qwen2", rows)
    expected = torch.stack([state[read] for state, row in zip(states, rows, strict=True) for read in row.reads])
    torch.testing.assert_close(engine("qwen2", kernel=Plain).read(rows), expected, atol=2e-5, rtol=0)


def test_tokens_after_the_last_read_of_a_causal_row_change_nothing() -> None:
    rows = [Row(row.ids, (len(row.ids) // 2,), row.document) for row in random_rows(last=True)]
    states = one_by_one("qwen2", rows)
    expected = torch.stack([state[row.reads[0]] for state, row in zip(states, rows, strict=True)])
    torch.testing.assert_close(engine("qwen2", kernel=Plain).read(rows), expected, atol=2e-5, rtol=0)


def test_feed_forward_in_pieces_equals_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = random_rows(last=True, prefix=20)
    whole = engine("qwen2", batch_tokens=4096, kernel=Plain).read(rows)
    monkeypatch.setattr("rerank_plugins.core.blocks._TOKENS_AT_ONCE", 7)
    pieces = engine("qwen2", batch_tokens=4096, kernel=Plain).read(rows)
    torch.testing.assert_close(pieces, whole, atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("architecture", "kernel"),
    [("bert", Packed), ("bert", Int8), ("qwen2", Packed), ("qwen2", Int8), ("deberta", Packed)],
)
def test_no_weight_of_a_layer_stays_in_memory_twice(architecture: str, kernel: Kernel) -> None:
    model = tiny_model(architecture)
    stock = {
        name: weakref.ref(parameter)
        for name, parameter in model.base_model.named_parameters()
        if ".layer" in f".{name}" and parameter.dim() == 2 and "embed" not in name
    }
    fit(model, kernel, only_reads=True)
    gc.collect()
    assert stock
    assert [name for name, parameter in stock.items() if parameter() is not None] == []


@pytest.mark.parametrize("architecture", ["bert", "qwen2", "gemma2"])
@pytest.mark.parametrize("kernel", KERNELS)
def test_bfloat16_is_no_further_from_float32_than_transformers_own(architecture: str, kernel: Kernel) -> None:
    place = -1 if architecture in DECODERS else 0
    rows = many_rows(60, last=place == -1)
    exact = torch.stack([state[place] for state in one_by_one(architecture, rows)])
    stock = torch.stack([state[place] for state in one_by_one(architecture, rows, dtype=torch.bfloat16)]).float()
    found = engine(architecture, batch_tokens=4096, kernel=kernel, dtype=torch.bfloat16).read(rows)
    assert (found - exact).abs().mean() <= 1.05 * (stock - exact).abs().mean()


@pytest.mark.parametrize("architecture", ["bert", "qwen2"])
def test_int8_stays_near_float32(architecture: str) -> None:
    rows = random_rows(last=architecture == "qwen2", prefix=20)
    exact = engine(architecture, kernel=Plain).read(rows)
    found = engine(architecture, kernel=Int8).read(rows)
    assert torch.nn.functional.cosine_similarity(found, exact).min() > 0.99


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_rounding_to_int8_moves_no_value_by_more_than_half_a_step(dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    x = (torch.randn(500, 64) * torch.logspace(-3, 3, 500).unsqueeze(1)).to(dtype)
    rounded, scale = quantized(x)
    assert (((rounded.float() - 128) * scale - x.float()).abs() <= scale * 0.5001).all()


@pytest.mark.parametrize("architecture", ["bert", "qwen2"])
def test_int8_of_a_row_does_not_depend_on_its_company(architecture: str) -> None:
    rows = random_rows(last=architecture == "qwen2")
    reader = engine(architecture, batch_tokens=4096, kernel=Int8)
    alone = torch.cat([reader.read([row]) for row in rows])
    torch.testing.assert_close(reader.read(rows), alone, atol=1e-3, rtol=0)


ACTIVATIONS = {
    "gelu": torch.nn.GELU(),
    "gelu_tanh": torch.nn.GELU(approximate="tanh"),
    "silu": torch.nn.SiLU(),
    "relu": torch.nn.ReLU(),
    "none": None,
}


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("biased", [True, False])
def test_packed_kernel_equals_the_plain_one(dtype: torch.dtype, activation: str, biased: bool) -> None:
    """Guards the private operators of each torch version that the tests run with."""
    torch.manual_seed(0)
    x, weight, bias = torch.randn(33, 48), torch.randn(24, 48), torch.randn(24)
    arguments = (weight.to(dtype), bias.to(dtype) if biased else None, ACTIVATIONS[activation])
    with torch.inference_mode():
        plain, packed = (kernel(*arguments)(x.to(dtype)) for kernel in KERNELS)
    tolerance = {"atol": 1e-5, "rtol": 1e-5} if dtype == torch.float32 else {"atol": 0.05, "rtol": 0.02}
    torch.testing.assert_close(packed, plain, **tolerance)


def test_known_activations_are_fused() -> None:
    fused = {name: linears.fused_name(activation)[0] for name, activation in ACTIVATIONS.items()}
    assert fused == {"gelu": "gelu", "gelu_tanh": "gelu", "silu": "swish", "relu": "none", "none": "none"}


def test_without_the_private_operators_the_plain_kernel_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object, **__: object) -> None:
        raise AttributeError("no such operator")

    monkeypatch.setattr(Packed, "__init__", missing)
    packing_pays.cache_clear()
    try:
        assert fastest(torch.float32, torch.device("cpu")) is Plain
    finally:
        packing_pays.cache_clear()


def test_a_kernel_that_gives_another_product_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Packed, "forward", lambda self, x: torch.zeros(len(x), 1024))
    packing_pays.cache_clear()
    try:
        assert fastest(torch.float32, torch.device("cpu")) is Plain
    finally:
        packing_pays.cache_clear()
