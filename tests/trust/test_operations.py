"""What an operator relies on: no network where none was asked for, logs, spans, probes and licences."""

from __future__ import annotations

import asyncio
import logging
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import tiny
from families.recorded import GOLDEN
from trust.blocked import block

from rerank_plugins import ArgumentTypeError, Health, ModelNotFoundError, NonFiniteScoreError, Reranker, load
from rerank_plugins.core import licenses, tracing

PRIVATE = "a private sentence"
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def cached(checkpoint: Callable[[str], Path], tmp_path: Path) -> str:
    """Return a hub cache that holds one model, ``tiny/bert``."""
    home = tmp_path / "models--tiny--bert"
    shutil.copytree(checkpoint("bert"), home / "snapshots" / COMMIT)
    (home / "refs").mkdir()
    (home / "refs/main").write_text(COMMIT)
    return str(tmp_path)


@pytest.mark.promise("P39")
def test_a_cached_model_loads_and_scores_without_a_socket(cached: str, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = block(monkeypatch)
    with load("tiny/bert", local_files_only=True, cache_dir=cached) as reranker:
        assert len(reranker.rank(tiny.QUERY, tiny.DOCUMENTS)) == len(tiny.DOCUMENTS)
    assert blocked.tried == []


@pytest.mark.promise("P39")
def test_a_model_that_is_not_cached_is_not_asked_for(cached: str, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = block(monkeypatch)
    with pytest.raises(ModelNotFoundError, match="local cache"):
        load("tiny/other", local_files_only=True, cache_dir=cached)
    assert blocked.tried == []


@pytest.mark.promise("P39")
@pytest.mark.parametrize("model", ["embedded", "directory"])
def test_local_models_never_ask_the_network(
    checkpoint: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, model: str
) -> None:
    blocked = block(monkeypatch)
    with load(str(checkpoint("bert")) if model == "directory" else model) as reranker:
        reranker.score("q", ["d"])
    assert blocked.tried == []


@pytest.mark.promise("P40")
def test_the_commit_that_was_loaded_is_told(cached: str) -> None:
    with load("tiny/bert", revision="main", local_files_only=True, cache_dir=cached) as reranker:
        assert reranker.info.revision == COMMIT


@pytest.fixture
def everything_logged(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG)
    return caplog


@pytest.mark.promise("P43", "P38")
def test_no_text_is_ever_logged(everything_logged: pytest.LogCaptureFixture, bert: Reranker) -> None:
    bert.rank(PRIVATE, [PRIVATE, "", PRIVATE * 500])
    with pytest.raises(ArgumentTypeError) as caught:
        bert.score_pairs([(PRIVATE, 5)])  # type: ignore[list-item]
    assert PRIVATE not in everything_logged.text
    assert PRIVATE not in str(caught.value)


@pytest.mark.promise("P43")
def test_logs_are_our_own_and_the_root_logger_is_left_alone(
    everything_logged: pytest.LogCaptureFixture,
    checkpoint: Callable[[str], Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = (logging.getLogger().level, list(logging.getLogger().handlers))
    with load(str(checkpoint("bert"))) as reranker:
        reranker.score("q", ["d"])
    assert (logging.getLogger().level, list(logging.getLogger().handlers)) == before
    assert capsys.readouterr() == ("", "")


@pytest.mark.promise("P46")
def test_a_non_commercial_licence_is_told_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(licenses, "_TOLD", set())
    for _ in range(2):
        with load(str(GOLDEN / "jina_v2/checkpoint"), device="cpu") as reranker:
            assert "non-commercial" in reranker.info.license
    told = [record for record in caplog.records if "CC-BY-NC-4.0" in record.getMessage()]
    assert [(record.name, record.levelname) for record in told] == [("rerank_plugins", "WARNING")]


@pytest.mark.promise("P46")
def test_a_free_licence_is_not_told(caplog: pytest.LogCaptureFixture, checkpoint: Callable[[str], Path]) -> None:
    load(str(checkpoint("bert"))).close()
    assert caplog.records == []


@pytest.mark.promise("P42")
def test_health_waits_for_nothing(checkpoint: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    reading, go_on = threading.Event(), threading.Event()
    reranker = load(str(checkpoint("bert")))
    engine = reranker._backend.scorer.scheduler._engine  # type: ignore[union-attr]
    read = engine.read

    def slow(rows: Any) -> Any:
        reading.set()
        go_on.wait(10)
        return read(rows)

    assert reranker.health() == Health(open=True, waiting=0, busy_seconds=0.0)
    monkeypatch.setattr(engine, "read", slow)
    callers = [threading.Thread(target=reranker.score, args=("q", [f"d {n}"])) for n in range(3)]
    callers[0].start()
    reading.wait(10)
    for caller in callers[1:]:
        caller.start()
    until = time.monotonic() + 10
    while reranker.health().waiting < 2 and time.monotonic() < until:
        time.sleep(0.01)
    found = reranker.health()
    go_on.set()
    for caller in callers:
        caller.join(10)
    assert (found.open, found.waiting) == (True, 2)
    assert found.busy_seconds > 0
    reranker.close()
    assert reranker.health() == Health(open=False, waiting=0, busy_seconds=0.0)


@pytest.mark.promise("P42")
def test_warmup_scores_once_and_later_calls_work(bert: Reranker) -> None:
    bert.warmup()
    assert len(bert.score("q", ["d"])) == 1


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Return where finished spans are found."""
    pytest.importorskip("opentelemetry.sdk")
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer("test")
    monkeypatch.setattr(tracing, "_tracer", lambda: tracer)
    yield exporter
    provider.shutdown()


@pytest.mark.promise("P38", "P9")
@pytest.mark.parametrize("is_async", [False, True])
def test_a_call_is_one_span_without_any_text(bert: Reranker, spans: Any, is_async: bool) -> None:
    texts = ["short", PRIVATE * 500]
    asyncio.run(bert.arank(PRIVATE, texts)) if is_async else bert.rank(PRIVATE, texts)
    (span,) = spans.get_finished_spans()
    found = dict(span.attributes)
    tokens = found.pop("rerank.tokens")
    (rows,) = bert._backend.scorer.rows([_group(PRIVATE, texts)])  # type: ignore[union-attr]
    assert (span.name, tokens) == ("rerank", sum(len(row.ids) for row in rows))
    assert found == {
        "rerank.model": bert.info.model,
        "rerank.revision": "",
        "rerank.family": "cross-encoder",
        "rerank.engine": "torch",
        "rerank.queries": 1,
        "rerank.documents": 2,
        "rerank.truncated": 1,
    }
    assert span.end_time > span.start_time
    assert PRIVATE not in span.to_json()


def _group(query: str, texts: list[str]) -> Any:
    from rerank_plugins.core.groups import Group

    return Group(query, texts, None)


@pytest.mark.promise("P38")
def test_an_error_marks_its_span_by_its_kind_only(
    bert: Reranker, spans: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise NonFiniteScoreError(PRIVATE)

    monkeypatch.setattr(bert._backend, "run", broken)
    with pytest.raises(NonFiniteScoreError):
        bert.score("q", ["d"])
    (span,) = spans.get_finished_spans()
    assert span.attributes["error.type"] == "NonFiniteScoreError"
    assert not span.status.is_ok
    assert PRIVATE not in span.to_json()


@pytest.mark.promise("P38")
def test_without_opentelemetry_calls_work(bert: Reranker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracing, "_tracer", lambda: None)
    assert len(bert.score("q", ["d"])) == 1
