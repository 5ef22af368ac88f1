"""The packed and the padded forward give what transformers gives for one row at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
from readers import DECODERS, ENCODERS, engine, one_by_one, random_rows

from rerank_plugins.core.family import Row
from rerank_plugins.core.linears import Plain
from rerank_plugins.errors import OutOfDeviceMemoryError

if TYPE_CHECKING:
    from rerank_plugins.core.engine import Engine
    from rerank_plugins.core.linears import Kernel


@pytest.mark.parametrize("batch_tokens", [1, 64, 4096])
@pytest.mark.parametrize("architecture", ENCODERS)
@pytest.mark.promise("P10")
def test_packed_encoder_equals_one_by_one(architecture: str, batch_tokens: int) -> None:
    rows = random_rows(last=False, types=architecture == "bert")
    expected = torch.stack([state[0] for state in one_by_one(architecture, rows)])
    found = engine(architecture, batch_tokens=batch_tokens).read(rows)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("architecture", [*ENCODERS, "deberta"])
def test_mean_pooling_equals_one_by_one(architecture: str) -> None:
    rows = random_rows(last=False)
    expected = torch.stack([state.mean(0) for state in one_by_one(architecture, rows)])
    torch.testing.assert_close(engine(architecture, pool="mean").read(rows), expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("batch_tokens", [1, 64, 4096])
@pytest.mark.promise("P10", "P13")
def test_padded_path_equals_one_by_one(batch_tokens: int) -> None:
    rows = random_rows(last=False)
    expected = torch.stack([state[0] for state in one_by_one("deberta", rows)])
    found = engine("deberta", batch_tokens=batch_tokens).read(rows)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("prefix", [0, 20])
@pytest.mark.parametrize("batch_tokens", [64, 4096])
@pytest.mark.parametrize("architecture", DECODERS)
@pytest.mark.promise("P10")
def test_packed_decoder_with_shared_prefix_equals_one_by_one(
    architecture: str, batch_tokens: int, prefix: int
) -> None:
    rows = random_rows(last=True, prefix=prefix)
    expected = torch.stack([state[-1] for state in one_by_one(architecture, rows)])
    found = engine(architecture, batch_tokens=batch_tokens).read(rows)
    torch.testing.assert_close(found, expected, atol=2e-5, rtol=0)


def test_several_prefixes_in_one_forward_equal_one_by_one() -> None:
    rows = random_rows(last=True, prefix=20)
    others = [Row([7, *row.ids[1:]], row.reads, row.document) for row in rows]
    mixed = [row for pair in zip(rows, others, strict=True) for row in pair]
    expected = torch.stack([state[-1] for state in one_by_one("qwen2", mixed)])
    torch.testing.assert_close(engine("qwen2", batch_tokens=4096).read(mixed), expected, atol=2e-5, rtol=0)


def test_several_reads_per_row_come_in_row_order() -> None:
    rows = [Row(row.ids, (0, len(row.ids) - 1), row.document) for row in random_rows(last=False)]
    states = one_by_one("bert", rows)
    expected = torch.stack([state[read] for state, row in zip(states, rows, strict=True) for read in row.reads])
    torch.testing.assert_close(engine("bert").read(rows), expected, atol=1e-5, rtol=0)


def test_no_rows_give_no_vectors() -> None:
    assert engine("bert").read([]).shape == (0, 32)


@pytest.mark.parametrize(("failing", "batch_tokens"), [(0, 4096), (1, 256), (2, 128), *((k, 1) for k in range(9))])
@pytest.mark.parametrize("kernel", [None, Plain])
@pytest.mark.parametrize("architecture", ["bert", "deberta", "qwen2"])
@pytest.mark.promise("P25")
def test_every_row_is_read_once_when_a_forward_runs_out_of_memory(
    architecture: str, kernel: Kernel | None, failing: int, batch_tokens: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = random_rows(last=architecture == "qwen2", prefix=10)
    reader = engine(architecture, batch_tokens=batch_tokens, kernel=kernel)
    expected = reader.read(rows)
    calls = fail_forwards(reader, monkeypatch, {failing})
    torch.testing.assert_close(reader.read(rows), expected, atol=1e-5, rtol=0)
    assert calls["count"] > failing


@pytest.mark.promise("P25")
def test_a_single_row_that_does_not_fit_is_a_typed_error(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = engine("bert")
    fail_forwards(reader, monkeypatch, set(range(1000)))
    with pytest.raises(OutOfDeviceMemoryError, match="max_length"):
        reader.read(random_rows(last=False))


@pytest.mark.promise("P25")
def test_other_errors_pass_through_untouched(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = engine("bert")

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("not a question of memory")

    monkeypatch.setattr(reader._forward, "vectors", broken)
    with pytest.raises(RuntimeError, match="not a question of memory"):
        reader.read(random_rows(last=False))


def fail_forwards(reader: Engine, monkeypatch: pytest.MonkeyPatch, failing: set[int]) -> dict[str, int]:
    """Make the forwards with these numbers run out of memory; return a counter of forwards."""
    vectors, calls = reader._forward.vectors, {"count": 0}

    def limited(rows: list[Row], batch: object) -> dict[int, torch.Tensor]:
        calls["count"] += 1
        if calls["count"] - 1 in failing:
            raise torch.OutOfMemoryError("injected")
        return vectors(rows, batch)

    monkeypatch.setattr(reader._forward, "vectors", limited)
    return calls
