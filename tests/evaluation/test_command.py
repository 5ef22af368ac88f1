"""``rerank-plugins evaluate``: what it takes, writes and prints, and its exit codes."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest
from toys import beir_folder, write_lines
from typer.testing import CliRunner

from rerank_plugins import ArgumentError
from rerank_plugins.cli import app, main

if TYPE_CHECKING:
    from pathlib import Path

    from typer.testing import Result


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = beir_folder(tmp_path_factory.mktemp("set"))
    write_lines(folder / "qrels.txt", "q1 0 d1 2", "q2 0 d2 1")
    write_lines(
        folder / "all.jsonl",
        {"query": "How are files closed?", "documents": ["Bread rises.", "Files are closed."], "relevant": [1]},
        {"query": "What do pandas eat?", "documents": ["Pandas eat bamboo.", "Bread rises."], "relevant": [0]},
    )
    return folder


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["evaluate", *map(str, arguments)])


def test_one_file_gives_table_json_and_page(home: Path, tmp_path: Path) -> None:
    out = (tmp_path / "out.json", tmp_path / "out.html")
    result = run(home / "all.jsonl", "-m", "embedded", "--json", out[0], "--html", out[1])
    assert result.exit_code == 0, result.output
    assert "Reranking with embedded made nDCG@10 better" in result.stdout
    plain = json.loads(out[0].read_text(encoding="utf-8"))
    assert plain["models"][0]["quality"]["means"]["MRR@10"] == 1
    assert out[1].read_text(encoding="utf-8").startswith("<!doctype html>")


def test_a_folder_and_trec_files_give_the_same_numbers(home: Path, tmp_path: Path) -> None:
    run_file, found = home / "first.run", []
    for name, data in {
        "folder": [home, "--run", run_file],
        "files": [
            *("--run", run_file, "--qrels", home / "qrels.txt"),
            *("--queries", home / "queries.jsonl", "--corpus", home / "corpus.jsonl"),
        ],
    }.items():
        result = run(*data, "-m", "embedded", "--k", 3, "--json", tmp_path / name)
        assert result.exit_code == 0, result.output
        found.append(json.loads((tmp_path / name).read_text(encoding="utf-8"))["models"][0]["quality"])
    assert found[0] == found[1]
    assert "nDCG@3" in found[0]["means"]


@pytest.mark.parametrize(
    ("conditions", "code", "told"),
    [
        (["--min-ndcg", "0.9"], 0, ""),
        (["--not-worse-than", "baseline"], 0, ""),
        (["--min-ndcg", "0.9", "--k", "1", "--depth", "1"], 1, "Failed: embedded: nDCG@1 is 0.5000, below 0.9."),
    ],
)
def test_a_broken_condition_ends_with_code_1(home: Path, conditions: list[str], code: int, told: str) -> None:
    result = run(home / "all.jsonl", "-m", "embedded", *conditions)
    assert (result.exit_code, told in result.stderr) == (code, True), result.output
    assert ("Failed" in result.stderr) == (code == 1)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "Give DATA, or all of --run"),
        (["{home}", "--qrels", "{home}/qrels.txt"], "stand for DATA"),
        (["{home}/all.jsonl", "--run", "{home}/first.run"], "--run and --split go with a folder"),
        (["{home}/nothing"], "There is no"),
        (["{home}/all.jsonl", "--load-options", "{{"], "--load-options is not JSON"),
        (["{home}/all.jsonl", "--load-options", "[]"], "must be a JSON object"),
        (["{home}/all.jsonl", "--json", "{home}/no/such.json"], "There is no folder"),
        (["{home}/all.jsonl", "--min-ndcg", "61"], "min_ndcg must be from 0 to 1"),
        (["{home}/all.jsonl", "--not-worse-than", "{home}/none.json"], "'baseline' or a file"),
        (["{home}/all.jsonl", "--instruction", "x"], "embedded (bi-encoder) takes no instruction"),
        (["{home}/all.jsonl", "-m", "https://host"], "dialect"),
    ],
)
def test_bad_input_ends_with_code_2_and_one_line(
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    told: str,
) -> None:
    filled = [one.format(home=home) for one in arguments]
    monkeypatch.setattr(sys, "argv", ["rerank-plugins", "evaluate", *filled, "-m", "embedded"])
    with pytest.raises(SystemExit) as caught:
        main()
    err = capsys.readouterr().err
    assert caught.value.code == 2
    assert told in err
    assert "Traceback" not in err


def test_an_empty_instruction_is_none(home: Path) -> None:
    result = run(
        home / "all.jsonl", "-m", "embedded", "--instruction", "", "--instruction", "x", "--skip-unsupported"
    )
    assert result.exit_code == 0, result.output
    assert "embedded, no instruction" in result.stdout


def test_a_wrong_option_of_load_is_named(home: Path) -> None:
    result = run(home / "all.jsonl", "-m", "embedded", "--load-options", '{"dtype": "float3"}')
    assert isinstance(result.exception, ArgumentError)
    assert "float3" in str(result.exception)
