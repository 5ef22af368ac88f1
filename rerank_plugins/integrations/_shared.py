"""What every adapter needs of arguments: load options, precedence, text; knows no framework and no model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rerank_plugins.core.options import current_options
from rerank_plugins.errors import ArgumentError, MissingExtraError
from rerank_plugins.integrations.models import ModelHandle

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rerank_plugins.core.options import CallOptions

# Keyword arguments of load() that every adapter has as constructor fields, with load's own defaults.
# Not here: `normalize` and `instruction` travel with each call, so that components differing only in
# them share one model; `token` is a secret and written per framework.
LOAD_DEFAULTS: Mapping[str, object] = {
    "family": None,
    "revision": None,
    "local_files_only": False,
    "cache_dir": None,
    "device": None,
    "dtype": "auto",
    "quantize": None,
    "max_length": None,
    "max_query_length": None,
    "long_documents": "truncate",
    "overlap_tokens": 80,
    "instruction_policy": "raise",
    "max_documents": 1_000_000,
    "max_characters": 10_000_000,
    "batch_tokens": None,
    "cache_size": None,
    "engine": "torch",
    "engine_options": None,
    "dialect": None,
    "model_name": None,
    "timeout": 60.0,
    "max_concurrency": 8,
}


def missing_extra(extra: str, error: ImportError) -> MissingExtraError:
    """Return the error to raise where a framework cannot be imported."""
    return MissingExtraError(
        f"This adapter needs its framework, which is missing or too old ({error}). "
        f'Install it with: pip install "rerank-plugins[{extra}]"'
    )


def handle_for(
    *,
    model: str | None,
    reranker: object | None,
    token: str | None,
    load: Mapping[str, object],
    family_options: Mapping[str, object],
) -> ModelHandle:
    """Return the handle for a component's constructor arguments; loads nothing.

    Args:
        model: Name, path or URL of the model; or ``None``.
        reranker: The live object; or ``None``.
        token: The secret, already revealed.
        load: One value for each name in ``LOAD_DEFAULTS``; defaults are left out of the options.
        family_options: Further arguments of ``load``.

    Raises:
        ArgumentError: not exactly one of ``model`` and ``reranker``; load options given with ``reranker``;
            a family option that has its own argument.
        ArgumentTypeError: an option is not a plain JSON type.
    """
    if (model is None) == (reranker is None):
        raise ArgumentError("Give either model= (a name, a path or a URL) or reranker= (a live object).")
    options = _load_options(load, family_options) | ({} if token is None else {"token": token})
    if reranker is None:
        return ModelHandle({"model": model, **options})
    if options:
        raise ArgumentError(
            f"{', '.join(sorted(options))}: no effect on reranker=, which is loaded; give it to load()."
        )
    return ModelHandle(reranker=reranker)


def _load_options(load: Mapping[str, object], family_options: Mapping[str, object]) -> dict[str, object]:
    taken = sorted({"model", "token", *LOAD_DEFAULTS} & set(family_options))
    if taken:
        raise ArgumentError(f"{', '.join(taken)}: give this as its own argument, not in family_options.")
    return {name: value for name, value in load.items() if value != LOAD_DEFAULTS[name]} | {**family_options}


def resolved(call: CallOptions, constructor: CallOptions) -> CallOptions:
    """Return the options in force: the call's, else the ``rerank_options`` block's, else the component's."""
    return call.over(current_options()).over(constructor)


def with_metadata(text: str | None, metadata: Mapping[str, object], names: Iterable[str], separator: str) -> str:
    """Return ``text`` with the named metadata values before it; ``0`` and ``""`` count, ``None`` does not."""
    values = [str(metadata[name]) for name in names if metadata.get(name) is not None]
    return separator.join(values if text is None else [*values, text])
