"""When a server is asked again, and how long to wait before; sends nothing and never sleeps itself.

The rules are those of the vendors' own clients (Cohere 7.3, Mixedbread 0.54, Contextual 0.11).
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rerank_plugins.errors import RemoteError

ATTEMPTS = 4
MOST_SECONDS = 60.0
"""Longest pause that a server may ask for; where it asks for more, the caller hears of it at once."""
_FIRST_SECONDS = 0.5
_NEVER = frozenset({400, 401, 403, 404, 413, 422})
_BUSY = frozenset({408, 409, 429})


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer; names in ``headers`` are lower case, or found in any case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Failure:
    """No whole answer, and whether another attempt could give one."""

    error: RemoteError
    retry: bool


def pause(outcome: Reply | Failure, attempt: int) -> float | None:
    """Return the seconds to wait before the next attempt; ``None`` = this outcome stands."""
    if attempt + 1 >= ATTEMPTS or not _may_retry(outcome):
        return None
    asked = _asked(outcome.headers) if isinstance(outcome, Reply) else None
    if asked is not None and asked > MOST_SECONDS:
        return None
    # Half of it at random: clients that failed together do not come back together.
    own = _FIRST_SECONDS * 2**attempt * random.uniform(0.5, 1.0)  # noqa: S311 - nothing secret
    return own if asked is None else asked


def _may_retry(outcome: Reply | Failure) -> bool:
    if isinstance(outcome, Failure):
        return outcome.retry
    if outcome.status < 300 or outcome.status in _NEVER:
        return False
    told = outcome.headers.get("x-should-retry", "").strip().lower()
    return told == "true" or (told != "false" and (outcome.status in _BUSY or outcome.status >= 500))


def _asked(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that the server asks to wait, from ``retry-after-ms`` or ``Retry-After``."""
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    text = headers.get("retry-after")
    seconds = _number(text)
    return seconds if seconds is not None or text is None else _until(text)


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if value >= 0 else None


def _until(date: str) -> float | None:
    try:
        return max(parsedate_to_datetime(date).timestamp() - time.time(), 0.0)
    except (TypeError, ValueError):
        return None
