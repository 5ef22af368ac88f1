"""A server on this machine that gives prepared answers and remembers what it was asked; knows no dialect."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Asked:
    """One request; header names are lower case."""

    path: str
    headers: dict[str, str]
    body: Any


@dataclass(frozen=True)
class Answer:
    """One answer; ``body`` is bytes or becomes JSON, ``cut`` breaks it off, ``delay`` comes before it."""

    status: int = 200
    body: Any = b""
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    cut: bool = False

    def encoded(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


class Replay:
    """The prepared answers: those of ``then`` in their order, after them what ``always`` says."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.asked: list[Asked] = []
        self.then: list[Answer] = []
        self.always: Callable[[Asked], Answer] | None = None
        self.most_at_once = 0
        self._at_once = 0
        self._lock = threading.Lock()

    @property
    def bodies(self) -> list[Any]:
        return [asked.body for asked in self.asked]

    def answer(self, asked: Asked) -> Answer:
        with self._lock:
            self.asked.append(asked)
            prepared = self.then.pop(0) if self.then else None
        if prepared is not None:
            return prepared
        return Answer(status=404) if self.always is None else self.always(asked)

    def count(self, change: int) -> None:
        with self._lock:
            self._at_once += change
            self.most_at_once = max(self.most_at_once, self._at_once)


class Handler(BaseHTTPRequestHandler):
    """Speaks HTTP for a ``Replay``."""

    protocol_version = "HTTP/1.1"
    replay: Replay

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.replay.count(1)
        try:
            answer = self.replay.answer(Asked(self.path, headers, json.loads(body)))
            time.sleep(answer.delay)
        finally:
            self.replay.count(-1)  # before the answer, or the client's next request could overtake it
        self._write(answer)

    def _write(self, answer: Answer) -> None:
        body = answer.encoded()
        self.send_response(answer.status)
        self.send_header("Content-Length", str(len(body) + (10 if answer.cut else 0)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = answer.cut

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """Ends without waiting for slow answers, and forgives clients that hang up."""

    daemon_threads = True
    block_on_close = False

    def handle_error(self, *_: object) -> None:
        """Say nothing: tests make clients give up on purpose."""
