"""Row counts come again, whatever lengths texts have."""

from __future__ import annotations

import pytest
import torch

from rerank_plugins.core import products
from rerank_plugins.core.linears import Packed, Plain
from rerank_plugins.core.pieces import Rule
from rerank_plugins.core.shapes import even, evened


def test_few_counts_cover_all() -> None:
    counts = range(1, 2049)
    assert all(even(count) >= count for count in counts)
    assert all(even(even(count)) == even(count) for count in counts)
    assert len({even(count) for count in counts}) <= 45
    assert all(even(count) - count < 64 for count in counts)
    assert even(0) == 0


@pytest.mark.parametrize("shape", [(0, 3), (1, 3), (33, 3), (1, 70, 3), (2, 5, 129, 3)])
def test_rows_of_zeros_follow_the_others(shape: tuple[int, ...]) -> None:
    x = torch.ones(shape)
    found = evened(x)
    assert found.shape[-2] == even(shape[-2])
    assert found[..., : shape[-2], :].equal(x)
    assert not found[..., shape[-2] :, :].any()


@pytest.mark.parametrize("shape", [(1, 16), (37, 16), (1, 300, 16)])
def test_a_packed_product_gives_the_rows_it_was_given(shape: tuple[int, ...]) -> None:
    x, weight, bias = torch.randn(shape), torch.randn(24, 16), torch.randn(24)
    torch.testing.assert_close(Packed(weight, bias)(x), Plain(weight, bias)(x), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("causal", [True, False])
def test_attention_meets_few_shapes(monkeypatch: pytest.MonkeyPatch, causal: bool) -> None:
    met: set[tuple[int, int]] = set()
    attend = products._attend

    def watched(query: torch.Tensor, key: torch.Tensor, *rest: object) -> torch.Tensor:
        met.add((even(query.shape[2]), key.shape[2]))
        return attend(query, key, *rest)

    monkeypatch.setattr(products, "_attend", watched)
    for length in range(129, 385):
        rows = torch.zeros(1, 2, length, 4)
        products.attend_by_products(rows, rows, rows, rule=Rule(1.0), causal=causal)
    assert len(met) < 80
