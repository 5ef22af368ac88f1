"""Which requests reach the playground, and what its answers forbid the browser."""

from __future__ import annotations

import pytest
from playground.asked import Stub, client_of, request, side
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from rerank_plugins.playground.guard import Guard, in_url, is_loopback

ONLY_ITS_OWN = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'"


def status(host: str, *, method: str = "GET", bound: tuple[str, ...] = (), origin: str | None = None) -> int:
    headers = {"host": host} if origin is None else {"host": host, "origin": origin}
    return TestClient(Guard(PlainTextResponse("in"), bound)).request(method, "/", headers=headers).status_code


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8765", "127.0.0.1:8765", "[::1]", "[::1]:8765"])
def test_this_machines_own_names_are_allowed(host: str) -> None:
    assert status(host) == 200


@pytest.mark.parametrize(
    "host",
    [
        "example.com",
        "example.com:8765",
        "localhost.example.com",
        "127.0.0.1.example.com",
        "localhost@example.com",
        "localhost/",
        "localhost:",
        "localhost:1:2",
        "192.168.0.1",
        "0.0.0.0",
        "",
    ],
)
def test_any_other_host_is_refused(host: str) -> None:
    assert status(host) == 403


def test_two_hosts_are_refused() -> None:
    headers = [("host", "localhost"), ("host", "localhost")]
    assert TestClient(Guard(PlainTextResponse("in"))).get("/", headers=headers).status_code == 403


def test_the_bound_host_is_allowed_and_no_other() -> None:
    assert status("192.168.0.1:8765", bound=("192.168.0.1",)) == 200
    assert status("192.168.0.2:8765", bound=("192.168.0.1",)) == 403
    assert status("[fe80::1]:8765", bound=("FE80::1",)) == 200


@pytest.mark.parametrize("bound", ["0.0.0.0", "::"])
def test_where_it_listens_everywhere_addresses_are_allowed_and_names_are_not(bound: str) -> None:
    assert status("192.168.0.1:8765", bound=(bound,)) == 200
    assert status("[fe80::1]", bound=(bound,)) == 200
    assert status("example.com", bound=(bound,)) == 403


@pytest.mark.parametrize("origin", ["http://localhost:8765", "https://localhost:8765"])
def test_a_post_from_the_page_itself_is_allowed(origin: str) -> None:
    assert status("localhost:8765", method="POST", origin=origin) == 200


@pytest.mark.parametrize(
    "origin",
    [None, "null", "http://localhost", "http://localhost:8766", "http://127.0.0.1:8765", "http://example.com"],
)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_a_post_from_elsewhere_is_refused(method: str, origin: str | None) -> None:
    assert status("localhost:8765", method=method, origin=origin) == 403


def test_every_answer_allows_only_its_own_parts() -> None:
    client = client_of({"stub": Stub(KeyError("broken"))})
    answers = {
        200: client.get("/"),
        400: client.post("/compare", content=b"{"),
        403: client.get("/", headers={"host": "example.com"}),
        404: client.get("/nothing"),
        405: client.get("/compare"),
        500: client.post("/compare", json=request(left=side("stub"))),
    }
    for code, answer in answers.items():
        assert answer.status_code == code
        assert answer.headers["content-security-policy"].startswith(ONLY_ITS_OWN)
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1.2.3", "::1", "[::1]"])
def test_loopback_is_known(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.0.1", "example.com", "localhost.example.com", ""])
def test_everything_else_is_not_loopback(host: str) -> None:
    assert not is_loopback(host)


def test_an_ipv6_address_stands_in_brackets_in_a_url() -> None:
    assert [in_url(host) for host in ("::1", "[::1]", "127.0.0.1")] == ["[::1]", "[::1]", "127.0.0.1"]
