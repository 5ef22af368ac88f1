"""Keeps other sites' pages away from the playground; knows nothing of what it guards.

A page of another site can make a browser send requests to this machine: under a name of its own that resolves
to it (then ``Host`` is that name), or to the address itself (then ``Origin`` is that site).
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import TYPE_CHECKING

from starlette.responses import PlainTextResponse

if TYPE_CHECKING:
    from collections.abc import Collection

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_OWN = ("localhost", "127.0.0.1", "[::1]")
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:[0-9]{1,5})?")
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


class Guard:
    """An ASGI app around another, which sees only requests for an allowed host from the page itself."""

    def __init__(self, app: ASGIApp, hosts: Collection[str] = ()) -> None:
        self._app = app
        self._hosts = {*_OWN, *(in_url(host) for host in hosts)}
        # Where it listens on every address, any address is its own; a name could be made by anyone.
        self._any_address = any(_is_unspecified(host) for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it; every answer forbids the browser to load anything from elsewhere."""

        async def send_guarded(message: Message) -> None:
            await send(_with_headers(message))

        refusal = self._refusal(scope) if scope["type"] == "http" else None
        app = self._app if refusal is None else PlainTextResponse(refusal, status_code=403)
        await app(scope, receive, send_guarded)

    def _refusal(self, scope: Scope) -> str | None:
        host = _header(scope, b"host")
        if not self._is_allowed(host):
            return "This host is not allowed. Open the address that the playground showed when it started."
        if scope["method"] in {"GET", "HEAD"} or _header(scope, b"origin") in {
            f"http://{host}",
            f"https://{host}",
        }:
            return None
        return "Only the playground's own page may ask for this."

    def _is_allowed(self, host: str) -> bool:
        found = _HOST.fullmatch(host)
        if found is None:
            return False
        return found[1] in self._hosts or (self._any_address and _is_address(found[1]))


def in_url(host: str) -> str:
    """Return a host as it stands in a URL: lower case, and an IPv6 address in brackets."""
    return f"[{host.lower()}]" if ":" in host and not host.startswith("[") else host.lower()


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach what listens there."""
    return host.lower() == "localhost" or (_is_address(host) and ip_address(host.strip("[]")).is_loopback)


def _is_unspecified(host: str) -> bool:
    return _is_address(host) and ip_address(host.strip("[]")).is_unspecified


def _is_address(host: str) -> bool:
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def _header(scope: Scope, name: bytes) -> str:
    """Return the header in lower case; empty where it is missing or there are several."""
    found = [value for key, value in scope["headers"] if key == name]
    return found[0].decode("latin-1").lower() if len(found) == 1 else ""


def _with_headers(message: Message) -> Message:
    if message["type"] != "http.response.start":
        return message
    added = [(name.encode(), value.encode()) for name, value in _HEADERS.items()]
    return {**message, "headers": [*message.get("headers", []), *added]}
