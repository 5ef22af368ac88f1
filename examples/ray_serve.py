"""Serve a reranker with Ray Serve: POST /v2/rerank in the form of Cohere and vLLM; knows no keys and no users.

Needs ``pip install "ray[serve]"``. Start it with ``python examples/ray_serve.py``, or from its directory with
``serve run ray_serve:app``. Put what checks keys in front of it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ray import serve
from starlette.responses import JSONResponse

from rerank_plugins import ArgumentError, ArgumentTypeError, load

if TYPE_CHECKING:
    from starlette.requests import Request

FIELDS = {"model", "query", "documents", "top_n", "instruction"}


# A replica scores what its requests hold together, so let many wait in it: that fills the batches.
# On GPUs: ray_actor_options={"num_gpus": 1}, num_replicas=...
@serve.deployment(max_ongoing_requests=64)
class Rerank:
    """One replica: one loaded model."""

    def __init__(self, model: str) -> None:
        """Load ``model``; a replica that cannot is never ready."""
        self._reranker = load(model)
        self._reranker.warmup()

    async def __call__(self, request: Request) -> JSONResponse:
        """Answer one request; what is wrong with it is told with status 400."""
        if request.method != "POST":
            return JSONResponse({"message": "Use POST."}, status_code=405)
        try:
            return JSONResponse(await self._ranked(json.loads(await request.body())))
        except (ArgumentError, ArgumentTypeError, KeyError, ValueError) as error:
            return JSONResponse({"message": f"{type(error).__name__}: {error}"}, status_code=400)

    async def _ranked(self, body: dict[str, Any]) -> dict[str, Any]:
        if not isinstance(body, dict) or not {"query", "documents"} <= set(body) <= FIELDS:
            raise ArgumentError("The body must hold query and documents, and may hold model, top_n, instruction.")
        ranking = await self._reranker.arank(
            body["query"],
            body["documents"],
            top_n=body.get("top_n"),
            instruction=body.get("instruction"),
            normalize=True,  # as these servers answer: 0 to 1
        )
        results = [{"index": document.index, "relevance_score": document.score} for document in ranking]
        return {"model": self._reranker.info.model, "results": results}


app = Rerank.bind("embedded")

if __name__ == "__main__":
    serve.run(app, route_prefix="/v2/rerank", blocking=True)
