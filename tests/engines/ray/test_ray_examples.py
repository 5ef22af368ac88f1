"""The examples for Ray Data, Ray Serve and Spark do what they say; Spark itself is not needed."""

from __future__ import annotations

import json
import socket
import sys
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from rerank_plugins import load

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.engine

EXAMPLES = Path(__file__).parents[3] / "examples"
QUERY = "how to close a file"
TEXTS = ["Pandas eat bamboo.", "A with statement closes the file.", "The file was closed by the archive."]


@pytest.fixture(autouse=True)
def _examples_importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLES))


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """Return the address of a running server."""
    from ray import cloudpickle, serve

    sys.path.insert(0, str(EXAMPLES))
    try:
        import ray_serve
    finally:
        sys.path.remove(str(EXAMPLES))
    cloudpickle.register_pickle_by_value(ray_serve)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    serve.start(http_options={"host": "127.0.0.1", "port": port})
    serve.run(ray_serve.app, route_prefix="/v2/rerank")
    yield f"http://127.0.0.1:{port}"
    serve.shutdown()


def post(url: str, body: object) -> tuple[int, dict[str, Any]]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(f"{url}/v2/rerank", data=data, method="POST")  # noqa: S310 - ours
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def test_the_dataset_example_prints_its_point(capsys: pytest.CaptureFixture[str], monkeypatch: Any) -> None:
    import ray
    import ray_dataset

    monkeypatch.setattr(ray, "init", lambda **_: None)  # there is a cluster already

    ray_dataset.main()

    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 5
    assert "1 Wild yeast makes gas in the dough." in lines[0]
    assert "error None ArgumentTypeError: document must be a string" in lines[2]
    assert "1 The hedgehog hibernates" in lines[3]


def test_the_server_answers_as_rank_does(url: str) -> None:
    status, answer = post(url, {"model": "any", "query": QUERY, "documents": TEXTS, "top_n": 2})

    with load("embedded") as reranker:
        expected = reranker.rank(QUERY, TEXTS, top_n=2, normalize=True)
    assert status == 200
    assert [result["index"] for result in answer["results"]] == [document.index for document in expected]
    scores = [result["relevance_score"] for result in answer["results"]]
    assert scores == pytest.approx([document.score for document in expected], abs=1e-5)


def test_the_server_answers_our_own_client(url: str) -> None:
    with load("embedded") as reranker, load(url, dialect="cohere", model_name="embedded", token="none") as remote:
        expected = reranker.score(QUERY, TEXTS, normalize=True)
        assert remote.score(QUERY, TEXTS) == pytest.approx(expected, abs=1e-5)


def test_the_server_answers_requests_that_come_together(url: str) -> None:
    bodies = [{"query": QUERY, "documents": [text] * (place + 1)} for place, text in enumerate(TEXTS * 8)]

    with ThreadPoolExecutor(24) as threads:
        answers = list(threads.map(lambda body: post(url, body), bodies))

    assert [status for status, _ in answers] == [200] * 24
    assert [len(answer["results"]) for _, answer in answers] == [len(body["documents"]) for body in bodies]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{", "JSONDecodeError"),
        ({"query": QUERY}, "must hold query and documents"),
        ([1], "must hold query and documents"),
        ({"query": QUERY, "documents": TEXTS, "return_documents": True}, "must hold query and documents"),
        ({"query": QUERY, "documents": "one"}, "documents must be a list"),
        ({"query": QUERY, "documents": TEXTS, "top_n": 0}, "top_n must be > 0"),
        ({"query": QUERY, "documents": TEXTS, "instruction": "prefer new"}, "takes no instruction"),
    ],
)
def test_the_server_says_what_is_wrong_with_a_request(url: str, body: object, message: str) -> None:
    status, answer = post(url, body)

    assert status == 400
    assert message in answer["message"]


def test_the_iterator_for_spark_scores_frame_after_frame() -> None:
    from spark_rerank import PAIRS, SCHEMA, score_partition

    frames = [pd.DataFrame(PAIRS, columns=["query", "document"])] * 2

    found = list(score_partition(iter(frames)))

    assert [list(frame.columns) for frame in found] == [[part.split()[0] for part in SCHEMA.split(", ")]] * 2
    with load("embedded", device="cpu") as reranker:
        expected = reranker.score_pairs(PAIRS[:2])
    for frame in found:
        assert frame["score"].tolist()[:2] == pytest.approx(expected, abs=1e-5)
        assert frame["error"].tolist() == [
            None,
            None,
            "ArgumentTypeError: document must be a string, got NoneType.",
        ]
