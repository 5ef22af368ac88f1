"""The playground as an ASGI app: its pages, its models, and a comparison; loads no model and starts no server."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.responses import FileResponse, JSONResponse
from starlette.routing import Route

from rerank_plugins.errors import InputTooLargeError, RemoteError, RerankError
from rerank_plugins.playground.asking import Comparison, Limits, Side, read_comparison
from rerank_plugins.playground.guard import Guard

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Mapping

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp

    from rerank_plugins.core.reranker import Reranker

_STATIC = Path(__file__).parent / "static"
# Types stand here because some systems guess text/plain for scripts, which browsers then refuse.
_FILES = {
    "/": ("index.html", "text/html"),
    "/style.css": ("style.css", "text/css"),
    "/app.js": ("app.js", "text/javascript"),
    "/columns.js": ("columns.js", "text/javascript"),
    "/lines.js": ("lines.js", "text/javascript"),
}


def playground(
    rerankers: Mapping[str, Reranker],
    *,
    hosts: Collection[str] = (),
    max_documents: int = 200,
    max_characters: int = 20_000,
    max_bytes: int = 2_000_000,
) -> ASGIApp:
    """Return the app; whoever made the rerankers closes them.

    Args:
        rerankers: The models that can be chosen, by the names that the page shows; it can load no others.
        hosts: Names and addresses under which the page is reached, besides this machine's own.
        max_documents: Most documents of one comparison.
        max_characters: Most characters of a query, an instruction or a document.
        max_bytes: Most bytes of one request.
    """
    limits = Limits(documents=max_documents, characters=max_characters, size=max_bytes)
    desk = _Desk(rerankers, limits)
    files = [Route(path, _file(name, media)) for path, (name, media) in _FILES.items()]
    routes = [*files, Route("/models", desk.models), Route("/compare", desk.compare, methods=["POST"])]
    return Guard(Starlette(routes=routes), hosts)


class _Desk:
    """Answers what the page asks for."""

    def __init__(self, rerankers: Mapping[str, Reranker], limits: Limits) -> None:
        self._rerankers = rerankers
        self._limits = limits

    async def models(self, _: Request) -> JSONResponse:
        return JSONResponse([_described(name, reranker) for name, reranker in self._rerankers.items()])

    async def compare(self, request: Request) -> JSONResponse:
        try:
            asked = read_comparison(await self._body(request), self._limits, self._rerankers)
            left, right = await asyncio.gather(self._side(asked, asked.left), self._side(asked, asked.right))
        except RerankError as error:
            return JSONResponse({"type": type(error).__name__, "message": str(error)}, _status(error))
        return JSONResponse({"left": left, "right": right})

    async def _body(self, request: Request) -> bytes:
        """Return the request's body; what is too large is not even kept."""
        body = bytearray()
        async for part in request.stream():
            body += part
            if len(body) > self._limits.size:
                raise InputTooLargeError(f"The playground takes at most {self._limits.size:,} bytes at once.")
        return bytes(body)

    async def _side(self, asked: Comparison, side: Side) -> list[dict[str, Any]]:
        if side.model is None:
            return [{"index": index, "score": None} for index in range(len(asked.documents))]
        reranker = self._rerankers[side.model]
        found = await reranker.arank(asked.query, asked.documents, instruction=side.instruction)
        return [
            {"index": each.index, "score": each.score, "truncated": each.truncated, "passage": each.passage}
            for each in found
        ]


def _file(name: str, media: str) -> Callable[[Request], Awaitable[Response]]:
    async def serve(_: Request) -> FileResponse:
        return FileResponse(_STATIC / name, media_type=media)

    return serve


def _described(name: str, reranker: Reranker) -> dict[str, Any]:
    info = reranker.info
    return {
        "name": name,
        "family": info.family,
        "scale": info.score_kind,
        "takes_instruction": info.supports_instruction,
    }


def _status(error: RerankError) -> int:
    if isinstance(error, InputTooLargeError):
        return 413
    if isinstance(error, RemoteError):
        return 502
    return 400 if isinstance(error, (ValueError, TypeError)) else 500
