"""Which URLs are servers, and where on a server a route is; sends nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from rerank_plugins.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Iterable

_VERSIONS = ("/v1", "/v2")


def is_url(model: object) -> bool:
    """Return whether this names a server and no model of the hub or of a directory."""
    return isinstance(model, str) and model.lower().startswith(("http://", "https://"))


def checked_base(url: str, paths: Iterable[str]) -> str:
    """Return the URL below which a server's routes are; the URL of one of its routes is taken too.

    Raises:
        ArgumentError: The URL has no host, or holds more than a host, a port and a path. It is not shown,
            because what stands there may be a secret.
    """
    parts = urlsplit(url)
    if not parts.hostname or parts.username is not None or parts.password is not None:
        raise ArgumentError(
            'model must be a URL with a host and without a user: "https://host:8000". Give the key as token=.'
        )
    if parts.query or parts.fragment:
        raise ArgumentError('model must be a URL without "?" and "#". Give the key as token=.')
    base = url.rstrip("/")
    return next((base.removesuffix(path) for path in paths if base.endswith(path)), base)


def route_url(base: str, path: str) -> str:
    """Return the URL of a route; a version that the base names already gives way to the route's own."""
    if path.startswith(_VERSIONS):
        for version in _VERSIONS:
            base = base.removesuffix(version)
    return base + path
