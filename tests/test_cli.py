"""The command line: what it prints, and how it fails."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from families.recorded import GOLDEN
from typer.testing import CliRunner

from rerank_plugins.cli import app, main

QWEN, ENCODER = (str(GOLDEN / name / "checkpoint") for name in ("qwen3", "bge_encoder"))
OVERRIDES = {
    "bge_llm": ("bge-llm", "GemmaForSequenceClassification", ["Yes"], "no_post_processing"),
    "contextual": ("contextual", "Qwen3ForSequenceClassification", None, "no_post_processing"),
    "mxbai_v2": ("mxbai-v2", "Qwen2ForSequenceClassification", ["0", "1"], "from_2_way_softmax"),
    "qwen3": ("qwen3", "Qwen3ForSequenceClassification", ["no", "yes"], "from_2_way_softmax"),
}


def words(*arguments: str) -> list[str]:
    result = CliRunner().invoke(app, ["vllm-command", *arguments, "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.mark.parametrize("folder", OVERRIDES)
def test_the_command_makes_a_language_model_score_as_its_family(folder: str) -> None:
    family, architecture, labels, method = OVERRIDES[folder]
    found = words(str(GOLDEN / folder / "checkpoint"), "--family", family)
    overrides = json.loads(found[found.index("--hf-overrides") + 1])
    assert found[found.index("--runner") + 1] == "pooling"
    assert (overrides["architectures"], overrides["method"]) == ([architecture], method)
    if labels is not None:
        assert overrides["classifier_from_token"] == labels


def test_contextuals_label_is_token_0() -> None:
    found = words(str(GOLDEN / "contextual/checkpoint"), "--family", "contextual")
    (label,) = json.loads(found[found.index("--hf-overrides") + 1])["classifier_from_token"]
    vocabulary = json.loads((GOLDEN / "contextual/checkpoint/tokenizer.json").read_text())["model"]["vocab"]
    assert vocabulary[label] == 0


def test_an_encoder_needs_no_overrides() -> None:
    expected = ["--dtype", "bfloat16", "--max-model-len", "512", "--runner", "pooling"]
    assert words(ENCODER) == ["vllm", "serve", ENCODER, *expected]


def test_a_generating_server_has_room_for_one_token_more() -> None:
    found = words(QWEN, "--family", "qwen3", "--dialect", "vllm-generate", "--max-length", "300")
    assert found[found.index("--max-model-len") + 1] == "301"
    assert found[-2:] == ["--logprobs-mode", "raw_logits"]


def test_the_command_can_be_pasted_and_says_how_to_load() -> None:
    result = CliRunner().invoke(app, ["vllm-command", QWEN, "--family", "qwen3"])
    assert result.stdout.startswith(f"vllm serve {QWEN} ")
    assert '\'{"architectures"' in result.stdout
    assert f"load({QWEN!r}, family='qwen3', engine=" in result.stderr


def test_what_cannot_be_served_ends_with_code_2_and_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["rerank-plugins", "vllm-command", str(GOLDEN / "jina_v2/checkpoint")])
    with pytest.raises(SystemExit) as caught:
        main()
    told = capsys.readouterr()
    assert (caught.value.code, told.out, told.err.count("\n")) == (2, "", 1)
    assert told.err.startswith("ArgumentError: ")


def test_a_misspelt_command_is_corrected() -> None:
    result = subprocess.run(
        [sys.executable, "-c", "from rerank_plugins.cli import main; main()", "vllm-comand"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 2
    assert "vllm-command" in result.stderr
