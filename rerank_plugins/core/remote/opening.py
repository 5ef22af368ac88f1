"""Turns a URL and its options into a ``RemoteReranker``; asks the server nothing yet."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rerank_plugins.core.info import RerankerInfo
from rerank_plugins.core.remote.dialects import dialect_named
from rerank_plugins.core.remote.endpoint import endpoint_for
from rerank_plugins.errors import ArgumentError, MissingExtraError

if TYPE_CHECKING:
    from rerank_plugins.core.info import Defaults
    from rerank_plugins.core.remote.dialect import Dialect
    from rerank_plugins.core.remote.endpoint import Endpoint
    from rerank_plugins.core.remote.reranker import RemoteReranker
    from rerank_plugins.core.remote.transport import Wire


def open_remote(
    url: str,
    *,
    dialect: str | None,
    model_name: str | None,
    token: str | None,
    timeout: float,
    max_concurrency: int,
    defaults: Defaults,
) -> RemoteReranker:
    """Return the reranker at a URL.

    Raises:
        ArgumentError: An argument has a value that cannot be used, or asks for what the server cannot give.
        InstructionNotSupportedError: The dialect takes no instruction.
        MissingExtraError: httpx is not installed.
    """
    spoken = dialect_named(dialect)
    endpoint = endpoint_for(url, spoken, model_name=model_name, token=token)
    wire = wire_for(endpoint, timeout, max_concurrency)
    from rerank_plugins.core.remote.client import RemoteBackend, scale_of
    from rerank_plugins.core.remote.reranker import RemoteReranker

    scale_of(spoken, defaults.normalize)  # what cannot be given is refused now, not at the first query
    return RemoteReranker(RemoteBackend(endpoint, spoken, wire), _info(endpoint, spoken, defaults), defaults)


def wire_for(endpoint: Endpoint, timeout: float, max_concurrency: int) -> Wire:
    """Return what connections to a server are made with.

    Raises:
        ArgumentError: ``timeout`` or ``max_concurrency`` is not a number above 0.
        MissingExtraError: httpx is not installed.
    """
    _check_limits(timeout, max_concurrency)
    try:
        import httpx

        from rerank_plugins.core.remote.transport import Wire
    except ModuleNotFoundError as error:
        raise MissingExtraError('Servers need httpx: pip install "rerank-plugins[remote]"') from error
    return Wire(headers=endpoint.headers(), timeout=timeout, most=max_concurrency, ssl=httpx.create_ssl_context())


def _info(endpoint: Endpoint, dialect: Dialect, defaults: Defaults) -> RerankerInfo:
    return RerankerInfo(
        model=endpoint.base,
        engine=endpoint.base,
        dialect=dialect.name,
        model_name=endpoint.model_name,
        revision=None,
        family=dialect.name,
        devices=(),
        dtype="",
        max_length=None,
        score_kind="logit" if defaults.normalize is False else "probability",
        supports_instruction=dialect.instructed is not None,
        license="",
    )


def _check_limits(timeout: object, max_concurrency: object) -> None:
    is_number = isinstance(timeout, (int, float)) and not isinstance(timeout, bool)
    if not is_number or not 0 < timeout < math.inf:  # type: ignore[operator]
        raise ArgumentError(f"timeout must be a number of seconds above 0, got {timeout!r}.")
    if isinstance(max_concurrency, bool) or not isinstance(max_concurrency, int) or max_concurrency < 1:
        raise ArgumentError(f"max_concurrency must be a whole number above 0, got {max_concurrency!r}.")
