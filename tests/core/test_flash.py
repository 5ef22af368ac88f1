"""One variable-length kernel call gives what attending by pieces gives; plain torch plays the kernel."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
import torch
from torch.nn.functional import scaled_dot_product_attention

from rerank_plugins.core import attention
from rerank_plugins.core.flash import attend_at_once, by_flex, kernels
from rerank_plugins.core.pieces import Rule, attend_by_pieces
from rerank_plugins.core.plan import Group, Plan, Prefixes

if TYPE_CHECKING:
    from rerank_plugins.core.flash import Sequences

PLANS = {
    "rows alone": (Group(0, (5, 9, 9, 1)),),
    "one prefix": (Group(7, (5, 9, 9)),),
    "several prefixes": (Group(7, (5, 9)), Group(0, (3,)), Group(11, (4, 4))),
    "a carried prefix": (Group(6, (5, 9), carried=True), Group(4, (2, 3))),
    "a prefix to keep": (Group(0, (3,)), Group(6, (5, 9), keep=True)),
}
RULES = (Rule(0.3), Rule(0.3, window=4), Rule(0.3, softcap=2.0))


def one_sequence_after_the_other(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, where: Sequences, rule: Rule, *, causal: bool
) -> torch.Tensor:
    """Do what a variable-length kernel promises: the last query stands where the last key stands."""
    out = []
    for (first, last), (start, end) in zip(
        pairwise(where.queries.tolist()), pairwise(where.keys.tolist()), strict=True
    ):
        assert last - first <= where.longest_queries
        assert end - start <= where.longest_keys
        ahead = torch.arange(end - start) - torch.arange(end - start)[-(last - first) :, None]
        window = end if rule.window is None else rule.window
        seen = (ahead.abs() < window) & ((ahead <= 0) | (not causal))
        parts = (part.transpose(0, 1) for part in (query[first:last], key[start:end], value[start:end]))
        out.append(
            scaled_dot_product_attention(*parts, attn_mask=seen, scale=rule.scaling, enable_gqa=True).transpose(
                0, 1
            )
        )
    return torch.cat(out)


def both_ways(
    groups: tuple[Group, ...], rule: Rule, kernel: object, *, causal: bool, only_reads: bool
) -> tuple[torch.Tensor, torch.Tensor, Prefixes, Prefixes]:
    torch.manual_seed(0)
    tokens = sum(group.tokens for group in groups)
    asked = sum(len(group.lengths) for group in groups) if only_reads else tokens
    query, key, value = torch.randn(asked, 4, 8), torch.randn(tokens, 2, 8), torch.randn(tokens, 2, 8)
    carried = {"layer": (torch.randn(6, 2, 8), torch.randn(6, 2, 8))}
    first, second = (Prefixes(carried=carried) for _ in range(2))
    arguments = {"rule": rule, "layer": "layer"}
    slow = attend_by_pieces(query, key, value, plan=Plan(groups, causal, prefixes=first), **arguments)
    plan = Plan(groups, causal, prefixes=second)
    return slow, attend_at_once(query, key, value, plan=plan, kernel=kernel, **arguments), first, second


@pytest.mark.parametrize("only_reads", [False, True])
@pytest.mark.parametrize("rule", RULES[:2])
@pytest.mark.parametrize("groups", PLANS.values(), ids=PLANS)
def test_causal_rows_at_once_equal_rows_by_pieces(groups: tuple[Group, ...], rule: Rule, only_reads: bool) -> None:
    slow, fast, kept, kept_too = both_ways(
        groups, rule, one_sequence_after_the_other, causal=True, only_reads=only_reads
    )
    torch.testing.assert_close(fast, slow, atol=1e-5, rtol=0)
    assert kept.kept.keys() == kept_too.kept.keys()


@pytest.mark.parametrize("rule", RULES[:2])
def test_bidirectional_rows_at_once_equal_rows_by_pieces(rule: Rule) -> None:
    slow, fast, *_ = both_ways(
        PLANS["rows alone"], rule, one_sequence_after_the_other, causal=False, only_reads=False
    )
    torch.testing.assert_close(fast, slow, atol=1e-5, rtol=0)


@pytest.mark.filterwarnings("ignore:flex_attention called without torch.compile")
@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("groups", PLANS.values(), ids=PLANS)
def test_flex_attention_equals_rows_by_pieces(groups: tuple[Group, ...], rule: Rule) -> None:
    slow, fast, *_ = both_ways(groups, rule, by_flex, causal=True, only_reads=False)
    torch.testing.assert_close(fast, slow, atol=1e-5, rtol=0)


def test_where_sequences_lie_is_worked_out_once_per_forward() -> None:
    plan = Plan(PLANS["several prefixes"], causal=True)
    tokens = sum(group.tokens for group in plan.groups)
    seen = []

    def kernel(query: torch.Tensor, *rest: object, **__: object) -> torch.Tensor:
        seen.append(rest[2])
        return query

    for layer in range(3):
        parts = (torch.zeros(tokens, 1, 8) for _ in range(3))
        attend_at_once(*parts, plan=plan, rule=Rule(1.0), layer=layer, kernel=kernel)
    assert seen[0] is seen[1] is seen[2]


@pytest.mark.promise("P41")
def test_a_kernel_that_gives_another_result_is_not_used(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def wrong(query: torch.Tensor, *_: object, **__: object) -> torch.Tensor:
        return torch.zeros_like(query)

    assert checked(monkeypatch, wrong) is None
    assert "another result" in caplog.text


@pytest.mark.promise("P41")
def test_a_kernel_that_does_not_run_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> torch.Tensor:
        raise RuntimeError("GQA is not supported with this backend")

    assert checked(monkeypatch, broken) is None


def test_a_kernel_that_agrees_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    assert checked(monkeypatch, one_sequence_after_the_other) is one_sequence_after_the_other


def checked(monkeypatch: pytest.MonkeyPatch, kernel: object) -> object:
    monkeypatch.setattr(attention, "kernels", lambda *_: [("fake", kernel)])
    find = attention._checked_kernel.__wrapped__
    return find(torch.Size((4, 8)), 2, torch.float32, torch.device("cpu"), Rule(0.3), True)


def test_float32_has_no_variable_length_kernel() -> None:
    assert list(kernels(torch.float32, Rule(0.3))) == []


def test_capped_scores_are_served_by_flex_attention() -> None:
    assert "torch.nn.attention.flex_attention" in dict(kernels(torch.bfloat16, Rule(0.3, softcap=30.0)))
