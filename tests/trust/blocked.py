"""Makes every use of the network fail and counts it."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


class Blocked:
    """What was tried."""

    def __init__(self) -> None:
        self.tried: list[str] = []

    def __call__(self, name: str) -> object:
        def refuse(*given: object, **named: object) -> None:
            self.tried.append(f"{name}{given[1:]}")
            raise OSError("the network is blocked")

        return refuse


def block(patch: pytest.MonkeyPatch) -> Blocked:
    """Block sockets until the test ends."""
    found = Blocked()
    for name in ("connect", "connect_ex", "sendto", "bind"):
        patch.setattr(socket.socket, name, found(name))
    for name in ("getaddrinfo", "create_connection", "gethostbyname"):
        patch.setattr(socket, name, found(name))
    return found
