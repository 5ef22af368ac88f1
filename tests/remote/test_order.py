"""Many documents go out in parts, some at a time, and come back in their order, from any thread or event loop."""

from __future__ import annotations

import asyncio
import gc
import random
import time
import warnings
from concurrent.futures import ThreadPoolExecutor

import pytest

from rerank_plugins import ClosedError, RemoteError, RemoteReranker

from .conftest import Ask, Open
from .replay import Answer, Asked, Replay

TEXTS = [str(number) for number in range(100)]
NUMBERS = [float(text) for text in TEXTS]


def scored(asked: Asked) -> Answer:
    """Score each document with the number it is, best first, after a while that differs."""
    found = [{"index": index, "score": float(text)} for index, text in enumerate(asked.body["texts"])]
    found.sort(key=lambda result: -result["score"])
    return Answer(body=found, delay=random.uniform(0, 0.02))  # noqa: S311 - nothing secret


@pytest.fixture
def reranker(open_: Open, replay: Replay) -> RemoteReranker:
    replay.always = scored
    return open_("tei", normalize=False, max_concurrency=3)


def test_parts_have_the_servers_size_and_order_is_kept(reranker: RemoteReranker, replay: Replay, ask: Ask) -> None:
    assert ask(reranker, "q", TEXTS) == NUMBERS
    assert sorted(len(body["texts"]) for body in replay.bodies) == [4, 32, 32, 32]


def test_no_more_requests_at_a_time_than_allowed(reranker: RemoteReranker, replay: Replay, ask: Ask) -> None:
    ask(reranker, "q", TEXTS * 4)
    assert 2 <= replay.most_at_once <= 3


def test_waiting_for_ones_turn_is_not_the_servers_time(
    open_: Open, replay: Replay, ask: Ask, pauses: list[float]
) -> None:
    replay.always = lambda asked: Answer(body=scored(asked).body, delay=0.15)
    assert ask(open_("tei", normalize=False, max_concurrency=1, timeout=0.4), "q", TEXTS) == NUMBERS
    assert pauses == []


def test_a_request_never_mixes_queries(reranker: RemoteReranker, replay: Replay) -> None:
    queries, documents = ["x", "y", "z"], [TEXTS[:3], [], TEXTS[40:]]
    rankings = reranker.rank_many(queries, documents, top_n=2)
    assert [[result.text for result in ranking] for ranking in rankings] == [["2", "1"], [], ["99", "98"]]
    later = asyncio.run(reranker.arank_many(queries, documents, top_n=2))
    assert later == rankings
    asked = {body["query"]: set() for body in replay.bodies}
    for body in replay.bodies:
        asked[body["query"]] |= set(body["texts"])
    assert asked == {"x": set(TEXTS[:3]), "z": set(TEXTS[40:])}


def test_pairs_come_back_in_their_order(reranker: RemoteReranker) -> None:
    pairs = [("x", "3"), ("y", "1"), ("x", "2")]
    assert reranker.score_pairs(pairs) == [3.0, 1.0, 2.0]


def test_nothing_is_asked_for_no_documents(reranker: RemoteReranker, replay: Replay, ask: Ask) -> None:
    assert ask(reranker, "q", []) == []
    assert replay.asked == []


def test_progress_changes_nothing(reranker: RemoteReranker, capsys: pytest.CaptureFixture[str]) -> None:
    assert len(reranker.rank_many(["q"], [TEXTS], progress=True)[0]) == 100
    assert "100/100" in capsys.readouterr().err


def test_threads_share_one_reranker(reranker: RemoteReranker) -> None:
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda number: reranker.score("q", TEXTS[number:]), range(16)))
    assert results == [NUMBERS[number:] for number in range(16)]


def test_one_failed_part_fails_the_call_and_stops_the_rest(open_: Open, replay: Replay, ask: Ask) -> None:
    replay.always = lambda asked: Answer(status=400, delay=0.01)
    with pytest.raises(RemoteError):
        ask(open_("tei", max_concurrency=1), "q", TEXTS * 10)
    assert len(replay.asked) <= 3


def test_the_event_loop_is_not_blocked(open_: Open, replay: Replay) -> None:
    replay.always = lambda asked: Answer(body=scored(asked).body, delay=0.2)

    async def beats() -> int:
        task, count = asyncio.create_task(open_("tei").ascore("q", ["1"])), 0
        while not task.done():
            await asyncio.sleep(0.005)
            count += 1
        await task
        return count

    assert asyncio.run(beats()) >= 10


def test_two_loops_one_after_the_other_and_no_socket_left(reranker: RemoteReranker) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        for _ in range(2):
            assert asyncio.run(reranker.ascore("q", TEXTS)) == NUMBERS
            assert reranker._backend._loops._open == {}
        gc.collect()


def test_two_loops_at_the_same_time(reranker: RemoteReranker) -> None:
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda _: asyncio.run(reranker.ascore("q", TEXTS)), range(2)))
    assert results == [NUMBERS, NUMBERS]


def test_a_loop_that_was_closed_carelessly_is_forgotten(reranker: RemoteReranker) -> None:
    careless = asyncio.new_event_loop()
    careless.run_until_complete(reranker.ascore("q", ["1"]))
    careless.close()
    assert asyncio.run(reranker.ascore("q", TEXTS)) == NUMBERS
    assert careless not in reranker._backend._loops._open


def test_a_cancelled_call_leaves_the_reranker_usable(reranker: RemoteReranker, replay: Replay) -> None:
    async def impatient() -> list[float]:
        replay.then = [Answer(delay=0.3)] * 4
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(reranker.ascore("q", TEXTS), 0.05)
        replay.then = []
        return await reranker.ascore("q", TEXTS)

    assert asyncio.run(impatient()) == NUMBERS


def test_closing_inside_a_loop_closes_its_connections(reranker: RemoteReranker) -> None:
    async def run() -> None:
        await reranker.ascore("q", ["1"])
        loops = reranker._backend._loops
        reranker.close()
        await asyncio.sleep(0.05)
        assert loops._open == {}
        with pytest.raises(ClosedError):
            await reranker.ascore("q", ["1"])

    asyncio.run(run())


def test_closing_during_a_call_ends_it_with_its_own_error(
    open_: Open, replay: Replay, pauses: list[float]
) -> None:
    replay.always = lambda asked: Answer(body=scored(asked).body, delay=0.2)
    reranker = open_("tei", max_concurrency=1)
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(reranker.score, "q", TEXTS)
        while not replay.asked:
            time.sleep(0.005)
        reranker.close()
        with pytest.raises(ClosedError):
            call.result(10)


def test_closing_during_an_asynchronous_call_ends_it_too(open_: Open, replay: Replay, pauses: list[float]) -> None:
    replay.always = lambda asked: Answer(body=scored(asked).body, delay=0.2)
    reranker = open_("tei", max_concurrency=1)

    async def run() -> None:
        call = asyncio.create_task(reranker.ascore("q", TEXTS))
        await asyncio.sleep(0.1)  # the first part is under way, the others wait
        reranker.close()
        with pytest.raises(ClosedError):
            await asyncio.wait_for(call, 10)

    asyncio.run(run())


def test_input_is_left_alone(reranker: RemoteReranker) -> None:
    given = tuple(TEXTS[:3])
    assert reranker.score("q", given) == NUMBERS[:3]
    assert given == ("0", "1", "2")
