"""Every Python block of the docs and the README runs, with tiny models in the place of the hub's."""

from __future__ import annotations

import json
import re
import shutil
import textwrap
from pathlib import Path
from typing import Any

import pytest
from families.recorded import GOLDEN

from rerank_plugins.core.sources import Source

ROOT = Path(__file__).parents[2]
PAGES = sorted(path for path in (ROOT / "docs").glob("*.md") if path.name not in {"migrate.md", "ray.md"})
"""migrate.md and ray.md have tests of their own, which know their frameworks."""
BLOCK = re.compile(r"(?ms)^( *)```python\n(.*?)^\1```")
NOT_RUN = re.compile(r"<!-- not run: [^>]+ -->\s*$")
TINY = {
    "BAAI/bge-reranker-v2-m3": "bge_encoder",
    "Qwen/Qwen3-Reranker-0.6B": "qwen3",
}


@pytest.fixture(autouse=True)
def _hub_models_are_tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Source._directory

    def directory(source: Source) -> Path:
        return GOLDEN / TINY[source.model] / "checkpoint" if source.model in TINY else real(source)

    monkeypatch.setattr(Source, "_directory", directory)
    monkeypatch.setattr(Source, "fetch_weights", lambda _: None)


@pytest.fixture(autouse=True)
def _files_of_the_reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put what the pages talk of where they run: questions, and a model of one's own."""
    monkeypatch.chdir(tmp_path)
    lines = [
        {"query": "what do bears eat", "documents": ["Rain is wet.", "Bears eat berries."], "relevant": [1]},
        {"query": "what is wet", "documents": ["Bears eat berries.", "Rain is wet."], "relevant": [1]},
    ]
    Path("data.jsonl").write_text("\n".join(map(json.dumps, lines)))
    shutil.copytree(GOLDEN / "cross_encoder/checkpoint", "my-model")


def blocks(path: Path) -> list[str]:
    """Return the Python blocks of a page, but for those that say why they are not run."""
    text = path.read_text(encoding="utf-8")
    return [
        textwrap.dedent(found.group(2))
        for found in BLOCK.finditer(text)
        if not NOT_RUN.search(text[: found.start()])
    ]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_block_of_a_page_runs_in_its_order(path: Path) -> None:
    names: dict[str, Any] = {}
    for block in blocks(path):
        exec(compile(block, path.name, "exec"), names)  # noqa: S102 - our own docs


def test_blocks_are_found() -> None:
    assert sum(len(blocks(path)) for path in PAGES) > 10


def test_every_block_of_the_readme_runs_in_its_order(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    names = readers_own(monkeypatch)
    for block in blocks(ROOT / "README.md"):
        exec(compile(block, "README.md", "exec"), names)  # noqa: S102 - our own README
    printed = capsys.readouterr().out
    assert any(text in printed for text in names["documents"])
    assert str(names["answer"]).strip()


def readers_own(patch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return what a reader of the README has already: an index, a retriever, a pipeline."""
    from haystack import Pipeline
    from langchain_core.embeddings import DeterministicFakeEmbedding
    from langchain_core.vectorstores import InMemoryVectorStore
    from llama_index.core import Settings, VectorStoreIndex
    from llama_index.core.embeddings import MockEmbedding
    from llama_index.core.llms import MockLLM
    from llama_index.core.schema import TextNode

    patch.setattr(Settings, "_llm", MockLLM())
    patch.setattr(Settings, "_embed_model", MockEmbedding(embed_dim=4))
    texts = ["Use the | operator.", "Use update().", "Rain is wet."]
    store = InMemoryVectorStore.from_texts(texts, DeterministicFakeEmbedding(size=4))
    index = VectorStoreIndex([TextNode(text=text) for text in texts])
    return {"index": index, "base": store.as_retriever(), "pipeline": Pipeline()}


def test_every_block_that_is_not_run_says_why() -> None:
    for path in [*PAGES, ROOT / "README.md"]:
        text = path.read_text(encoding="utf-8")
        assert text.count("<!-- not run:") == len(BLOCK.findall(text)) - len(blocks(path)), path.name
