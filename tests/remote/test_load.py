"""What ``load()`` does with URLs, what it refuses by name, and what it never imports."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

import rerank_plugins
from rerank_plugins import ArgumentError, ArgumentTypeError, MissingExtraError, Reranker, load

from .conftest import Open
from .replay import Answer, Replay

URL = "https://host.example"


def test_a_remote_reranker_is_a_reranker(open_: Open) -> None:
    reranker = open_("vllm", model_name="m")
    assert isinstance(reranker, rerank_plugins.RemoteReranker)
    assert isinstance(reranker, Reranker)


def test_the_info_says_what_is_known(open_: Open, replay: Replay) -> None:
    info = open_("vllm", model_name="m").info
    assert (info.model, info.model_name, info.family) == (replay.url, "m", "vllm")
    assert (info.devices, info.dtype, info.max_length, info.license) == ((), "", None, "")
    assert info.score_kind == "probability"
    assert info.supports_instruction


def test_it_shows_where_and_what(open_: Open, replay: Replay) -> None:
    assert repr(open_("tei")) == f"RemoteReranker({replay.url!r}, dialect='tei')"
    assert repr(open_("vllm", model_name="m")).endswith("dialect='vllm', model_name='m')")


def test_loading_asks_nothing_and_warmup_one_pair(open_: Open, replay: Replay) -> None:
    replay.then = [Answer(body=[{"index": 0, "score": 1.0}])]
    with open_("tei") as reranker:
        assert replay.asked == []
        reranker.warmup()
    assert len(replay.bodies[0]["texts"]) == 1


@pytest.mark.parametrize("dialect", [None, "nope", 5])
def test_what_a_server_speaks_is_never_guessed(dialect: Any) -> None:
    with pytest.raises(ArgumentError, match="one of 'vllm', 'tei'"):
        load(URL, dialect=dialect)


@pytest.mark.parametrize(
    "option", [{"dialect": "vllm"}, {"model_name": "m"}, {"timeout": 5.0}, {"max_concurrency": 2}]
)
def test_options_of_servers_need_a_url(option: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError, match=next(iter(option))):
        load("embedded", **option)


@pytest.mark.parametrize(
    "option",
    [
        {"family": "qwen3"},
        {"revision": "main"},
        {"local_files_only": True},
        {"cache_dir": "x"},
        {"device": "cpu"},
        {"dtype": "float32"},
        {"quantize": "int8"},
        {"max_length": 64},
        {"max_query_length": 64},
        {"long_documents": "passages"},
        {"overlap_tokens": 10},
        {"batch_tokens": 512},
        {"cache_size": 10},
        {"cutoff_layers": [8]},
    ],
)
def test_options_of_local_models_are_refused_by_name(option: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError, match=next(iter(option))):
        load(URL, dialect="tei", **option)


@pytest.mark.parametrize("timeout", [0, -1, float("inf"), float("nan"), "5", None, True])
def test_a_timeout_is_a_number_of_seconds(timeout: Any) -> None:
    with pytest.raises(ArgumentError, match="timeout"):
        load(URL, dialect="tei", timeout=timeout)


@pytest.mark.parametrize("most", [0, -1, 1.5, "5", None, True])
def test_max_concurrency_is_a_count(most: Any) -> None:
    with pytest.raises(ArgumentError, match="max_concurrency"):
        load(URL, dialect="tei", max_concurrency=most)


def test_a_model_name_is_text() -> None:
    with pytest.raises(ArgumentTypeError, match="model_name"):
        load(URL, dialect="vllm", model_name=5)  # type: ignore[arg-type]


def test_a_missing_client_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "httpx", None)
    with pytest.raises(MissingExtraError, match=r'pip install "rerank-plugins\[remote\]"'):
        load(URL, dialect="tei")


def test_neither_torch_nor_transformers_is_imported(replay: Replay) -> None:
    replay.always = lambda _: Answer(body=[{"index": 0, "score": 1.0}])
    code = f"""
import asyncio, sys
from rerank_plugins import RemoteReranker, load
with load({replay.url!r}, dialect="tei") as reranker:
    reranker.rank("q", ["a"])
    asyncio.run(reranker.arank("q", ["a"]))
sys.exit(bool({{"torch", "transformers", "tokenizers"}} & set(sys.modules)))
"""
    subprocess.run([sys.executable, "-c", code], check=True)
