"""A model on a server that is sent token ids: what it is asked, how its numbers become scores, what is refused."""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from families.recorded import GOLDEN

from rerank_plugins import (
    ArgumentError,
    ClosedError,
    MissingExtraError,
    NonFiniteScoreError,
    RemoteAuthenticationError,
    RemoteReranker,
    RemoteResponseError,
    load,
)
from rerank_plugins.core.groups import Group

from .conftest import Ask
from .replay import Answer, Asked, Replay

QWEN, ENCODER, BERT = (str(GOLDEN / name / "checkpoint") for name in ("qwen3", "bge_encoder", "cross_encoder"))
TEXTS = ["a bear eats bamboo", "dough rises", "files are closed " * 40]
VOCABULARY = json.loads((GOLDEN / "qwen3/checkpoint/tokenizer.json").read_text())["model"]["vocab"]
YES, NO = VOCABULARY["yes"], VOCABULARY["no"]
Opened = Callable[..., RemoteReranker]


@pytest.fixture
def opened(replay: Replay) -> Iterator[Opened]:
    """Return ``load`` of Qwen3 on the replay server; a pooling one unless told otherwise."""
    made: list[RemoteReranker] = []

    def open_(model: str = QWEN, **options: Any) -> RemoteReranker:
        given = {"family": "qwen3"} if model == QWEN else {}
        made.append(load(model, engine=replay.url, **{"dialect": "vllm", **given, **options}))
        return made[-1]

    yield open_
    for reranker in made:
        reranker.close()


def number(ids: list[int]) -> float:
    """Return what the fake server scores: anything that depends on every id."""
    return sum(place * one for place, one in enumerate(ids, 1)) % 97 / 10 - 5


def pooled(asked: Asked) -> Answer:
    data = [{"index": at, "probs": [number(ids)], "num_classes": 1} for at, ids in enumerate(asked.body["input"])]
    return Answer(body={"object": "list", "data": data[::-1]})


def generated(asked: Asked) -> Answer:
    def choice(at: int, ids: list[int]) -> dict[str, Any]:
        found = {"token_id:5": -0.1, f"token_id:{YES}": number(ids) - 3, f"token_id:{NO}": -3.0}
        return {"index": at, "text": "x", "logprobs": {"top_logprobs": [found]}}

    return Answer(body={"choices": [choice(at, ids) for at, ids in enumerate(asked.body["prompt"])]})


def rows(reranker: RemoteReranker, query: str, texts: list[str]) -> list[Any]:
    return reranker._backend.scorer.rows([Group(query, texts, None)])[0]


def test_a_pooling_server_is_sent_the_familys_own_ids(opened: Opened, replay: Replay, ask: Ask) -> None:
    replay.always = pooled
    reranker = opened(model_name="tiny")
    with load(QWEN, family="qwen3", device="cpu") as local:
        expected = [list(row.ids) for row in rows(local, "bears", TEXTS)]
    assert ask(reranker, "bears", TEXTS, normalize=False) == pytest.approx(list(map(number, expected)))
    assert replay.asked[0].path == "/classify"
    assert replay.bodies == [{"model": "tiny", "input": expected, "use_activation": False}]


def test_a_generating_server_is_asked_for_the_labels_logits(opened: Opened, replay: Replay, ask: Ask) -> None:
    replay.always = generated
    reranker = opened(dialect="vllm-generate")
    expected = [list(row.ids) for row in rows(reranker, "bears", TEXTS)]
    assert ask(reranker, "bears", TEXTS, normalize=False) == pytest.approx(list(map(number, expected)))
    assert replay.asked[0].path == "/v1/completions"
    assert replay.bodies == [
        {
            "prompt": expected,
            "max_tokens": 1,
            "temperature": 0,
            "logprobs": 1,
            "logprob_token_ids": [YES, NO],
            "return_tokens_as_token_ids": True,
        }
    ]


def test_the_scale_is_the_familys(opened: Opened, replay: Replay) -> None:
    replay.always = pooled
    reranker = opened()
    (raw,), (probability,) = reranker.score("q", ["d"], normalize=False), reranker.score("q", ["d"])
    assert reranker.info.score_kind == "probability"
    assert probability == pytest.approx(1 / (1 + 2.718281828459045**-raw))


def test_an_instruction_and_options_change_the_ids(opened: Opened, replay: Replay) -> None:
    replay.always = pooled
    opened(max_length=150).rank("bears", TEXTS, instruction="find animals")
    opened(ENCODER, query_instruction_for_rerank="search: ").score("bears", TEXTS)
    opened(ENCODER).score("bears", TEXTS)
    qwen, with_prefix, without = (body["input"] for body in replay.bodies)
    assert max(map(len, qwen)) == 150
    assert with_prefix != without


def test_what_is_cut_is_told(opened: Opened, replay: Replay) -> None:
    replay.always = pooled
    found = opened(ENCODER, max_length=32).rank("bears", TEXTS)
    assert {one.index: one.truncated for one in found} == {0: False, 1: False, 2: True}


def test_the_best_passage_counts(opened: Opened, replay: Replay, ask: Ask) -> None:
    replay.always = pooled
    reranker = opened(ENCODER, max_length=32, long_documents="passages", overlap_tokens=0)
    found = rows(reranker, "bears", [TEXTS[2]])
    assert len(found) > 2
    assert ask(reranker, "bears", [TEXTS[2]]) == pytest.approx([max(number(list(row.ids)) for row in found)])


def test_many_rows_go_in_parts_and_come_back_in_order(opened: Opened, replay: Replay, ask: Ask) -> None:
    replay.always = pooled
    reranker = opened(ENCODER, max_concurrency=3)
    texts = [f"word {place}" for place in range(600)]
    expected = [number(list(row.ids)) for row in rows(reranker, "q", texts)]
    assert ask(reranker, "q", texts) == pytest.approx(expected)
    assert sorted(len(body["input"]) for body in replay.bodies) == [88, 256, 256]
    assert replay.most_at_once <= 3


def test_too_large_a_request_is_halved(opened: Opened, replay: Replay, ask: Ask) -> None:
    replay.always = lambda asked: Answer(status=413) if len(asked.body["input"]) > 1 else pooled(asked)
    reranker = opened(ENCODER)
    expected = [number(list(row.ids)) for row in rows(reranker, "q", TEXTS)]
    assert ask(reranker, "q", TEXTS) == pytest.approx(expected)
    assert [len(body["input"]) for body in replay.bodies] == [3, 1, 2, 1, 1]


def test_a_busy_server_is_asked_again(opened: Opened, replay: Replay, ask: Ask, pauses: list[float]) -> None:
    replay.then = [Answer(status=503)]
    replay.always = pooled
    assert len(ask(opened(ENCODER), "q", TEXTS)) == 3
    assert len(pauses) == 1


def test_the_first_error_is_told_and_the_rest_is_not_sent(opened: Opened, replay: Replay, ask: Ask) -> None:
    replay.always = lambda _: Answer(status=401, delay=0.05)
    with pytest.raises(RemoteAuthenticationError, match="VLLM_API_KEY"):
        ask(opened(ENCODER, max_concurrency=1), "q", ["d"] * 1024)
    assert len(replay.asked) <= 2


WRONG = {
    "no label": {"index": 0, "logprobs": {"top_logprobs": [{"token_id:5": -1.0, f"token_id:{YES}": -2.0}]}},
    "no logprobs": {"index": 0, "logprobs": None},
    "no list": {"index": 0, "logprobs": {"top_logprobs": []}},
    "text": {"index": 0, "logprobs": {"top_logprobs": [{f"token_id:{YES}": "a", f"token_id:{NO}": "b"}]}},
}


@pytest.mark.parametrize("choice", WRONG.values(), ids=list(WRONG))
def test_an_answer_without_the_labels_is_no_score(opened: Opened, replay: Replay, choice: dict[str, Any]) -> None:
    replay.always = lambda _: Answer(body={"choices": [choice]})
    with pytest.raises(RemoteResponseError, match="no number"):
        opened(dialect="vllm-generate").score("q", ["d"])


@pytest.mark.parametrize("probs", [None, [], [0.1, 0.9], 0.5, ["a"]])
def test_an_answer_with_other_than_one_number_is_no_score(opened: Opened, replay: Replay, probs: object) -> None:
    replay.always = lambda _: Answer(body={"data": [{"index": 0, "probs": probs}]})
    with pytest.raises(RemoteResponseError, match="no number"):
        opened().score("q", ["d"])


def test_a_number_that_is_none_is_an_error(opened: Opened, replay: Replay) -> None:
    replay.always = lambda _: Answer(body=b'{"data": [{"index": 0, "probs": [NaN]}]}')
    with pytest.raises(NonFiniteScoreError):
        opened().score("q", ["d"])


def test_no_documents_ask_nothing(opened: Opened, replay: Replay, ask: Ask) -> None:
    assert ask(opened(), "q", []) == []
    assert not replay.asked


def test_a_cancelled_call_ends_and_the_next_one_works(opened: Opened, replay: Replay) -> None:
    arrived = threading.Event()

    def slow(asked: Asked) -> Answer:
        arrived.set()
        return Answer(body=pooled(asked).body, delay=0.2)

    async def cancelled(reranker: RemoteReranker) -> None:
        task = asyncio.create_task(reranker.ascore("q", ["d"] * 1024))
        await asyncio.to_thread(arrived.wait)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    replay.always = slow
    reranker = opened(ENCODER, max_concurrency=1)
    asyncio.run(cancelled(reranker))
    sent = len(replay.asked)
    replay.always = pooled
    assert len(reranker.score("q", ["d"])) == 1
    assert sent + 1 <= len(replay.asked) <= sent + 2


def test_closing_ends_calls_that_wait(opened: Opened, replay: Replay) -> None:
    arrived, found = threading.Event(), []

    def slow(asked: Asked) -> Answer:
        arrived.set()
        return Answer(body=pooled(asked).body, delay=0.3)

    def call() -> None:
        try:
            reranker.score("q", ["d"] * 1024)
        except ClosedError as error:
            found.append(error)

    replay.always = slow
    reranker = opened(ENCODER, max_concurrency=1)
    caller = threading.Thread(target=call)
    caller.start()
    arrived.wait()
    reranker.close()
    caller.join(5)
    assert len(found) == 1
    with pytest.raises(ClosedError):
        reranker.score("q", ["d"])


def test_info_tells_model_and_engine(opened: Opened, replay: Replay) -> None:
    reranker = opened(model_name="tiny")
    info = reranker.info
    assert (info.model, info.engine, info.dialect, info.family) == (QWEN, replay.url, "vllm", "qwen3")
    assert (info.max_length, info.supports_instruction) == (8192, True)
    assert repr(reranker) == (
        f"RemoteReranker({QWEN!r}, engine={replay.url!r}, dialect='vllm', model_name='tiny')"
    )


def test_segments_cannot_be_told_to_a_server(opened: Opened, replay: Replay, ask: Ask) -> None:
    with pytest.raises(ArgumentError, match="segment ids"):
        ask(opened(BERT), "q", ["d"])
    assert not replay.asked


@pytest.mark.parametrize("dialect", [None, "tei", "cohere", 5])
def test_a_server_that_takes_no_ids_is_refused(opened: Opened, dialect: Any) -> None:
    with pytest.raises(ArgumentError, match="'vllm' or 'vllm-generate'"):
        opened(dialect=dialect)


def test_a_classifier_generates_nothing(opened: Opened) -> None:
    with pytest.raises(ArgumentError, match="classifier"):
        opened(ENCODER, dialect="vllm-generate")


@pytest.mark.parametrize("folder", ["bge_layerwise", "bge_lightweight", "jina_v2", "mxbai_v1", "gte_modernbert"])
def test_what_vllm_does_not_serve_the_same_way_is_refused(opened: Opened, folder: str) -> None:
    with pytest.raises(ArgumentError, match="not served by vLLM"):
        opened(str(GOLDEN / folder / "checkpoint"))


@pytest.mark.parametrize("engine", ["onnx", "a server", "", None, 5, ["vllm"]])
def test_an_unknown_engine_is_refused(engine: Any) -> None:
    with pytest.raises(ArgumentError, match="engine must be"):
        load(ENCODER, engine=engine)


@pytest.mark.parametrize(
    "option",
    [{"device": "cpu"}, {"dtype": "float32"}, {"quantize": "int8"}, {"batch_tokens": 5}, {"cache_size": 5}],
)
def test_an_option_without_effect_on_a_server_is_refused(opened: Opened, option: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError, match=f"{next(iter(option))}: no effect"):
        opened(**option)


@pytest.mark.parametrize("option", [{"device": "cpu"}, {"quantize": "int8"}, {"dialect": "vllm"}])
def test_an_option_without_effect_on_vllm_is_refused(option: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError, match=next(iter(option))):
        load(ENCODER, engine="vllm", **option)


def test_options_of_vllm_are_refused_for_torch() -> None:
    with pytest.raises(ArgumentError, match="engine_options: no effect"):
        load(ENCODER, engine_options={"seed": 1})


def test_vllm_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "vllm", None)
    with pytest.raises(MissingExtraError, match=r"rerank-plugins\[vllm\]"):
        load(ENCODER, engine="vllm")
