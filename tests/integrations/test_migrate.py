"""Every "after" of docs/migrate.md runs and ranks; every "before" is Python about what its section promises."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from haystack import Document as HaystackDocument
from langchain_core.documents import Document as LangChainDocument
from llama_index.core.schema import NodeWithScore, TextNode

import rerank_plugins

if TYPE_CHECKING:
    from .fakes import FakeLoad

GUIDE = Path(__file__).parents[2] / "docs" / "migrate.md"
QUERY = "red apple pie"
TEXTS = ["a stone", "red apple", "red apple pie"]
BEST = ["red apple pie", "red apple"]


def sections() -> dict[str, list[str]]:
    """Return the blocks of code of each section."""
    parts = re.split(r"(?m)^## (.+)$", GUIDE.read_text(encoding="utf-8"))
    return {
        title: re.findall(r"```python\n(.*?)```", text, re.DOTALL)
        for title, text in zip(parts[1::2], parts[2::2], strict=True)
    }


def names(title: str) -> dict[str, Any]:
    """Return the variables that the guide's reader has."""
    document = HaystackDocument if "Haystack" in title else lambda content: LangChainDocument(page_content=content)
    return {
        "query": QUERY,
        "texts": TEXTS,
        "nodes": [NodeWithScore(node=TextNode(text=text), score=0.5) for text in TEXTS],
        "documents": [document(content=text) for text in TEXTS],
    }


def text_of(result: Any) -> str:
    if isinstance(result, NodeWithScore):
        return result.node.get_content()
    text: str = getattr(result, "page_content", None) or getattr(result, "content", None) or result.text
    return text


AFTER = [(title, index) for title, blocks in sections().items() for index in range(1, len(blocks))]


def test_the_guide_covers_what_people_use() -> None:
    assert [title.rpartition(": ")[2] for title in sections()] == [
        "SentenceTransformerRerank",
        "FlagEmbeddingReranker",
        "CrossEncoderReranker",
        "SentenceTransformersSimilarityRanker",
        "TransformersSimilarityRanker",
        "rerankers",
    ]


@pytest.mark.parametrize("title", sections())
def test_before_is_python_that_uses_what_the_section_is_about(title: str) -> None:
    before = sections()[title][0]
    ast.parse(before)
    assert title.rpartition(": ")[2] in before
    assert "rerank_plugins" not in before


@pytest.mark.parametrize(("title", "index"), AFTER)
def test_after_runs_and_puts_the_best_first(
    title: str, index: int, load: FakeLoad, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rerank_plugins, "load", load)
    found = names(title)
    exec(compile(sections()[title][index], str(GUIDE), "exec"), found)  # noqa: S102 - our own guide
    assert [text_of(result) for result in found["found"]] == BEST
    assert len(load.calls) == 1


@pytest.mark.parametrize(("title", "index"), AFTER)
def test_models_are_ones_that_a_family_names(title: str, index: int) -> None:
    [model] = re.findall(r'"([\w-]+/[\w.-]+)"', sections()[title][index])
    assert model in {known for family in rerank_plugins.families() for known in family.models}
