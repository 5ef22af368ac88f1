"""Attention by two products gives what torch's attention with a full mask gives, however queries are split."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import scaled_dot_product_attention

from rerank_plugins.core import products
from rerank_plugins.core.pieces import Rule
from rerank_plugins.core.products import attend_by_products
from rerank_plugins.core.sight import Sight


def seen(length: int, keys: int, window: int | None, *, causal: bool) -> torch.Tensor:
    """Return the mask by its definition, one query and key at a time."""
    first = keys - length
    reach = keys if window is None else window
    return torch.tensor(
        [
            [abs(key - query) < reach and (key <= query or not causal) for key in range(keys)]
            for query in range(first, keys)
        ]
    )


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("window", [None, 1, 3, 50])
@pytest.mark.parametrize("at_once", [1, 4, 100])
@pytest.mark.parametrize("length", [1, 9, 14])
def test_split_queries_see_what_a_full_mask_shows(
    monkeypatch: pytest.MonkeyPatch, length: int, at_once: int, window: int | None, causal: bool
) -> None:
    monkeypatch.setattr(products, "_QUERIES_AT_ONCE", at_once)
    draw = torch.Generator().manual_seed(length)
    query = torch.randn(2, 4, length, 8, generator=draw)
    key, value = (torch.randn(2, 2, 14, 8, generator=draw) for _ in range(2))
    found = attend_by_products(query, key, value, rule=Rule(0.4, window), causal=causal)
    expected = scaled_dot_product_attention(
        query, key, value, attn_mask=seen(length, 14, window, causal=causal), scale=0.4, enable_gqa=True
    )
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("window", [None, 2, 5])
def test_no_key_outside_the_span_is_seen(window: int | None, causal: bool) -> None:
    for first, last in ((0, 3), (4, 6), (9, 10)):
        sight = Sight(first, last, 10, window, causal)
        rows = seen(10, 10, window, causal=causal)[first:last]
        outside = rows.clone()
        outside[:, sight.span()] = False
        assert not outside.any()
        mask = sight.mask(sight.span(), torch.device("cpu"))
        assert rows[:, sight.span()].all() if mask is None else mask.equal(rows[:, sight.span()])
