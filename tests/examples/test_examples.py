"""Every example runs by itself and prints what it promises; each run is a process of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
SHORT = {
    "quickstart.py": r"Best two documents: \[2, 0\]",
    "llama_index_query.py": r"After reranking.*\n  0\.\d+  The hedgehog hibernates",
    "langchain_rag.py": r"Answer from this:\nThe hedgehog hibernates(?s:.*)The answer streams:\nT\|h\|e",
    "haystack_hybrid.py": r"The ranker says:\n  0\.\d+  A with statement closes the file",
    "share_one_model.py": r"LlamaIndex (\[.*\]).*\nLangChain  \1.*\nHaystack   \1",
}


def run(name: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "COLUMNS": "80", "PYTHONUTF8": "1"}
    command = [sys.executable, str(EXAMPLES / name), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False, encoding="utf-8")


@pytest.mark.parametrize("name", SHORT)
def test_short_example_prints_its_point(name: str) -> None:
    done = run(name)

    assert done.returncode == 0, done.stderr
    assert re.search(SHORT[name], done.stdout), done.stdout


@pytest.mark.parametrize("name", SHORT)
def test_short_example_is_short(name: str) -> None:
    assert len((EXAMPLES / name).read_text(encoding="utf-8").splitlines()) < 65


def test_demo_on_a_few_questions(tmp_path: Path) -> None:
    page = tmp_path / "new/report.html"
    done = run("demo.py", "--limit", 6, "--json", tmp_path / "demo.json", "--html", page)

    assert done.returncode == 0, done.stderr
    for promised in ("MRR@10", "nDCG@10", "p95", "peak memory", "Identical scores", "before", "after"):
        assert promised in done.stdout
    *lines, last = done.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert last == f"Report: {page}"
    assert "Reranking with embedded" in page.read_text(encoding="utf-8")
    numbers = json.loads((tmp_path / "demo.json").read_text(encoding="utf-8"))
    assert (numbers["questions"]["used"], numbers["scores_checked"]) == (6, 300)


def test_demo_says_what_is_wrong_with_the_model() -> None:
    done = run("demo.py", "--model", "./no-such-directory")

    assert done.returncode == 2
    assert "no-such-directory" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.promise("P15", "P35")
def test_demo_on_all_questions_gains(tmp_path: Path) -> None:
    done = run("demo.py", "--require-gain", "--json", tmp_path / "demo.json")

    assert done.returncode == 0, done.stdout + done.stderr
    numbers = json.loads((tmp_path / "demo.json").read_text(encoding="utf-8"))
    assert numbers["quality"]["reranked"]["mrr@10"] > numbers["quality"]["first_stage"]["mrr@10"]
    assert numbers["identical_scores"]
    assert numbers["scores_checked"] > 40 * numbers["questions"]["used"]
    assert numbers["questions"]["used"] + numbers["questions"]["dropped"] == 72
