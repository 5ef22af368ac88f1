"""Turns what the user asks for into a ``Reranker``, here or on a server; knows no prompts and scores nothing.

Torch is imported only where a model is loaded into this process.
"""

from __future__ import annotations

from inspect import signature
from typing import TYPE_CHECKING, Any, Literal

from rerank_plugins.core.caps import Caps
from rerank_plugins.core.info import Defaults
from rerank_plugins.core.remote.address import is_url
from rerank_plugins.core.remote.opening import open_remote
from rerank_plugins.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rerank_plugins.core.family import Family
    from rerank_plugins.core.reranker import Reranker


def load(
    model: str,
    *,
    family: str | Family | None = None,
    revision: str | None = None,
    token: str | None = None,
    local_files_only: bool = False,
    cache_dir: str | None = None,
    device: str | Sequence[str] | None = None,
    dtype: str = "auto",
    quantize: Literal["int8"] | None = None,
    max_length: int | None = None,
    max_query_length: int | None = None,
    long_documents: Literal["truncate", "passages"] = "truncate",
    overlap_tokens: int = 80,
    instruction: str | None = None,
    instruction_policy: Literal["raise", "ignore"] = "raise",
    max_documents: int = 1_000_000,
    max_characters: int = 10_000_000,
    normalize: bool | None = None,
    batch_tokens: int | None = None,
    cache_size: int | None = None,
    engine: str = "torch",
    engine_options: Mapping[str, Any] | None = None,
    dialect: str | None = None,
    model_name: str | None = None,
    timeout: float = 60.0,
    max_concurrency: int = 8,
    **family_options: Any,
) -> Reranker:
    """Load a reranker; wrong paths and wrong options fail here, not at the first query.

    Args:
        model: A hub id, a local directory, ``"embedded"`` (all-MiniLM-L6-v2 from the extra ``embedded``), or the
            URL of a server, with ``dialect``; then the options of models in this process are refused.
        family: A name from ``families()``, or a ``Family``; ``None`` = from the model's own files, never guessed.
        revision: Branch, tag or commit on the hub.
        token: Access token for the hub, or the key of a server; without it, what the dialect's environment
            variable (such as ``CO_API_KEY`` or ``VLLM_API_KEY``) holds now.
        local_files_only: Never ask the hub; use its cache or a local directory.
        cache_dir: Where the hub's files are kept.
        device: ``None`` = CUDA if present, else CPU; or ``"cpu"``, ``"cuda:1"``, ``"mps"``; or a list, such as
            ``["cuda:0", "cuda:1"]``, of which each gets a copy of the model and an equal share of the tokens.
        dtype: ``"auto"`` (bfloat16 on CUDA, float32 elsewhere), ``"float32"``, ``"bfloat16"``, ``"float16"``.
        quantize: ``"int8"`` computes linear layers in 8-bit integers on a CPU: faster, and scores move a little.
        max_length: Most tokens of one row; ``None`` = the family's or the checkpoint's own.
        max_query_length: Most tokens of the query, where the family has such a cap.
        long_documents: ``"truncate"`` cuts a document that is too long, ``"passages"`` splits it, scores every
            passage and keeps the best.
        overlap_tokens: How many tokens neighbouring passages share, at most a quarter of a passage.
        instruction: Instruction of every call that gives none.
        instruction_policy: ``"ignore"`` drops an instruction the family cannot take, with a warning in the log.
        max_documents: Most documents of one call, of all its queries together; more are refused.
        max_characters: Most characters of one query, document or instruction; longer ones are refused, before
            any text is tokenized or sent.
        normalize: ``True`` = scores from 0 to 1, ``False`` = raw, ``None`` = as the vendor's own code.
        batch_tokens: Most tokens of one forward; ``None`` = chosen from the device.
        cache_size: How many rows' vectors to keep for later calls; ``None`` = the family's own, 0 for all but
            ``bi-encoder``. Exact in float32; in bfloat16 a kept score is the one computed first.
        engine: What runs the model: ``"torch"``; ``"vllm"`` in this process; or the URL of a vLLM server, which is
            sent token ids, so that prompts, limits and scores stay those of the model in this process.
        engine_options: Arguments of vLLM's engine, such as ``{"gpu_memory_utilization": 0.5}``.
        dialect: What the server at a URL speaks. Given as ``model``, it writes the prompts: ``"vllm"``, ``"tei"``,
            ``"infinity"``, ``"jina"``, ``"cohere"``, ``"voyage"``, ``"mixedbread"`` or ``"contextual"``. Given as
            ``engine``: ``"vllm"`` (a pooling server) or ``"vllm-generate"``.
        model_name: The model's name on the server.
        timeout: Seconds to wait for a server, for each request.
        max_concurrency: Most requests to a server at a time, of all threads together and of each event loop.
        **family_options: Options of the family, named in ``Family.options``.

    Raises:
        ArgumentError: An argument's value cannot be used.
        UnknownFamilyError: No family fits the model.
        UnknownOptionError: The family has no such option.
        InstructionNotSupportedError: The family takes no instruction.
        ModelNotFoundError: There is no such model, directory or file.
        CheckpointMismatchError: Weights are missing, left over or damaged.
        ChecksumError: The embedded model is not the published one.
        MissingExtraError: The embedded model, or what talks to servers, is not installed.
    """
    given = dict(locals())  # before anything else is named here
    _check_policy(instruction_policy)
    defaults = Defaults(
        instruction=instruction,
        normalize=normalize,
        instruction_policy=instruction_policy,
        caps=Caps(max_documents=max_documents, max_characters=max_characters),
    )
    if is_url(model):
        _refuse(given, [*_local_names(), *family_options], "no effect on a server; leave it out")
        return open_remote(
            model,
            dialect=dialect,
            model_name=model_name,
            token=token,
            timeout=timeout,
            max_concurrency=max_concurrency,
            defaults=defaults,
        )
    _check_engine(engine, given)
    # Late, because torch comes with it, which a server that writes the prompts does not need.
    from rerank_plugins.core.lengths import Lengths
    from rerank_plugins.core.sources import Source
    from rerank_plugins.core.wanted import Wanted

    source = Source(
        model=model,
        revision=revision,
        token=None if is_url(engine) else token,
        local_files_only=local_files_only,
        cache_dir=cache_dir,
    )
    lengths = Lengths(
        max_length=max_length,
        max_query_length=max_query_length,
        long_documents=long_documents,
        overlap_tokens=overlap_tokens,
    )
    wanted = Wanted(
        source=source,
        family=family,
        lengths=lengths,
        defaults=defaults,
        family_options=family_options,
        shared_options=[*_local_names(), *_SHARED_NAMES],
    )
    if is_url(engine):
        from rerank_plugins.core.remote.engines import on_server

        return on_server(
            wanted,
            url=engine,
            dialect=dialect,
            model_name=model_name,
            token=token,
            timeout=timeout,
            max_concurrency=max_concurrency,
        )
    if engine == "vllm":
        from rerank_plugins.core.remote.engines import in_process

        return in_process(
            wanted, dtype=dtype, batch_tokens=batch_tokens, cache_size=cache_size, options=engine_options
        )
    from rerank_plugins.core.binding import Settings
    from rerank_plugins.core.devices import resolve_devices, resolve_dtype
    from rerank_plugins.core.local import load_local

    devices = resolve_devices(device)
    settings = Settings(
        devices=devices,
        dtype=resolve_dtype(dtype, devices[0]),
        quantize=quantize,
        lengths=lengths,
        batch_tokens=batch_tokens,
        cache_size=cache_size,
    )
    return load_local(wanted, settings)


_SHARED_NAMES = ("token", "instruction", "instruction_policy", "max_documents", "max_characters", "normalize")
_SHARED = frozenset({"model", "family_options", *_SHARED_NAMES})
_REMOTE = ("dialect", "model_name", "timeout", "max_concurrency")
_NO_EFFECT = {"torch": ("engine_options",), "vllm": ("device", "quantize")}
_NO_EFFECT_ON_SERVERS = ("device", "dtype", "quantize", "batch_tokens", "cache_size", "engine_options")
"""Options that some engines have no use for."""


def _local_names() -> list[str]:
    """Return the options that make no sense for a server that writes the prompts."""
    return [name for name in signature(load).parameters if name not in _SHARED and name not in _REMOTE]


def _check_engine(engine: object, given: Mapping[str, object]) -> None:
    if is_url(engine):
        _refuse(given, _NO_EFFECT_ON_SERVERS, "no effect where the model runs on a server; leave it out")
        return
    if not isinstance(engine, str) or engine not in _NO_EFFECT:
        raise ArgumentError(f'engine must be "torch", "vllm" or the URL of a vLLM server, got {engine!r}.')
    _refuse(given, _REMOTE, 'for a server only; give its URL, model="https://..." or engine="https://..."')
    _refuse(given, _NO_EFFECT[engine], f"no effect where the model runs in {engine}; leave it out")


def _refuse(given: Mapping[str, object], names: Iterable[str], reason: str) -> None:
    """Raise if one of these options is not at its default: nothing is ever silently dropped."""
    parameters = signature(load).parameters
    wrong = [name for name in names if name not in parameters or given[name] != parameters[name].default]
    if wrong:
        raise ArgumentError(f"{', '.join(wrong)}: {reason}.")


def _check_policy(instruction_policy: object) -> None:
    if instruction_policy not in {"raise", "ignore"}:
        raise ArgumentError(f"instruction_policy must be 'raise' or 'ignore', got {instruction_policy!r}.")
