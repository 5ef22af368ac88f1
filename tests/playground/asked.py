"""What the page sends, and rerankers without a model."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from starlette.testclient import TestClient

from rerank_plugins.core.results import Ranking
from rerank_plugins.playground.app import playground

ADDRESS = "http://localhost:8765"


class Stub:
    """The face of a ``Reranker`` that answers, or fails, as it is told."""

    def __init__(self, answer: Any) -> None:
        self.info = SimpleNamespace(family="stub", score_kind="logit", supports_instruction=True)
        self.answer = answer

    async def arank(self, query: str, documents: list[str], *, instruction: str | None) -> Ranking:
        if isinstance(self.answer, Exception):
            raise self.answer
        return await self.answer() if callable(self.answer) else self.answer


def client_of(rerankers: dict[str, Any], **limits: int) -> TestClient:
    """Return a browser-like client: it sends the host and the origin of the page."""
    app = playground(rerankers, **limits)
    return TestClient(app, base_url=ADDRESS, headers={"origin": ADDRESS}, raise_server_exceptions=False)


def request(**changes: Any) -> dict[str, Any]:
    """Return what the page sends, with some of it changed."""
    given = {"model": None, "instruction": None}
    sent = {"query": "a cat", "documents": ["a dog", "a cat sat"], "left": given, "right": given}
    return {**sent, **changes}


def side(model: str | None, instruction: str | None = None) -> dict[str, str | None]:
    return {"model": model, "instruction": instruction}
