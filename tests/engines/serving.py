"""Starts an engine's server on this machine, waits until it is ready, and ends it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import urlopen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_SECONDS = 180


@contextmanager
def serving(words: Sequence[str], port: int, log: Path, environment: Mapping[str, str]) -> Iterator[str]:
    """Run a server's command until the block ends; yield its URL once ``/health`` answers."""
    url = f"http://127.0.0.1:{port}"
    with log.open("w") as written:
        process = subprocess.Popen(
            words, stdout=written, stderr=written, env={**os.environ, **environment}, start_new_session=True
        )
        try:
            _wait(process, url, log)
            yield url
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            process.wait(30)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    until = time.monotonic() + _SECONDS
    while process.poll() is None and time.monotonic() < until:
        try:
            with urlopen(f"{url}/health", timeout=5):  # noqa: S310 - our own http URL
                return
        except (URLError, OSError):
            time.sleep(0.5)
    raise RuntimeError(f"the server did not start: {log.read_text()[-3000:]}")
