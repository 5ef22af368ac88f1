"""What the playground's server answers."""

from __future__ import annotations

import ast
import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playground.asked import Stub, client_of, request, side

import rerank_plugins
from rerank_plugins import Reranker
from rerank_plugins.core.results import RankedDocument, Ranking
from rerank_plugins.errors import RemoteUnavailableError

if TYPE_CHECKING:
    from starlette.testclient import TestClient

SOURCES = sorted((Path(rerank_plugins.__file__).parent / "playground").glob("*.py"))


def compare(client: TestClient, **changes: Any) -> tuple[int, Any]:
    answer = client.post("/compare", json=request(**changes))
    return answer.status_code, answer.json()


@pytest.mark.parametrize(
    ("path", "media"),
    [
        ("/", "text/html"),
        ("/style.css", "text/css"),
        ("/app.js", "text/javascript"),
        ("/columns.js", "text/javascript"),
        ("/lines.js", "text/javascript"),
    ],
)
def test_the_page_and_its_parts_are_served(client: TestClient, path: str, media: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == f"{media}; charset=utf-8"


@pytest.mark.parametrize("path", ["/../app.py", "/%2e%2e/app.py", "/static/app.js", "/index.html/..%2fapp.py"])
def test_nothing_else_is_served(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_the_models_tell_their_scale_and_whether_they_take_an_instruction(client: TestClient) -> None:
    assert client.get("/models").json() == [
        {"name": "plain", "family": "bi-encoder", "scale": "cosine", "takes_instruction": False},
        {"name": "instructed", "family": "qwen3", "scale": "probability", "takes_instruction": True},
    ]


def test_without_a_model_the_order_is_the_one_given(client: TestClient) -> None:
    status, found = compare(client)
    assert (status, found["left"]) == (200, [{"index": 0, "score": None}, {"index": 1, "score": None}])


def test_a_model_ranks_as_it_does_anywhere(client: TestClient, rerankers: dict[str, Reranker]) -> None:
    _, found = compare(client, right=side("plain"))
    expected = rerankers["plain"].rank("a cat", ["a dog", "a cat sat"])
    assert [each["index"] for each in found["right"]] == [1, 0]
    assert [each["score"] for each in found["right"]] == pytest.approx([each.score for each in expected])


def test_each_side_has_its_own_instruction(client: TestClient, rerankers: dict[str, Reranker]) -> None:
    _, found = compare(client, left=side("instructed", "cats"), right=side("instructed", "dogs"))
    for name, instruction in (("left", "cats"), ("right", "dogs")):
        expected = rerankers["instructed"].rank("a cat", ["a dog", "a cat sat"], instruction=instruction)
        assert [each["score"] for each in found[name]] == pytest.approx([each.score for each in expected])
    assert found["left"] != found["right"]


def test_an_instruction_is_refused_where_the_model_takes_none(client: TestClient) -> None:
    status, error = compare(client, right=side("plain", "cats"))
    assert (status, error["type"]) == (400, "InstructionNotSupportedError")


def test_an_instruction_is_refused_where_there_is_no_model(client: TestClient) -> None:
    status, error = compare(client, left=side(None, "cats"))
    assert (status, error["type"]) == (400, "ArgumentError")


@pytest.mark.parametrize("model", ["embedded", "/etc", "https://example.com", "", "Plain", 3, ["plain"], {}])
def test_the_page_cannot_name_a_model_that_was_not_loaded(client: TestClient, model: Any) -> None:
    status, error = compare(client, left={"model": model})
    assert (status, error["type"]) == (400, "ArgumentError")
    assert "--model" in error["message"]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_the_app_cannot_load_a_model(path: Path) -> None:
    tree = ast.parse(path.read_text())
    modules = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert not {"rerank_plugins", "rerank_plugins.core.loading"} & modules
    assert not {"load", "import_module", "__import__"} & names


def test_too_many_documents_are_refused(client: TestClient) -> None:
    assert compare(client, documents=["text"] * 200)[0] == 200
    status, error = compare(client, documents=["text"] * 201)
    assert (status, error["type"]) == (413, "InputTooLargeError")
    assert "201 documents" in error["message"]


@pytest.mark.parametrize(
    "changes",
    [
        {"query": "x" * 20_001},
        {"documents": ["x" * 20_001]},
        {"left": {"model": "instructed", "instruction": "x" * 20_001}},
    ],
    ids=["query", "document", "instruction"],
)
def test_a_text_that_is_too_long_is_refused(client: TestClient, changes: dict[str, Any]) -> None:
    status, error = compare(client, **changes)
    assert (status, error["type"]) == (413, "InputTooLargeError")
    assert "20,001 characters" in error["message"]


def test_a_body_that_is_too_large_is_not_read_to_its_end(rerankers: dict[str, Reranker]) -> None:
    """The answer comes while the body still goes on: reading all of it would never end."""
    from rerank_plugins.playground.app import playground

    headers = [(b"host", b"localhost"), (b"origin", b"http://localhost")]
    scope = {"type": "http", "method": "POST", "path": "/compare", "headers": headers, "query_string": b""}
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(0)
        return {"type": "http.request", "body": b" " * 1000, "more_body": True}

    async def send(message: Any) -> None:
        sent.append(message)

    app = playground(rerankers, max_bytes=10_000)
    asyncio.run(asyncio.wait_for(app(scope, receive, send), timeout=10))
    assert sent[0]["status"] == 413


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000, b'{"query": 1e999999'])
def test_what_is_not_json_is_a_typed_error(client: TestClient, body: bytes) -> None:
    answer = client.post("/compare", content=body)
    assert (answer.status_code, answer.json()["type"]) == (400, "ArgumentError")


@pytest.mark.parametrize(
    "changes",
    [{"query": None}, {"documents": "text"}, {"documents": [1]}, {"left": None}, {"right": {"instruction": 1}}],
)
def test_what_has_the_wrong_type_is_a_typed_error(client: TestClient, changes: dict[str, Any]) -> None:
    status, error = compare(client, **{"right": side("plain"), **changes})
    assert status == 400
    assert error["type"] in {"ArgumentTypeError", "ArgumentError"}


def test_json_that_is_no_object_is_a_typed_error(client: TestClient) -> None:
    answer = client.post("/compare", json=["query"])
    assert (answer.status_code, answer.json()["type"]) == (400, "ArgumentTypeError")


@pytest.mark.parametrize("documents", [[], ["", " "], ["\ud800", "\x00", "a\nb"]])
def test_odd_documents_are_ranked(client: TestClient, documents: list[str]) -> None:
    sent = request(documents=documents, left=side("plain"), right=side("instructed"))
    answer = client.post("/compare", content=json.dumps(sent))  # a lone surrogate can only be sent escaped
    assert answer.status_code == 200
    found = answer.json()
    for name in ("left", "right"):
        assert sorted(each["index"] for each in found[name]) == list(range(len(documents)))


def test_truncation_and_the_best_passage_are_told() -> None:
    ranking = Ranking([RankedDocument(0, 1.0, "some text", truncated=True, passage=(5, 9))])
    _, found = compare(client_of({"stub": Stub(ranking)}), documents=["some text"], right=side("stub"))
    assert found["right"] == [{"index": 0, "score": 1.0, "truncated": True, "passage": [5, 9]}]


def test_a_server_behind_that_fails_is_a_typed_error() -> None:
    stub = Stub(RemoteUnavailableError("no connection"))
    status, error = compare(client_of({"stub": stub}), right=side("stub"))
    assert (status, error) == (502, {"type": "RemoteUnavailableError", "message": "no connection"})


def test_a_failure_that_nobody_foresaw_tells_nothing_of_itself() -> None:
    answer = client_of({"stub": Stub(KeyError("secret"))}).post("/compare", json=request(right=side("stub")))
    assert answer.status_code == 500
    assert "secret" not in answer.text


def test_both_sides_are_scored_at_the_same_time_without_blocking_the_loop() -> None:
    """Each side waits for the other: one after the other, or on a blocked loop, neither would end."""
    begun: list[asyncio.Event] = []

    async def meet() -> Ranking:
        begun.append(asyncio.Event())
        if len(begun) == 2:
            for event in begun:
                event.set()
        await asyncio.wait_for(begun[-1].wait(), timeout=10)
        return Ranking()

    status, _ = compare(client_of({"stub": Stub(meet)}), left=side("stub"), right=side("stub"))
    assert status == 200
