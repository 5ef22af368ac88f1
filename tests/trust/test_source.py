"""Promises about the package's own source: what it never does, because it is not written there."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "rerank_plugins").rglob("*.py"))


def calls(tree: ast.AST) -> set[str]:
    """Return the dotted names of everything that is called."""
    return {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


every_file = pytest.mark.parametrize("path", FILES, ids=named)


@pytest.mark.promise("P47")
@every_file
def test_remote_code_and_pickles_are_never_asked_for(path: Path) -> None:
    tree = parsed(path)
    arguments = {word.arg for node in ast.walk(tree) if isinstance(node, ast.Call) for word in node.keywords}
    assert "trust_remote_code" not in arguments
    assert not {"torch.load", "pickle.load", "pickle.loads", "eval", "exec", "compile"} & calls(tree)


@pytest.mark.promise("P47")
@every_file
def test_checks_raise_and_never_assert(path: Path) -> None:
    assert not [node.lineno for node in ast.walk(parsed(path)) if isinstance(node, ast.Assert)]


@pytest.mark.promise("P34")
@every_file
def test_no_process_is_started_and_nothing_runs_on_deletion(path: Path) -> None:
    tree = parsed(path)
    forks = {"os.fork", "subprocess.Popen", "subprocess.run", "multiprocessing.Process", "ProcessPoolExecutor"}
    assert not forks & calls(tree)
    assert "__del__" not in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@pytest.mark.promise("P43")
@every_file
def test_nothing_is_printed_and_only_our_logger_is_used(path: Path) -> None:
    tree = parsed(path)
    assert "print" not in calls(tree)
    assert not {"logging.basicConfig", "logging.info", "logging.warning", "warnings.warn"} & calls(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "logging.getLogger":
            assert ast.unparse(node.args[0]) in {"'rerank_plugins'", "__name__"}


@pytest.mark.promise("P50")
def test_no_call_takes_a_template_or_a_url() -> None:
    from inspect import signature

    from rerank_plugins import Reranker

    allowed = {"self", "query", "queries", "documents", "pairs", "instruction", "top_n", "threshold", "normalize"}
    for name in ("score", "score_pairs", "rank", "rank_many", "ascore", "arank", "arank_many"):
        assert set(signature(getattr(Reranker, name)).parameters) <= allowed | {"progress"}
