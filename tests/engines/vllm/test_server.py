"""vLLM's server, started by the command we print: the same scores as torch, and what its key guards."""

from __future__ import annotations

import asyncio
import sys
from contextlib import ExitStack
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from families.recorded import cases
from haystack import Document, Pipeline

from engines.resized import resized
from engines.serving import free_port, serving
from rerank_plugins import HandshakeError, RemoteAuthenticationError, RemoteRequestError, Reranker, load
from rerank_plugins.core.remote.command import vllm_command

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.engine
KEY = "sesame"
SIZE = {"max_length": 256}
SMALL = ["--enforce-eager", "--max-num-batched-tokens", "2048", "--max-num-seqs", "8"]
SERVED = {
    "bge_encoder": {},
    "qwen3": {"family": "qwen3"},
    "contextual": {"family": "contextual"},
}
TOLERANCE = 1e-4


class Server:
    """A model's directory, how it is loaded, and the URL where vLLM serves it."""

    def __init__(self, folder: str, dialect: str, directory: Path, open_: ExitStack) -> None:
        self.folder, self.dialect, self.known = folder, dialect, SERVED[folder]
        self.checkpoint = resized(folder, directory)
        port = free_port()
        words = vllm_command(self.checkpoint, dialect=dialect, dtype="float32", **SIZE, **self.known)
        self.url = open_.enter_context(serving(_runnable(words, port), port, directory / "log", {}))

    def by_tokens(self, **changes: Any) -> Reranker:
        given = {"engine": self.url, "dialect": self.dialect, "token": KEY, "model_name": "tiny", **SIZE}
        return load(self.checkpoint, **{**given, **self.known, **changes})

    def in_torch(self) -> Reranker:
        return load(self.checkpoint, device="cpu", **SIZE, **self.known)


def _runnable(words: list[str], port: int) -> list[str]:
    """Return the printed command in the form that the CPU build of vLLM can run."""
    assert words[:2] == ["vllm", "serve"]
    module = [sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model"]
    here = ["--host", "127.0.0.1", "--port", str(port), "--served-model-name", "tiny", "--api-key", KEY]
    return [*module, *words[2:], *here, *SMALL]


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str, str], Server]]:
    """Return a function that gives the server of a recorded family; each is started once."""
    with ExitStack() as open_:
        yield cache(lambda folder, dialect: Server(folder, dialect, tmp_path_factory.mktemp(folder), open_))


@pytest.fixture(params=["bge_encoder vllm", "qwen3 vllm", "qwen3 vllm-generate", "contextual vllm-generate"])
def server(request: pytest.FixtureRequest, servers: Callable[[str, str], Server]) -> Server:
    return servers(*request.param.split())


@pytest.fixture
def encoder(servers: Callable[[str, str], Server]) -> Server:
    return servers("bge_encoder", "vllm")


@pytest.fixture
def pooling(servers: Callable[[str, str], Server]) -> Server:
    return servers("qwen3", "vllm")


@pytest.fixture
def generating(servers: Callable[[str, str], Server]) -> Server:
    return servers("qwen3", "vllm-generate")


def test_scores_by_token_ids_are_those_of_torch(server: Server) -> None:
    with server.by_tokens() as remote, server.in_torch() as torch_:
        for case in (case for case in cases() if case.folder == server.folder):
            call = {"instruction": case.instruction, "normalize": False}
            expected = torch_.score(case.query, case.documents, **call)
            assert remote.score(case.query, case.documents, **call) == pytest.approx(expected, abs=TOLERANCE)
            assert asyncio.run(remote.ascore(case.query, case.documents, **call)) == pytest.approx(
                expected, abs=TOLERANCE
            )


def test_many_documents_come_back_in_order(server: Server) -> None:
    documents = [f"document number {number} of many" for number in range(600)]
    with server.by_tokens() as remote, server.in_torch() as torch_:
        assert remote.score("many", documents) == pytest.approx(torch_.score("many", documents), abs=TOLERANCE)


def test_the_handshake_passes_with_scores_of_torch(server: Server) -> None:
    with server.by_tokens() as remote, server.in_torch() as torch_:
        pairs = [("bears", "a bear eats bamboo"), ("bread", "dough rises")]
        remote.handshake([(*pair, score) for pair, score in zip(pairs, torch_.score_pairs(pairs), strict=True)])


def test_one_haystack_yaml_runs_here_and_there_by_two_lines(server: Server) -> None:
    here = YAML.format(model=server.checkpoint, family=server.known.get("family", "null"))
    there = here + f"      engine: {server.url}\n      dialect: {server.dialect}\n"
    if server.dialect == "vllm-generate":  # the only one whose route the key guards
        there += "      token: {type: env_var, env_vars: [TINY_KEY], strict: true}\n"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TINY_KEY", KEY)
        expected, found = (ranked(text) for text in (here, there))
    assert [text for text, _ in found] == [text for text, _ in expected]
    assert [score for _, score in found] == pytest.approx([score for _, score in expected], abs=TOLERANCE)


YAML = """\
components:
  ranker:
    type: haystack_integrations.components.rankers.rerank_plugins.RerankPluginsRanker
    init_parameters:
      model: {model}
      family: {family}
      max_length: 256
"""


def ranked(yaml: str) -> list[tuple[str | None, float | None]]:
    pipeline = Pipeline.loads(yaml + "connections: []\n")
    documents = [Document(content=text) for text in ("dough rises", "a bear eats bamboo", "files are closed")]
    found = pipeline.run({"ranker": {"query": "what do bears eat", "documents": documents}})
    return [(document.content, document.score) for document in found["ranker"]["documents"]]


def test_a_row_that_the_server_has_no_room_for_is_refused(server: Server) -> None:
    with server.by_tokens(max_length=400) as remote, pytest.raises(RemoteRequestError, match="too long"):
        remote.score("q", ["word " * 2000])


def test_a_wrong_name_is_refused(server: Server) -> None:
    with server.by_tokens(model_name="other") as remote, pytest.raises(RemoteRequestError, match="model_name"):
        remote.score("q", ["d"])


def test_the_key_guards_the_generating_route(generating: Server) -> None:
    with generating.by_tokens(token="wrong") as remote, pytest.raises(RemoteAuthenticationError):
        remote.score("q", ["d"])


def test_the_key_does_not_guard_the_pooling_route(pooling: Server) -> None:
    """As docs/scale.md warns; when this fails, vLLM has mended it and the warning may go."""
    with pooling.by_tokens(token="wrong") as remote:
        assert len(remote.score("q", ["d"])) == 1


def test_text_to_an_encoder_scores_as_torch(encoder: Server) -> None:
    with load(encoder.url, dialect="vllm", token=KEY, model_name="tiny") as remote, encoder.in_torch() as torch_:
        documents = ["dough rises", "a bear eats bamboo"]
        expected = torch_.score("bears", documents, normalize=False)
        assert remote.score("bears", documents, normalize=False) == pytest.approx(expected, abs=TOLERANCE)


def test_text_is_guarded_by_the_key(encoder: Server) -> None:
    opened = load(encoder.url, dialect="vllm", token="wrong", model_name="tiny")
    with opened as remote, pytest.raises(RemoteAuthenticationError):
        remote.score("q", ["d"])


def test_the_handshake_tells_a_missing_template(pooling: Server) -> None:
    """Text to a language model without its template: status 200, plausible numbers, all of them wrong."""
    pair = ("what do bears eat", "a bear eats bamboo")
    with pooling.in_torch() as torch_:
        expected = torch_.score_pairs([pair])[0]
    opened = load(pooling.url, dialect="vllm", token=KEY, model_name="tiny")
    with opened as remote, pytest.raises(HandshakeError, match="template"):
        remote.handshake([(*pair, expected)])
