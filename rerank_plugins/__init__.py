"""Rerankers for LlamaIndex, LangChain and Haystack from one shared scorer; imports neither torch nor a framework.

The public names are resolved on first use, so that ``import rerank_plugins`` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from rerank_plugins import errors
from rerank_plugins.errors import (
    ArgumentError,
    ArgumentTypeError,
    CheckpointMismatchError,
    ChecksumError,
    ClosedError,
    HandshakeError,
    InputTooLargeError,
    InstructionNotSupportedError,
    MissingExtraError,
    ModelNotFoundError,
    NonFiniteScoreError,
    OutOfDeviceMemoryError,
    RemoteAuthenticationError,
    RemoteError,
    RemoteRequestError,
    RemoteResponseError,
    RemoteTimeoutError,
    RemoteUnavailableError,
    RerankError,
    UnknownFamilyError,
    UnknownOptionError,
)

if TYPE_CHECKING:
    from rerank_plugins.core.health import Health
    from rerank_plugins.core.loading import load
    from rerank_plugins.core.options import rerank_options
    from rerank_plugins.core.registry import families, register
    from rerank_plugins.core.remote.reranker import RemoteReranker
    from rerank_plugins.core.reranker import Reranker
    from rerank_plugins.core.results import RankedDocument
    from rerank_plugins.evaluation import evaluate

__version__ = "0.1.0"

__all__ = [
    "ArgumentError",
    "ArgumentTypeError",
    "CheckpointMismatchError",
    "ChecksumError",
    "ClosedError",
    "HandshakeError",
    "Health",
    "InputTooLargeError",
    "InstructionNotSupportedError",
    "MissingExtraError",
    "ModelNotFoundError",
    "NonFiniteScoreError",
    "OutOfDeviceMemoryError",
    "RankedDocument",
    "RemoteAuthenticationError",
    "RemoteError",
    "RemoteRequestError",
    "RemoteReranker",
    "RemoteResponseError",
    "RemoteTimeoutError",
    "RemoteUnavailableError",
    "RerankError",
    "Reranker",
    "UnknownFamilyError",
    "UnknownOptionError",
    "errors",
    "evaluate",
    "families",
    "load",
    "register",
    "rerank_options",
]

# Where each name is, as seen from core; one dot more is beside it.
_HOMES = {
    "Health": "health",
    "RankedDocument": "results",
    "RemoteReranker": "remote.reranker",
    "Reranker": "reranker",
    "evaluate": ".evaluation",
    "families": "registry",
    "load": "loading",
    "register": "registry",
    "rerank_options": "options",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_HOMES[name]}", "rerank_plugins.core"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
