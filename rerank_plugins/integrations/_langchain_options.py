"""Call options as LangChain carries them, in a chain's config; knows no documents and no model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langchain_core.runnables import ensure_config

from rerank_plugins.core.options import CallOptions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from langchain_core.runnables import RunnableConfig


def configured(config: RunnableConfig | None) -> CallOptions:
    """Return the options in ``config["configurable"]``, by default that of the surrounding chain."""
    return read(ensure_config(config).get("configurable", {}), prefix="rerank_")


def read(source: Mapping[str, Any], *, prefix: str) -> CallOptions:
    """Return the options under their names, each after ``prefix``."""
    return CallOptions(
        instruction=source.get(f"{prefix}instruction"),
        top_n=source.get(f"{prefix}top_n"),
        threshold=source.get(f"{prefix}threshold"),
    )


def named(options: CallOptions) -> dict[str, Any]:
    """Return the options by name."""
    return {"instruction": options.instruction, "top_n": options.top_n, "threshold": options.threshold}


def over_configured(config: RunnableConfig | None, given: dict[str, Any]) -> dict[str, Any]:
    """Return ``given`` over the configurable options, which a retriever does not pass on by itself."""
    return {name: value for name, value in named(configured(config)).items() if value is not None} | given
