"""What the adapters have in common below their surface: handles, load options, imports, packaging."""

from __future__ import annotations

import asyncio
import copy
import importlib
import inspect
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import rerank_plugins.integrations as home
from rerank_plugins.core.options import CallOptions
from rerank_plugins.core.results import RankedDocument
from rerank_plugins.errors import ArgumentError, MissingExtraError
from rerank_plugins.integrations._ranking import rank
from rerank_plugins.integrations._request import Request
from rerank_plugins.integrations._shared import LOAD_DEFAULTS
from rerank_plugins.integrations.models import ModelHandle

from .fakes import FakeReranker

if TYPE_CHECKING:
    from .drivers import Driver
    from .fakes import FakeLoad


def test_load_defaults_are_those_of_load() -> None:
    from rerank_plugins.core.loading import load

    real = {name: p.default for name, p in inspect.signature(load).parameters.items()}
    apart = {"model", "token", "instruction", "normalize", "family_options"}
    assert {name: default for name, default in real.items() if name not in apart} == LOAD_DEFAULTS


@pytest.mark.promise("P35", "P40")
def test_every_adapter_has_every_load_option() -> None:
    from rerank_plugins.integrations.haystack import RerankPluginsRanker
    from rerank_plugins.integrations.langchain import RerankCompressor, RerankCrossEncoder
    from rerank_plugins.integrations.llama_index import RerankPostprocessor

    for component in (RerankCompressor, RerankCrossEncoder, RerankPluginsRanker.__init__, RerankPostprocessor):
        parameters = inspect.signature(component).parameters
        known = {name: parameters[name].default for name in LOAD_DEFAULTS if name in parameters}
        assert known == LOAD_DEFAULTS
        assert {"model", "token", "instruction", "normalize", "family_options", "reranker"} < set(parameters)


@pytest.mark.promise("P35")
def test_frameworks_share_one_model(load: FakeLoad) -> None:
    from .drivers import HaystackDriver, LangChainDriver, LlamaIndexDriver

    drivers: list[Driver] = [HaystackDriver(), LangChainDriver(), LlamaIndexDriver()]
    components = [driver.make(model="m", token=None, max_length=64) for driver in drivers]
    for driver, component in zip(drivers, components, strict=True):
        driver.rank(component, "pie", driver.hosts(["a", "pie"]))
    assert load.calls == [{"model": "m", "max_length": 64}]


def test_handles_compare_by_what_they_load() -> None:
    first, second = ModelHandle({"model": "m", "a": 1}), ModelHandle({"a": 1, "model": "m"})
    assert first == second
    assert hash(first) == hash(second)
    assert first != ModelHandle({"model": "m", "a": 2})
    assert first != ModelHandle({"model": "m", "a": 1, "token": "t"})
    assert first != "m"


def test_a_copy_keeps_the_model_alive(load: FakeLoad) -> None:
    handle = ModelHandle({"model": "m"})
    handle.get()
    copied = copy.copy(handle)
    del handle
    assert not load.made[0].closed
    assert copied.get() is load.made[0]


def test_the_key_does_not_show_the_token() -> None:
    assert "secret" not in ModelHandle({"model": "m", "token": "secret"})._key


def test_sync_and_async_first_calls_wait_for_one_load(load: FakeLoad) -> None:
    load.seconds = 0.1
    handles = [ModelHandle({"model": "m"}) for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        work = [pool.submit(handle.get) for handle in handles[:3]]
        work += [pool.submit(asyncio.run, handle.aget()) for handle in handles[3:]]
        assert len({id(each.result()) for each in work}) == 1
    assert len(load.calls) == 1


def test_giving_up_waiting_does_not_stop_the_load(load: FakeLoad) -> None:
    load.seconds = 0.1
    handle = ModelHandle({"model": "m"})

    async def impatient() -> None:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(handle.aget(), 0.02)
        await handle.aget()

    asyncio.run(impatient())
    assert len(load.calls) == 1


def test_closing_during_a_call_does_not_disturb_it(load: FakeLoad) -> None:
    handle = ModelHandle({"model": "m"})
    reranker, started, go_on = handle.get(), threading.Event(), threading.Event()
    original = reranker.score

    def slow(*arguments: object, **options: object) -> list[float]:
        started.set()
        go_on.wait(5)
        assert not reranker.closed
        scores: list[float] = original(*arguments, **options)
        return scores

    reranker.score = slow
    with ThreadPoolExecutor(1) as pool:
        work = pool.submit(rank, handle, Request(query="a", texts=["a"], options=CallOptions()))
        started.wait(5)
        handle.close()
        go_on.set()
        assert len(work.result()) == 1


@pytest.mark.parametrize("indexes", [[0, 0], [0, 2], [0], [-1, 0]])
def test_refuses_rankings_that_are_none(indexes: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    broken = FakeReranker()
    monkeypatch.setattr(broken, "rank", lambda *_, **__: [RankedDocument(i, 1.0, "") for i in indexes])
    request = Request(query="a", texts=["a", "b"], options=CallOptions())
    with pytest.raises(ArgumentError, match="for 2 documents"):
        rank(ModelHandle(reranker=broken), request)


@pytest.mark.parametrize(
    ("name", "package", "extra"),
    [
        ("llama_index", "llama_index.core.callbacks", "llama-index"),
        ("langchain", "langchain_core.documents", "langchain"),
        ("haystack", "haystack", "haystack"),
    ],
)
@pytest.mark.promise("P43")
def test_a_missing_framework_names_the_extra(
    name: str, package: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.delitem(sys.modules, f"rerank_plugins.integrations.{name}", raising=False)
    with pytest.raises(MissingExtraError, match=rf'pip install "rerank-plugins\[{extra}\]"'):
        importlib.import_module(f"rerank_plugins.integrations.{name}")


def test_the_shared_namespaces_hold_no_other_module() -> None:
    root = Path(home.__path__[0]) / "_namespaces"
    assert sorted(str(path.relative_to(root)) for path in root.rglob("*.py")) == [
        "haystack_integrations/components/rankers/rerank_plugins/__init__.py",
        "llama_index/postprocessor/rerank_plugins/__init__.py",
    ]
