"""Ids and scores equal those recorded from the vendors' own code."""

from __future__ import annotations

import json
from functools import lru_cache

import pytest
import torch
from families.recorded import FAMILIES, GOLDEN, NOT_DETECTABLE, WITHOUT_RIGHT_VALUE, Case, cases, flat

from rerank_plugins import Reranker, UnknownFamilyError, families, load
from rerank_plugins.core.groups import Group

TOLERANCE = 1e-4
CASES = cases()
every_case = pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
every_right_case = pytest.mark.parametrize(
    "case",
    [pytest.param(case, id=case.name) for case in CASES if case.name not in WITHOUT_RIGHT_VALUE],
)


def loaded(case: Case) -> Reranker:
    """Return the case's model; cases with equal options that follow each other share one."""
    return _loaded(case.checkpoint, json.dumps(case.load_options(), sort_keys=True))


@lru_cache(maxsize=4)
def _loaded(checkpoint: str, options: str) -> Reranker:
    return load(checkpoint, device="cpu", **json.loads(options))


def rows_of(case: Case) -> list:
    (rows,) = loaded(case)._backend.scorer.rows([Group(case.query, case.documents, case.instruction)])
    return rows


@every_right_case
@pytest.mark.promise("P1", "P14")
def test_scores_are_the_vendors(case: Case) -> None:
    scores = loaded(case).score(case.query, case.documents, instruction=case.instruction)
    assert flat(scores) == pytest.approx(case.scores, abs=TOLERANCE)


@every_right_case
@pytest.mark.promise("P2")
def test_ids_are_the_vendors(case: Case) -> None:
    rows = [list(row.ids) for row in rows_of(case)]
    if case.ids:
        known = [(row, ids) for row, ids in zip(rows, case.ids, strict=True) if ids is not None]
        assert [row for row, _ in known] == [ids for _, ids in known]
        assert [len(row) for row in rows] == case.lengths


@every_case
@pytest.mark.promise("P7", "P10", "P13", "P14")
def test_scores_do_not_depend_on_the_batch(case: Case) -> None:
    """All documents at once equal one at a time, also where they share a prefix or merge tokens."""
    reranker = loaded(case)
    together = reranker.score(case.query, case.documents, instruction=case.instruction)
    alone = [flat(reranker.score(case.query, [d], instruction=case.instruction)) for d in case.documents]
    layered = [list(column) for column in zip(*alone, strict=True)]
    assert flat(together) == pytest.approx(flat(layered), abs=1e-5)


@pytest.mark.parametrize("folder", FAMILIES)
def test_the_family_is_found_from_the_files_or_must_be_named(folder: str) -> None:
    case = next(case for case in CASES if case.folder == folder)
    if case.family in NOT_DETECTABLE:
        with pytest.raises(UnknownFamilyError, match="pass family="):
            load(case.checkpoint)
    else:
        assert loaded(case).info.family == case.family


@pytest.mark.parametrize("folder", FAMILIES)
@pytest.mark.promise("P1")
def test_another_head_fails(folder: str) -> None:
    """The comparison can fail: with shuffled vectors the scores do not agree."""
    case = next(case for case in CASES if case.folder == folder)
    reranker = load(case.checkpoint, device="cpu", **case.load_options())
    engine = reranker._backend.scorer.scheduler._engine._engine
    read = engine.read
    order = torch.randperm(engine._forward.width, generator=torch.Generator().manual_seed(0))
    engine.read = lambda rows: read(rows)[:, order]
    scores = reranker.score(case.query, case.documents, instruction=case.instruction)
    assert flat(scores) != pytest.approx(case.scores, abs=TOLERANCE)


def test_a_query_that_leaves_no_room_is_cut_and_the_document_still_counts() -> None:
    """Where Qwen3's card scores no document at all, ours still tells documents apart."""
    (case,) = (case for case in CASES if case.name in WITHOUT_RIGHT_VALUE)
    scores = loaded(case).score(case.query, case.documents)
    assert len(set(scores)) == len(scores)
    assert [len(row.ids) for row in rows_of(case)] == case.lengths


def test_every_recorded_set_is_used() -> None:
    assert {path.name for path in GOLDEN.iterdir() if path.is_dir()} == set(FAMILIES)
    assert len(CASES) == 186 + 4  # zerank was added later


def test_every_family_with_a_vendor_has_recorded_cases() -> None:
    """The embedded bi-encoder is compared with its card's procedure instead (tests/core/test_sources.py)."""
    assert {family.name for family in families()} - {"bi-encoder"} == set(FAMILIES.values())


@pytest.mark.promise("P45")
def test_golden_files_name_no_code() -> None:
    assert not list(GOLDEN.rglob("*.py"))
