"""The wheel holds what it should, and a fresh environment can import all three adapters from it."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHIMS = {
    "haystack_integrations/components/rankers/rerank_plugins/__init__.py",
    "llama_index/postprocessor/rerank_plugins/__init__.py",
}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel with the installed hatchling, so that nothing is downloaded."""
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    return next(out.glob("*.whl"))


def names_in(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_the_wheel_ships_the_namespace_files_and_nothing_above_them(wheel: Path) -> None:
    names = names_in(wheel)
    shared = {name for name in names if name.startswith(("haystack_integrations/", "llama_index/"))}
    assert shared == SHIMS


def test_the_wheel_ships_types_and_licence_and_no_tests(wheel: Path) -> None:
    names = names_in(wheel)
    assert "rerank_plugins/py.typed" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not [name for name in names if "tests/" in name or "_namespaces" in name]


def test_the_wheel_ships_the_playgrounds_page(wheel: Path) -> None:
    static = ROOT / "rerank_plugins/playground/static"
    shipped = {name for name in names_in(wheel) if name.startswith("rerank_plugins/playground/static/")}
    assert shipped == {f"rerank_plugins/playground/static/{path.name}" for path in static.iterdir()}
    assert "rerank_plugins/playground/static/index.html" in shipped


@pytest.mark.slow
def test_a_fresh_environment_imports_all_three_adapters(wheel: Path, tmp_path: Path) -> None:
    """The wheel alone is installed; its dependencies are seen through a path file, not the source tree."""
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "fresh")], check=True)
    python = tmp_path / "fresh" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--no-deps", str(wheel)], check=True)
    site = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    # addsitedir would also follow the editable install of the source tree; a plain path does not.
    (Path(site) / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    code = (
        "import rerank_plugins, pathlib, sys;"
        f"assert pathlib.Path(rerank_plugins.__file__).is_relative_to({str(tmp_path)!r}), rerank_plugins.__file__;"
        "from rerank_plugins.integrations.langchain import RerankCompressor;"
        "from llama_index.postprocessor.rerank_plugins import RerankPostprocessor;"
        "from haystack_integrations.components.rankers.rerank_plugins import RerankPluginsRanker;"
        "from haystack import Pipeline;"
        "pipeline = Pipeline(); pipeline.add_component('ranker', RerankPluginsRanker('embedded'));"
        "Pipeline.loads(pipeline.dumps());"
        "print(RerankCompressor(model='embedded'), RerankPostprocessor(model='embedded'))"
    )
    subprocess.run([python, "-c", code], check=True, cwd=tmp_path)
