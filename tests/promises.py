"""What the package promises (A to F), which tests prove it, and the table of both in docs/promises.md.

The tests are found by their marks, ``@pytest.mark.promise("P1", ...)``. Run by ``make readme``, checked by a test.
"""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
TESTS = ROOT / "tests"
DOC = ROOT / "docs/promises.md"
SOAK = ROOT / "benchmarks/results/soak.json"
_UNUSUAL = {"gpu", "hub"}
"""Marks of tests that need what not every machine has: they prove nothing where they did not run."""

PROMISES: dict[str, dict[str, str]] = {
    "A. Correct scores": {
        "P1": "Scores equal those of each vendor's own code (1e-4 in float32; bfloat16 stays near).",
        "P2": "Token ids equal recorded ones for every family; a template on the hub cannot change them.",
        "P3": "A missing, unexpected or newly initialised weight on the scoring path fails at load.",
        "P4": "Label words (yes, no, 0, 1, Yes) must be one token each.",
        "P5": "Logits are float32 before the activation; neighbouring logits stay apart.",
        "P6": "One activation, declared in `info.score_kind`; a single candidate scores as in a list.",
        "P7": "A pair's score never depends on the other candidates.",
        "P8": "Template suffix and (capped) query always survive; only the document is shortened.",
        "P9": "Truncation is reported; a limit that does not bind changes no id; token counts stand in the trace.",
        "P10": "Batch size, order and company move scores by at most 1e-5 (float32); repetition moves no bit.",
        "P11": "Ties keep input order.",
        "P12": "NaN and infinity raise an error that names model, dtype and index.",
        "P13": "Padding is masked: alone and in a batch a row scores the same.",
        "P14": "Layerwise and lightweight options are validated; one layer gives floats.",
        "P15": "Reranking with real weights gains over not reranking, and a shuffled head loses it.",
    },
    "B. Robust inputs and outputs": {
        "P16": "Empty, blank, huge, many, surrogate, NUL, right-to-left: defined results.",
        "P17": "The output is a permutation (or its first part) of the input, which is never changed.",
        "P18": "Scores are finite Python floats; results are JSON.",
        "P19": "`top_n` means the same everywhere: None is all, too many is all, not positive is an error.",
        "P20": "Thresholds are inclusive, on the declared scale, before `top_n`.",
        "P21": "Instructions change ids, per instance and per call, or are refused.",
        "P22": "The retrieval score is kept beside the rerank score.",
    },
    "C. Memory and speed": {
        "P23": "No tensor of tokens by vocabulary is ever made.",
        "P24": "A forward never exceeds its token budget, except for a single row.",
        "P25": "Out of memory: halve, retry, then a typed error; every row exactly once; nothing made up.",
        "P26": "No probing forward, and no weight is converted in a call.",
        "P27": "Rows of a forward have similar lengths; nothing is padded that can be packed.",
        "P28": "Memory stays flat over 10,000 calls, and `close()` gives it back.",
        "P29": "No rival was measured faster at equal precision; script and results are in the repository.",
        "P30": "`rank_many` equals `rank` for each query.",
    },
    "D. Concurrency and frameworks": {
        "P31": "16 threads and 64 tasks on one instance give the scores of serial calls.",
        "P32": "A model loads once under concurrent first calls, off the event loop; a failed load is not kept.",
        "P33": "Async calls never block the loop; cancelling returns at once and harms nothing.",
        "P34": "No processes, no forks, nothing that runs on deletion; exit and fork in mid-call end well.",
        "P35": "Equal input gives equal scores in the core and in every adapter.",
        "P36": "Frameworks are optional, the core imports none, oldest and newest versions are tested.",
        "P37": "Dumps, pickles and YAML keep every setting, load nothing and hold no secret.",
        "P38": "Traces and callbacks fire once for each call, with numbers and never with text.",
    },
    "E. Operations": {
        "P39": "Offline means not one call of a socket.",
        "P40": "`revision` can be set everywhere, and the commit that was loaded is told.",
        "P41": "Devices and precisions are chosen by what is there; what cannot run is refused.",
        "P42": "`warmup()`, and a `health()` that waits for nothing.",
        "P43": "No prints, no root logger, no bars unless asked; errors name what is missing.",
        "P44": 'A failure raises, unless `on_error="keep_order"` marks every result.',
        "P45": "Oldest and newest transformers, all families in-tree, no remote code.",
        "P46": "Licences that forbid commercial use are told once and stand in `info`.",
    },
    "F. Security": {
        "P47": "No remote code, no pickles, no kernels named by a config; checks raise.",
        "P48": "Text that spells an added token never becomes that token.",
        "P49": "What canned injections do is measured and published.",
        "P50": "Caps on documents and characters apply before anything is tokenized.",
    },
}


def names() -> list[str]:
    return [name for part in PROMISES.values() for name in part]


def proofs() -> dict[str, list[str]]:
    """Return the tests of each promise, as ``path::name``, in the order of their files."""
    found: dict[str, list[str]] = {name: [] for name in names()}
    for path in sorted(TESTS.rglob("*.py")):
        for test, marks in _marked(ast.parse(path.read_text(encoding="utf-8"))):
            for name in marks:
                found[name].append(f"{path.relative_to(ROOT)}::{test}")
    return found


def _marked(tree: ast.Module) -> list[tuple[str, list[str]]]:
    """Return each test of a file and its promises; a file's or a class's marks hold for all its tests."""
    shared = _marks([node.value for node in tree.body if _is_pytestmark(node)])
    found = []
    for node in tree.body:
        inner = node.body if isinstance(node, ast.ClassDef) else [node]
        outer = _marks(node.decorator_list) if isinstance(node, ast.ClassDef) else {}
        for test in inner:
            if isinstance(test, (ast.FunctionDef, ast.AsyncFunctionDef)) and test.name.startswith("test_"):
                marks = {**shared, **outer, **_marks(test.decorator_list)}
                if not _UNUSUAL & set(marks):
                    found.append((test.name, [name for mark in marks.values() for name in mark]))
    return found


def _is_pytestmark(node: ast.stmt) -> Any:
    return isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark"


def _marks(nodes: list[Any]) -> dict[str, list[str]]:
    """Return what each mark among these expressions was given, by the mark's name."""
    flat = [one for node in nodes for one in (node.elts if isinstance(node, ast.List) else [node])]
    found: dict[str, list[str]] = {}
    for node in flat:
        called = isinstance(node, ast.Call)
        name = ast.unparse(node.func if called else node)
        if name.startswith("pytest.mark."):
            is_promise = called and name.endswith(".promise")
            found[name.rpartition(".")[2]] = [ast.literal_eval(one) for one in node.args] if is_promise else []
    return found


def table() -> str:
    """Return the document."""
    proved = proofs()
    parts = [_HEAD, soak()]
    for title, promises in PROMISES.items():
        rows = [f"| {name} | {text} | {_cell(proved[name])} |" for name, text in promises.items()]
        parts.append("\n".join([f"## {title}", "", "| | promise | tests |", "| --- | --- | --- |", *rows]))
    return "\n\n".join(parts) + "\n"


def _cell(tests: list[str]) -> str:
    return "<br>".join(f"`{test.removeprefix('tests/')}`" for test in tests)


def soak() -> str:
    """Return what the last run of ``make soak`` found."""
    if not SOAK.exists():
        return "## Under load\n\n`make soak` was not run yet."
    run = json.loads(SOAK.read_text(encoding="utf-8"))
    where = f"{run['machine']['cpu']}, {run['machine']['cores']} cores, Python {run['machine']['python']}"
    rows = [f"| {one['what']} | {one['found']} |" for one in run["runs"]]
    told = f"Last run of `make soak`: {run['date']}, {run['minutes']:.0f} minutes, {where}."
    return "\n".join(["## Under load", "", told, "", "| what | found |", "| --- | --- |", *rows])


_HEAD = """# Promises

What this package promises, and the tests that prove it. Each test carries its promises as a mark; this page is
generated from the marks (`make readme`), and a test fails when a promise has none. Paths are below `tests/`; those
under `peers/` run by `make test-peers`, under `engines/` by `make test-engines`, under `soak/` by `make soak`, the
others by `make test`. [scale.md](scale.md) says which engines ran, [injection.md](injection.md) what injections
do."""


if __name__ == "__main__":
    DOC.write_text(table(), encoding="utf-8")
