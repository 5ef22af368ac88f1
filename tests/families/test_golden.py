"""Ids and scores equal those recorded from the vendors' own code."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
import torch
from families.recorded import FAMILIES, GOLDEN, Case, cases

from rerank_plugins import Reranker, families, load
from rerank_plugins.core.scorer import Group

TOLERANCE = 1e-4
CASES = cases()
NAMES = [case.name for case in CASES]


def loaded(case: Case) -> Reranker:
    """Return the case's model; equal options are loaded once."""
    return _loaded(case.checkpoint, tuple(sorted(case.load_options().items())))


@cache
def _loaded(checkpoint: str, options: tuple[tuple[str, object], ...]) -> Reranker:
    return load(checkpoint, device="cpu", **dict(options))


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_scores_are_the_vendors(case: Case) -> None:
    scores = loaded(case).score(case.query, case.data["documents"])
    assert scores == pytest.approx(case.data["scores"], abs=TOLERANCE)


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_ids_are_the_vendors(case: Case) -> None:
    group = Group(case.query, case.data["documents"], None)
    (rows,) = loaded(case)._scorer.rows([group])
    recorded = case.data["input_ids"]
    found = [list(row.ids) for row in rows]
    assert [ids for ids, known in zip(found, recorded, strict=True) if known] == [ids for ids in recorded if ids]
    assert [len(ids) for ids in found] == case.data["input_lengths"]


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_the_family_is_found_from_the_files(case: Case) -> None:
    assert loaded(case).info.family == case.family


@pytest.mark.parametrize("folder", FAMILIES)
def test_another_head_fails(folder: str) -> None:
    """The comparison can fail: with a shuffled read vector no case of the set agrees."""
    case = next(case for case in CASES if case.folder == folder)
    reranker = load(case.checkpoint, device="cpu", **case.load_options())
    engine = reranker._scorer.scheduler._engine
    read = engine.read
    order = torch.randperm(engine._width, generator=torch.Generator().manual_seed(0))
    engine.read = lambda rows: read(rows)[:, order]
    scores = reranker.score(case.query, case.data["documents"])
    assert scores != pytest.approx(case.data["scores"], abs=TOLERANCE)


def test_every_recorded_set_is_used() -> None:
    assert {path.name for path in GOLDEN.iterdir() if path.is_dir()} == set(FAMILIES)


def test_every_family_with_a_vendor_has_recorded_cases() -> None:
    """The embedded bi-encoder is compared with its card's procedure instead (tests/core/test_sources.py)."""
    assert {family.name for family in families()} - {"bi-encoder"} == set(FAMILIES.values())


def test_golden_files_name_no_code() -> None:
    assert not list(Path(GOLDEN).rglob("*.py"))
