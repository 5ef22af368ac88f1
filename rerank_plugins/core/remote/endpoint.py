"""One server as a user names it: where it is, what it speaks, which key it takes; sends nothing."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn, Protocol

from rerank_plugins.core.remote.address import checked_base, route_url
from rerank_plugins.errors import ArgumentError, ArgumentTypeError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Literal


class Key:
    """A server's key, which shows itself to nobody: not in ``repr``, not in a pickle."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        # A header cannot hold anything else, and the error of whoever finds out later shows the whole header.
        if not isinstance(value, str) or not value or not all("!" <= sign <= "~" for sign in value):
            raise ArgumentError(
                "The key of the server (token=, or its environment variable) must be visible ASCII characters "
                "without spaces or line ends; it is not shown here."
            )
        self._value = value

    def header(self) -> str:
        """Return the value of the header ``Authorization``."""
        return f"Bearer {self._value}"

    def __repr__(self) -> str:
        return "Key(hidden)"

    def __reduce__(self) -> NoReturn:
        raise ArgumentTypeError("A key is never written down; give it to load() where it is needed.")


class Speaks(Protocol):
    """What an endpoint has to know of a dialect."""

    @property
    def name(self) -> str:
        """What ``load(dialect=...)`` calls it."""
        ...

    @property
    def key_variable(self) -> str:
        """Environment variable of the key."""
        ...

    @property
    def model_name(self) -> Literal["required", "optional", "none"]:
        """Whether requests name a model."""
        ...

    def paths(self) -> Iterable[str]:
        """Return where its routes are, below a server's URL."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Endpoint:
    """A server: its URL, the model's name on it, its key and where that comes from."""

    base: str
    model_name: str | None
    key: Key | None
    key_variable: str

    def url(self, path: str) -> str:
        """Return where a route is."""
        return route_url(self.base, path)

    def named(self) -> dict[str, object]:
        """Return the fields of every request that name the model."""
        return {} if self.model_name is None else {"model": self.model_name}

    def headers(self) -> dict[str, str]:
        """Return the headers of every request."""
        shared = {"Content-Type": "application/json", "Accept": "application/json"}
        return shared if self.key is None else {**shared, "Authorization": self.key.header()}


def endpoint_for(url: str, dialect: Speaks, *, model_name: str | None, token: str | None) -> Endpoint:
    """Return the server at a URL; without ``token`` the key is the dialect's environment variable, if set.

    Raises:
        ArgumentError: The URL or the key cannot be used, or ``model_name`` is missing or of no use.
    """
    _check_model_name(dialect, model_name)
    value = os.environ.get(dialect.key_variable) if token is None else token
    has_key = token is not None or bool(value)
    return Endpoint(
        base=checked_base(url, dialect.paths()),
        model_name=model_name,
        key=Key(value) if has_key and value is not None else None,
        key_variable=dialect.key_variable,
    )


def _check_model_name(dialect: Speaks, model_name: object) -> None:
    if model_name is not None and not isinstance(model_name, str):
        raise ArgumentTypeError(f"model_name must be a string or None, got {type(model_name).__name__}.")
    if model_name is None and dialect.model_name == "required":
        raise ArgumentError(f"{dialect.name} serves several models: give model_name=, the one to use.")
    if model_name is not None and dialect.model_name == "none":
        raise ArgumentError(f"A {dialect.name} server has one model, which cannot be named: leave model_name out.")
