"""vLLM in this process gives the scores of the model in torch, family by family."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from families.recorded import FAMILIES, NOT_DETECTABLE, cases

from engines.resized import resized
from rerank_plugins import Reranker, load

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.engine

SERVED = (
    "bge_encoder",
    "bge_llm",
    "contextual",
    "cross_encoder",
    "mxbai_v2",
    "mxbai_v2_seq",
    "qwen3",
    "st_logit_score",
    "zerank",
)
ENGINE: dict[str, Any] = {"engine": "vllm", "engine_options": {"enforce_eager": True, "max_num_seqs": 8}}
TOLERANCE = 1e-4


def options(folder: str) -> dict[str, Any]:
    return {"family": FAMILIES[folder]} if FAMILIES[folder] in NOT_DETECTABLE else {}


@pytest.fixture(scope="module", params=SERVED)
def both(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, ...]]:
    """Return a family's folder, and its model in vLLM and in torch."""
    folder = request.param
    checkpoint = resized(folder, tmp_path_factory.mktemp(folder))
    known = {**options(folder), "max_length": 256}
    with load(checkpoint, **known, **ENGINE) as ours, load(checkpoint, **known, device="cpu") as torch_:
        yield folder, ours, torch_


@pytest.mark.promise("P1")
def test_scores_are_those_of_torch(both: tuple[str, Reranker, Reranker]) -> None:
    folder, ours, torch_ = both
    for case in (case for case in cases() if case.folder == folder):
        instruction = case.instruction if ours.info.supports_instruction else None
        call = (case.query, case.documents)
        expected = torch_.score(*call, instruction=instruction, normalize=False)
        assert ours.score(*call, instruction=instruction, normalize=False) == pytest.approx(
            expected, abs=TOLERANCE
        ), case.name


def test_rankings_are_those_of_torch(both: tuple[str, Reranker, Reranker]) -> None:
    folder, ours, torch_ = both
    case = next(case for case in cases() if case.folder == folder)
    found, expected = (reranker.rank(case.query, case.documents, top_n=3) for reranker in (ours, torch_))
    assert [(one.index, one.truncated) for one in found] == [(one.index, one.truncated) for one in expected]
    assert asyncio.run(ours.arank(case.query, case.documents, top_n=3)) == found
