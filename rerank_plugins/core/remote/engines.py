"""Turns a model and the engine it shall run in into a reranker; loads no weights itself.

Prompts and truncation stay here and token ids are sent, so scores are those of the model in this process.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rerank_plugins.core.backend import ScorerBackend
from rerank_plugins.core.cache import CachedReads
from rerank_plugins.core.devices import resolve_devices, resolve_dtype
from rerank_plugins.core.info import RerankerInfo
from rerank_plugins.core.remote.endpoint import endpoint_for
from rerank_plugins.core.remote.opening import wire_for
from rerank_plugins.core.remote.prompting import prompting
from rerank_plugins.core.remote.token_dialects import token_dialect_named
from rerank_plugins.core.remote.vllm import start_vllm
from rerank_plugins.core.reranker import Reranker
from rerank_plugins.core.scheduler import MERGED_FORWARDS, Scheduler

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rerank_plugins.core.remote.prompting import Prompting
    from rerank_plugins.core.remote.reranker import RemoteReranker
    from rerank_plugins.core.wanted import Wanted


def in_process(
    wanted: Wanted,
    *,
    dtype: str,
    batch_tokens: int | None,
    cache_size: int | None,
    options: Mapping[str, object] | None,
) -> Reranker:
    """Return the reranker over vLLM in this process; ``options`` are arguments of vLLM's engine.

    Raises:
        MissingExtraError: vLLM is not installed.
        ArgumentError: An option has a value that cannot be used.
    """
    precision = str(resolve_dtype(dtype, resolve_devices(None)[0])).removeprefix("torch.")
    prepared = prompting(wanted)
    wanted.source.fetch_weights()
    engine = start_vllm(prepared, dtype=precision, batch_tokens=batch_tokens, options=options)
    kept = prepared.family.cache_size if cache_size is None else cache_size
    reads = Scheduler(CachedReads(engine, size=kept), merged_tokens=MERGED_FORWARDS * engine.batch_tokens)
    info = _info(wanted, prepared, engine="vllm", dtype=precision)
    return Reranker(ScorerBackend(prepared.scorer(reads, precision)), info, wanted.defaults)


def on_server(
    wanted: Wanted,
    *,
    url: str,
    dialect: str | None,
    model_name: str | None,
    token: str | None,
    timeout: float,
    max_concurrency: int,
) -> RemoteReranker:
    """Return the reranker over a server that takes token ids; it is asked nothing yet.

    Raises:
        ArgumentError: An argument has a value that cannot be used.
        MissingExtraError: httpx is not installed.
    """
    prepared = prompting(wanted)
    spoken = token_dialect_named(dialect, prepared.served)
    endpoint = endpoint_for(url, spoken, model_name=model_name, token=token)
    wire = wire_for(endpoint, timeout, max_concurrency)
    from rerank_plugins.core.remote.reranker import RemoteReranker
    from rerank_plugins.core.remote.token_reads import TokenReads

    scorer = prepared.scorer(TokenReads(endpoint, spoken, prepared.served, wire), "the server's precision")
    info = _info(wanted, prepared, engine=endpoint.base, dialect=spoken.name, model_name=model_name)
    return RemoteReranker(ScorerBackend(scorer), info, wanted.defaults)


def _info(
    wanted: Wanted,
    prepared: Prompting,
    *,
    engine: str,
    dtype: str = "",
    dialect: str | None = None,
    model_name: str | None = None,
) -> RerankerInfo:
    family = prepared.family
    return RerankerInfo(
        model=wanted.source.model,
        revision=wanted.source.loaded_revision(prepared.checkpoint),
        family=family.name,
        engine=engine,
        dialect=dialect,
        model_name=model_name,
        devices=(),
        dtype=dtype,
        max_length=prepared.limits.max_length,
        score_kind=family.activation(prepared.checkpoint).kind(wanted.defaults.normalize),
        supports_instruction=family.instruction is not None,
        license=family.license,
    )
