"""What is special about the LlamaIndex adapter: events, spans, query bundles, metadata, dumps."""

from __future__ import annotations

import asyncio
import pickle
from contextlib import contextmanager
from copy import deepcopy
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest
from llama_index.core.callbacks import CallbackManager, CBEventType, EventPayload, LlamaDebugHandler
from llama_index.core.instrumentation import get_dispatcher  # type: ignore[attr-defined]
from llama_index.core.instrumentation.event_handlers import BaseEventHandler
from llama_index.core.instrumentation.events.rerank import ReRankEndEvent, ReRankStartEvent
from llama_index.core.instrumentation.span_handlers import SimpleSpanHandler
from llama_index.core.llms import MockLLM
from llama_index.core.query_engine import RetrieverQueryEngine
from llama_index.core.retrievers import BaseRetriever
from llama_index.core.schema import ImageNode, MetadataMode, NodeWithScore, QueryBundle, TextNode
from pydantic import Field, SecretStr

from rerank_plugins.errors import ArgumentTypeError, NonFiniteScoreError
from rerank_plugins.integrations.llama_index import RerankPostprocessor, RerankQueryBundle

from .fakes import FakeReranker, ScoreOnly

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .fakes import FakeLoad

QUERY = "red apple pie"
TEXTS = ["stone", "red apple", "red apple pie"]


def nodes(*texts: str, **fields: Any) -> list[NodeWithScore]:
    return [
        NodeWithScore(node=TextNode(text=text, id_=str(index), **fields), score=0.1 * index)
        for index, text in enumerate(texts)
    ]


def ids(found: list[NodeWithScore]) -> list[str]:
    return [node.node.node_id for node in found]


class Recorder(BaseEventHandler):
    """Keeps every event."""

    events: list[Any] = Field(default_factory=list)

    def handle(self, event: Any, **_: Any) -> None:
        self.events.append(event)

    def rerank_events(self) -> list[Any]:
        return [event for event in self.events if isinstance(event, (ReRankStartEvent, ReRankEndEvent))]


@contextmanager
def watched() -> Iterator[tuple[Recorder, SimpleSpanHandler]]:
    """Listen to everything that is announced inside the block."""
    root, recorder, spans = get_dispatcher(), Recorder(), SimpleSpanHandler()
    root.event_handlers.append(recorder)
    root.span_handlers.append(spans)
    try:
        yield recorder, spans
    finally:
        root.event_handlers.remove(recorder)
        root.span_handlers.remove(spans)


def run(component: RerankPostprocessor, is_async: bool, **options: Any) -> list[NodeWithScore]:
    if is_async:
        return asyncio.run(component.apostprocess_nodes(nodes(*TEXTS), **options))
    return component.postprocess_nodes(nodes(*TEXTS), **options)


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.promise("P38")
def test_events_are_paired_and_tell_the_truth(load: FakeLoad, is_async: bool) -> None:
    with watched() as (recorder, spans):
        found = run(RerankPostprocessor(model="m"), is_async, query_str=QUERY, instruction="be brief")
    start, end = recorder.rerank_events()
    assert (start.query.query_str, start.top_n, start.model_name) == (QUERY, 3, "m")
    assert [node.score for node in start.nodes] == [0.0, 0.1, 0.2]
    assert ids(end.nodes) == ids(found) == ["2", "1", "0"]
    names = [span.id_.split("-")[0] for span in spans.completed_spans]
    assert names == [f"RerankPostprocessor._{'a' if is_async else ''}postprocess_nodes"]
    assert start.tags == {"rerank.model": "m", "rerank.instruction": "be brief"}
    assert spans.completed_spans[0].tags == start.tags


@pytest.mark.parametrize("is_async", [False, True])
def test_events_are_paired_when_scoring_fails(is_async: bool) -> None:
    debug = LlamaDebugHandler(print_trace_on_end=False)
    component = RerankPostprocessor(
        reranker=FakeReranker(bias=float("nan")), callback_manager=CallbackManager([debug])
    )
    with watched() as (recorder, _), pytest.raises(NonFiniteScoreError):
        run(component, is_async, query_str=QUERY)
    assert [type(event) for event in recorder.rerank_events()] == [ReRankStartEvent, ReRankEndEvent]
    assert [len(pair) for pair in debug.get_event_pairs(CBEventType.RERANKING)] == [2]


@pytest.mark.parametrize("options", [{}, {"query_str": QUERY, "query_bundle": QueryBundle(QUERY)}])
@pytest.mark.parametrize("is_async", [False, True])
def test_wrong_queries_announce_nothing(load: FakeLoad, options: dict[str, Any], is_async: bool) -> None:
    message = "Cannot specify both" if options else "Missing query bundle in extra info."
    with watched() as (recorder, _), pytest.raises(ValueError, match=message):
        run(RerankPostprocessor(model="m"), is_async, **options)
    assert recorder.rerank_events() == []


def test_no_nodes_need_no_query(load: FakeLoad) -> None:
    with watched() as (recorder, _):
        assert RerankPostprocessor(model="m").postprocess_nodes([]) == []
    assert recorder.rerank_events() == []


def test_legacy_callback_has_both_node_lists(load: FakeLoad) -> None:
    debug = LlamaDebugHandler(print_trace_on_end=False)
    component = RerankPostprocessor(model="m", top_n=1, callback_manager=CallbackManager([debug]))
    component.postprocess_nodes(nodes(*TEXTS), query_str=QUERY)
    [[start, end]] = debug.get_event_pairs(CBEventType.RERANKING)
    assert start.payload is not None
    assert end.payload is not None
    assert start.payload[EventPayload.TOP_K] == 1
    assert start.payload[EventPayload.MODEL_NAME] == "m"
    assert ids(start.payload[EventPayload.NODES]) == ["0", "1", "2"]
    assert ids(end.payload[EventPayload.NODES]) == ["2"]


class FixedRetriever(BaseRetriever):
    """Finds the same nodes for every query."""

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return nodes(*TEXTS)


@pytest.mark.parametrize("is_async", [False, True])
def test_a_query_bundle_carries_options_through_a_query_engine(load: FakeLoad, is_async: bool) -> None:
    engine = RetrieverQueryEngine.from_args(
        FixedRetriever(), llm=MockLLM(), node_postprocessors=[RerankPostprocessor(model="m")]
    )
    query = RerankQueryBundle(QUERY, instruction="stone", top_n=2, threshold=1.0)
    answer = asyncio.run(engine.aquery(query)) if is_async else engine.query(query)
    assert ids(answer.source_nodes) == ["2", "1"]
    assert load.made[0].calls[0]["instruction"] == "stone"


def test_the_call_wins_over_the_bundle_and_leaves_it_alone(load: FakeLoad) -> None:
    component = RerankPostprocessor(model="m", top_n=3)
    query = RerankQueryBundle(QUERY, embedding=[1.0], instruction="stone", top_n=2)
    before = deepcopy(query)
    assert ids(component.postprocess_nodes(nodes(*TEXTS), query)) == ["2", "1"]
    assert ids(component.postprocess_nodes(nodes(*TEXTS), query, top_n=1)) == ["2"]
    assert ids(component.postprocess_nodes(nodes(*TEXTS), QueryBundle(QUERY))) == ["2", "1", "0"]
    assert query == before
    assert [call["instruction"] for call in load.made[0].calls] == ["stone", "stone", None]


def test_metadata_mode_decides_what_is_scored() -> None:
    given = nodes(*TEXTS, metadata={"shown": "1", "hidden": "2"}, excluded_embed_metadata_keys=["hidden"])
    live = FakeReranker()
    for mode in (MetadataMode.EMBED, MetadataMode.NONE):
        RerankPostprocessor(reranker=live, metadata_mode=mode).postprocess_nodes(given, query_str=QUERY)
    first, second = (call["documents"] for call in live.calls)
    assert first[0] == "shown: 1\n\nstone"
    assert second == TEXTS


@pytest.mark.promise("P22")
def test_the_retrieval_score_is_kept_out_of_every_text(load: FakeLoad) -> None:
    component = RerankPostprocessor(model="m", keep_retrieval_score=True)
    given = nodes(*TEXTS, metadata={"page": 7})
    before = deepcopy(given)
    once = component.postprocess_nodes(given, query_str=QUERY)
    twice = component.postprocess_nodes(once, query_str=QUERY)
    assert given == before
    assert [node.node.metadata["retrieval_score"] for node in twice] == [0.2, 0.1, 0.0]
    for mode in (MetadataMode.EMBED, MetadataMode.LLM):
        assert [node.node.get_content(mode) for node in twice] == [
            node.node.get_content(mode) for node in reversed(given)
        ]
    assert ids(twice) == ids(once)


def test_a_retrieval_score_of_the_users_own_stays_as_it_is(load: FakeLoad) -> None:
    given = nodes(*TEXTS, metadata={"retrieval_score": "mine"})
    found = RerankPostprocessor(model="m", keep_retrieval_score=True).postprocess_nodes(given, query_str=QUERY)
    assert [node.node for node in found] == [node.node for node in reversed(given)]


def test_image_nodes_are_not_scored(load: FakeLoad) -> None:
    given = [NodeWithScore(node=ImageNode(id_="picture"), score=0.9), *nodes(*TEXTS)]
    found = RerankPostprocessor(model="m").postprocess_nodes(given, query_str=QUERY)
    assert [(node.node.node_id, node.score) for node in found[2:]] == [("0", 0.0), ("picture", None)]


def test_dict_and_json_restore_every_field() -> None:
    component = RerankPostprocessor(
        model="m",
        instruction="i",
        top_n=3,
        threshold=0.5,
        device=["cuda:0", "cuda:1"],
        dtype="float16",
        cache_dir="files",
        metadata_mode=MetadataMode.LLM,
        text_less="drop",
        family_options={"cutoff_layers": [8]},
        token=SecretStr("secret"),
    )
    data = component.to_dict()
    assert data["class_name"] == "RerankPostprocessor"
    for restored in (RerankPostprocessor.from_dict(data), RerankPostprocessor.from_json(component.to_json())):
        assert restored.to_dict() == data
        assert restored.metadata_mode is MetadataMode.LLM
        assert restored.device == ["cuda:0", "cuda:1"]
    assert "secret" not in f"{component!r}{data}{component.to_json()}{component._model()!r}"


def test_the_token_reaches_load_and_pickle_stays_small(load: FakeLoad) -> None:
    component = RerankPostprocessor(model="m", token=SecretStr("secret"))
    component.postprocess_nodes(nodes(*TEXTS), query_str=QUERY)
    assert load.calls == [{"model": "m", "token": "secret"}]
    assert len(pickle.dumps(component)) < 2_000


def test_a_live_reranker_cannot_be_dumped() -> None:
    component = RerankPostprocessor(reranker=ScoreOnly())
    for dump in (component.to_dict, component.to_json):
        with pytest.raises(ArgumentTypeError, match="Pass model="):
            dump()


def test_the_namespace_module_has_the_same_class() -> None:
    namespace = import_module("llama_index.postprocessor.rerank_plugins")

    assert namespace.RerankPostprocessor is RerankPostprocessor
