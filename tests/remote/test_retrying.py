"""When a server is asked again, and after how long."""

from __future__ import annotations

import time
from email.utils import formatdate

import pytest

from rerank_plugins.core.remote.retrying import ATTEMPTS, MOST_SECONDS, Failure, Reply, pause
from rerank_plugins.errors import RemoteUnavailableError


def reply(status: int, **headers: str) -> Reply:
    return Reply(status, {name.replace("_", "-"): value for name, value in headers.items()}, b"")


@pytest.mark.parametrize("status", [200, 302, 400, 401, 403, 404, 413, 422, 424])
def test_what_asking_again_cannot_change_stands(status: int) -> None:
    assert pause(reply(status), 0) is None


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422])
def test_even_if_the_server_says_otherwise(status: int) -> None:
    assert pause(reply(status, x_should_retry="true"), 0) is None


def test_the_server_may_ask_for_another_attempt() -> None:
    assert pause(reply(424, x_should_retry="true"), 0) is not None


def test_pauses_double_and_differ() -> None:
    for attempt in range(ATTEMPTS - 1):
        found = {pause(reply(503), attempt) for _ in range(20)}
        assert len(found) > 1
        assert all(0.25 * 2**attempt <= seconds <= 0.5 * 2**attempt for seconds in found if seconds is not None)


def test_the_last_attempt_is_the_last() -> None:
    assert pause(reply(503), ATTEMPTS - 1) is None


def test_a_date_to_wait_for_is_understood() -> None:
    seconds = pause(reply(429, retry_after=formatdate(time.time() + 20, usegmt=True)), 0)
    assert seconds is not None
    assert 15 < seconds <= 20
    assert pause(reply(429, retry_after=formatdate(time.time() - 20, usegmt=True)), 0) == 0


@pytest.mark.parametrize("text", ["soon", "-5", "nan", ""])
def test_nonsense_is_not_waited_for(text: str) -> None:
    seconds = pause(reply(429, retry_after=text), 0)
    assert seconds is not None
    assert seconds <= 0.5


def test_nobody_waits_for_an_hour() -> None:
    assert pause(reply(429, retry_after=str(MOST_SECONDS)), 0) == MOST_SECONDS
    assert pause(reply(429, retry_after="3600"), 0) is None


@pytest.mark.parametrize("retry", [True, False])
def test_a_failure_knows_whether_another_attempt_could_help(retry: bool) -> None:
    assert (pause(Failure(RemoteUnavailableError("x"), retry=retry), 0) is not None) is retry
