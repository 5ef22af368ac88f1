"""Infinity's server gives an encoder the scores it has in torch; what else it answers is known."""

from __future__ import annotations

import asyncio
import os
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest
from families.recorded import GOLDEN, cases
from haystack import Document, Pipeline

from engines.serving import free_port, serving
from rerank_plugins import HandshakeError, InstructionNotSupportedError, RemoteAuthenticationError, Reranker, load

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.engine
PROGRAM = "INFINITY_PROGRAM"
"""Variable that says where ``infinity_emb`` is; it needs older versions than this package."""
KEY = "sesame"
TOLERANCE = 1e-4
FOLDERS = ("bge_encoder", "cross_encoder")


class Server:
    """A recorded encoder and the URL where Infinity serves it."""

    def __init__(self, folder: str, log: Path, open_: ExitStack) -> None:
        self.folder = folder
        self.checkpoint = str(GOLDEN / folder / "checkpoint")
        port = free_port()
        model = ["--model-id", self.checkpoint, "--served-model-name", "tiny"]
        here = ["--host", "127.0.0.1", "--port", str(port)]
        how = ["--device", "cpu", "--engine", "torch", "--dtype", "float32", "--no-model-warmup"]
        environment = {"INFINITY_API_KEY": KEY, "DO_NOT_TRACK": "1"}
        self.url = open_.enter_context(
            serving([os.environ[PROGRAM], "v2", *model, *here, *how], port, log, environment)
        )

    def remote(self, **changes: Any) -> Reranker:
        return load(self.url, **{"dialect": "infinity", "model_name": "tiny", "token": KEY, **changes})

    def in_torch(self) -> Reranker:
        return load(self.checkpoint, device="cpu")


@pytest.fixture(scope="module", params=FOLDERS)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with ExitStack() as open_:
        yield Server(request.param, tmp_path_factory.mktemp(request.param) / "log", open_)


def test_scores_are_those_of_torch(server: Server) -> None:
    with server.remote(normalize=False) as remote, server.in_torch() as torch_:
        for case in (case for case in cases() if case.folder == server.folder and not long(case.data)):
            expected = torch_.score(case.query, case.documents, normalize=False)
            assert remote.score(case.query, case.documents) == pytest.approx(expected, abs=TOLERANCE), case.name
            found = asyncio.run(remote.ascore(case.query, case.documents))
            assert found == pytest.approx(expected, abs=TOLERANCE), case.name


def long(case: dict[str, Any]) -> bool:
    """Whether something is cut, which Infinity does in its own way, or blank, which it strips."""
    texts = [case["query"], *case["documents"]]
    return any(len(text) > 400 or text != text.strip() or not text for text in texts)


def test_more_documents_than_one_request_takes_come_back_in_order(server: Server) -> None:
    documents = [f"number {place}" for place in range(2100)]
    with server.remote(normalize=False) as remote, server.in_torch() as torch_:
        expected = torch_.score("number", documents, normalize=False)
        assert remote.score("number", documents) == pytest.approx(expected, abs=TOLERANCE)


def test_the_key_is_needed(server: Server) -> None:
    with (
        server.remote(token="wrong") as remote,
        pytest.raises(RemoteAuthenticationError, match="INFINITY_API_KEY"),
    ):
        remote.score("q", ["d"])


def test_an_instruction_is_refused(server: Server) -> None:
    with server.remote() as remote, pytest.raises(InstructionNotSupportedError):
        remote.score("q", ["d"], instruction="find bears")


def test_the_handshake_compares_with_scores_of_torch(server: Server) -> None:
    pair = ("bears", "a bear eats bamboo")
    with server.in_torch() as torch_:
        right = torch_.score_pairs([pair], normalize=True)[0]
    with server.remote() as remote:
        remote.handshake([(*pair, right)])
        with pytest.raises(HandshakeError):
            remote.handshake([(*pair, right + 0.1)])


YAML = """\
components:
  ranker:
    type: haystack_integrations.components.rankers.rerank_plugins.RerankPluginsRanker
    init_parameters:
      model: {model}
      normalize: true
      token: {{type: env_var, env_vars: [TINY_KEY], strict: false}}
"""


def test_one_haystack_yaml_runs_here_and_there_by_two_lines(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINY_KEY", KEY)
    here = YAML.format(model=server.checkpoint)
    there = YAML.format(model=server.url) + "      dialect: infinity\n"
    expected, found = (ranked(text) for text in (here, there))
    assert [text for text, _ in found] == [text for text, _ in expected]
    assert [score for _, score in found] == pytest.approx([score for _, score in expected], abs=TOLERANCE)


def ranked(yaml: str) -> list[tuple[str | None, float | None]]:
    pipeline = Pipeline.loads(yaml + "connections: []\n")
    documents = [Document(content=text) for text in ("dough rises", "a bear eats bamboo", "files are closed")]
    found = pipeline.run({"ranker": {"query": "what do bears eat", "documents": documents}})
    return [(document.content, document.score) for document in found["ranker"]["documents"]]
