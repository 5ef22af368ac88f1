"""The public names, what importing costs, and which part may know which."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import rerank_plugins

ROOT = Path(rerank_plugins.__file__).parent
SOURCES = sorted(path for path in ROOT.rglob("*.py") if "_namespaces" not in path.parts)
FRAMEWORKS = {"llama_index", "langchain_core", "haystack", "langchain", "langchain_classic", "ray"}


def test_public_names_are_exactly_all() -> None:
    helpers = {"TYPE_CHECKING", "annotations", "import_module"}
    here = {name for name, value in vars(rerank_plugins).items() if not inspect.ismodule(value)}
    public = {name for name in here if not name.startswith("_")} - helpers
    assert public | set(rerank_plugins._HOMES) | {"errors"} == set(rerank_plugins.__all__)
    assert dir(rerank_plugins) == sorted(rerank_plugins.__all__)


@pytest.mark.parametrize("name", rerank_plugins.__all__)
def test_every_public_name_resolves(name: str) -> None:
    assert getattr(rerank_plugins, name) is not None


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="rerankers"):
        _ = rerank_plugins.rerankers


def test_every_error_is_public_and_drawn_in_the_tree() -> None:
    tree = rerank_plugins.errors.__doc__
    for name, value in vars(rerank_plugins.errors).items():
        if isinstance(value, type) and issubclass(value, Exception):
            assert name in rerank_plugins.__all__
            assert name in tree
            assert issubclass(value, rerank_plugins.RerankError)


@pytest.mark.parametrize("module", ["torch", "transformers", "starlette", "uvicorn", *sorted(FRAMEWORKS)])
@pytest.mark.promise("P36")
def test_importing_the_package_loads_no(module: str) -> None:
    code = f"import rerank_plugins, sys; sys.exit({module!r} in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.promise("P36")
def test_the_core_loads_no_framework() -> None:
    code = (
        "import sys, rerank_plugins; rerank_plugins.load('embedded').close();"
        f"sys.exit(bool({FRAMEWORKS!r} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def imported(path: Path) -> set[str]:
    """Return every module that a file imports, also inside functions."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module)
    return found


@pytest.mark.parametrize("path", [path for path in SOURCES if "core" in path.parts], ids=lambda path: path.name)
@pytest.mark.promise("P36")
def test_the_core_knows_neither_frameworks_nor_adapters(path: Path) -> None:
    names = imported(path)
    assert not {name for name in names if name.split(".")[0] in FRAMEWORKS}
    assert not {name for name in names if name.startswith("rerank_plugins.integrations")}


@pytest.mark.parametrize("path", [path for path in SOURCES if "core" in path.parts], ids=lambda path: path.name)
def test_only_detection_knows_families_by_name(path: Path) -> None:
    names = imported(path)
    if path.name != "registry.py" and path.parent.name != "families":
        assert not {name for name in names if name.startswith("rerank_plugins.core.families")}


def test_errors_know_nothing() -> None:
    assert imported(ROOT / "errors.py") == set()


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
@pytest.mark.promise("P47")
def test_no_remote_code_and_no_pickles(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        assert not (isinstance(node, ast.keyword) and node.arg == "trust_remote_code")
        assert not (isinstance(node, ast.Attribute) and ast.unparse(node) in {"torch.load", "pickle.load"})
        assert not isinstance(node, ast.Assert), "checks raise; assert disappears under python -O"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_says_in_its_first_line_what_it_is(path: Path) -> None:
    docstring = ast.get_docstring(ast.parse(path.read_text()))
    assert docstring
    assert len(path.read_text().splitlines()) <= 300


@pytest.mark.parametrize("path", sorted((ROOT / "core/families").glob("*.py")), ids=lambda path: path.name)
def test_a_family_is_data(path: Path) -> None:
    tree = ast.parse(path.read_text())
    loops = (ast.For, ast.While, ast.With, ast.Try)
    assert not [node for node in ast.walk(tree) if isinstance(node, loops)]
    assert "torch" not in imported(path)
