"""What load() refuses for vLLM in this process; nothing is started."""

from __future__ import annotations

from pathlib import Path

import pytest

from rerank_plugins import ArgumentError, ArgumentTypeError, UnknownOptionError, load

pytestmark = pytest.mark.engine
ENCODER = str(Path(__file__).parents[2] / "golden/bge_encoder/checkpoint")


def test_an_option_that_vllm_does_not_have_is_named() -> None:
    with pytest.raises(UnknownOptionError, match="Did you mean 'gpu_memory_utilization'"):
        load(ENCODER, engine="vllm", engine_options={"gpu_memory_utilisation": 0.5})


@pytest.mark.parametrize("name", ["runner", "hf_overrides", "trust_remote_code", "max_model_len"])
def test_what_scores_depend_on_is_not_an_option(name: str) -> None:
    with pytest.raises(ArgumentError, match=name):
        load(ENCODER, engine="vllm", engine_options={name: None})


def test_options_are_a_dict() -> None:
    with pytest.raises(ArgumentTypeError, match="dict"):
        load(ENCODER, engine="vllm", engine_options=["enforce_eager"])  # type: ignore[arg-type]
