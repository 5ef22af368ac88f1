"""The command line: what it prints, and how it fails."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from families.recorded import GOLDEN
from typer.testing import CliRunner

from rerank_plugins import ArgumentError, families
from rerank_plugins.cli import app, main

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

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


LINES = "Bananas are yellow.\n\nA with statement closes the file, also after an error.\n"
QUESTION = "how do I close a file"


def run(*arguments: str, given: str | None = None) -> Result:
    return CliRunner().invoke(app, list(arguments), input=given, catch_exceptions=False)


def test_rank_reads_lines_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "documents.txt").write_text(LINES)
    result = run("rank", QUESTION, str(tmp_path / "documents.txt"), "--json")
    assert [(one["rank"], one["index"]) for one in json.loads(result.stdout)] == [(1, 1), (2, 0)]


def test_rank_reads_lines_from_standard_input() -> None:
    found = json.loads(run("rank", QUESTION, "--json", "--top-n", "1", given=LINES).stdout)
    assert [one["text"] for one in found] == ["A with statement closes the file, also after an error."]


def test_rank_gives_json_objects_back() -> None:
    given = "\n".join(json.dumps({"id": place, "body": text}) for place, text in enumerate(LINES.split("\n\n")))
    found = json.loads(run("rank", QUESTION, "--jsonl", "--field", "body", "--json", given=given).stdout)
    assert [one["document"]["id"] for one in found] == [1, 0]


def test_rank_shows_a_table_with_moves() -> None:
    shown = run("rank", QUESTION, given=LINES).stdout
    assert "▲ 1" in shown
    assert "score (cosine)" in shown


def test_rank_shows_nothing_that_a_terminal_would_obey() -> None:
    shown = run("rank", QUESTION, given="a document\x1b]0;owned\x07 \x1b[31mred\n").stdout
    assert "red" in shown
    assert "\x1b]0" not in shown
    assert "\x1b[31m" not in shown


def test_rank_names_the_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "documents.txt").write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(ArgumentError, match="is not UTF-8"):
        run("rank", QUESTION, str(tmp_path / "documents.txt"))


@pytest.mark.parametrize(
    ("given", "told"),
    [('{"text": 5}', "Line 1 must be"), ("\n[1", "Line 2 is not JSON"), ('{"body": "private"}', "--field")],
)
def test_rank_names_the_line_that_is_wrong_and_not_its_text(given: str, told: str) -> None:
    with pytest.raises(ArgumentError, match=told) as caught:
        run("rank", QUESTION, "--jsonl", given=given)
    assert "private" not in str(caught.value)


def test_rank_without_a_file_says_what_to_give() -> None:
    with pytest.raises(ArgumentError, match="There is no file"):
        run("rank", QUESTION, "no-such-file.txt")


def test_families_names_every_family() -> None:
    assert [one["name"] for one in json.loads(run("families", "--json").stdout)] == [
        one.name for one in families()
    ]
    assert "qwen3" in run("families").stdout


def test_doctor_scores_a_pair_and_names_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    from rerank_plugins.commands import doctor

    monkeypatch.setitem(doctor.EXTRAS, "nothing", "no-such-distribution")
    found = json.loads(run("doctor", "--json").stdout)
    assert found["works"]
    assert found["packages"]["torch"]
    assert 'pip install "rerank-plugins[nothing]"' in found["missing"]
    assert "devices" in run("doctor").stdout


def test_doctor_fails_where_scoring_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    from rerank_plugins.commands import doctor

    monkeypatch.setattr(doctor, "_scores", lambda **_: (False, "RuntimeError: broken"))
    result = run("doctor")
    assert result.exit_code == 1
    assert "DOES NOT WORK: RuntimeError: broken" in result.stdout


def test_without_typer_the_extra_is_named() -> None:
    code = "import sys; sys.modules['typer'] = None; import rerank_plugins.cli"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert 'pip install "rerank-plugins[cli]"' in result.stderr
