"""docs/scale.md says what the code says: costs on paper, dialects, and which models vLLM serves."""

from __future__ import annotations

from pathlib import Path

import pytest
from families.recorded import FAMILIES, GOLDEN, NOT_DETECTABLE

from benchmarks.paper import table
from rerank_plugins import ArgumentError, load
from rerank_plugins.core.remote.dialects import DIALECTS
from rerank_plugins.core.remote.token_dialects import TOKEN_DIALECTS

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs/scale.md").read_text(encoding="utf-8")
IN_PROCESS_ONLY = {
    "bge_layerwise",
    "bge_lightweight",
    "gte_modernbert",
    "gte_modernbert_cls",
    "jina_v2",
    "mxbai_v1",
}


def test_the_costs_are_those_that_the_formula_gives() -> None:
    assert table() in TEXT


def test_every_dialect_of_tokens_is_named() -> None:
    assert {dialect.name for dialect in TOKEN_DIALECTS} == {"vllm", "vllm-generate"}
    assert all(f'"{dialect.name}"' in TEXT for dialect in TOKEN_DIALECTS)


def test_every_text_route_of_vllm_is_guarded_by_its_key() -> None:
    (vllm,) = (dialect for dialect in DIALECTS if dialect.name == "vllm")
    assert all(path.startswith(("/v1/", "/v2/")) for path in vllm.paths())


@pytest.mark.parametrize("folder", sorted(FAMILIES))
def test_exactly_the_models_marked_refused_are_refused(folder: str) -> None:
    known = {"family": FAMILIES[folder]} if FAMILIES[folder] in NOT_DETECTABLE else {}
    checkpoint = str(GOLDEN / folder / "checkpoint")
    if folder in IN_PROCESS_ONLY:
        with pytest.raises(ArgumentError, match="not served by vLLM"):
            load(checkpoint, engine="http://127.0.0.1:1", dialect="vllm", **known)
    else:
        load(checkpoint, engine="http://127.0.0.1:1", dialect="vllm", **known).close()
