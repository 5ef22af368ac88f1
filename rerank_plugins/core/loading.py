"""Turns what the user asks for into a loaded ``Reranker``; knows no prompts and scores nothing."""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches
from inspect import signature
from typing import TYPE_CHECKING, Any, Literal

from rerank_plugins.core.building import build_model, capacity
from rerank_plugins.core.cache import CachedReads
from rerank_plugins.core.devices import batch_budget, resolve_device, resolve_dtype
from rerank_plugins.core.engine import Engine
from rerank_plugins.core.family import Family, Limits
from rerank_plugins.core.forwards import forward_for
from rerank_plugins.core.info import Defaults, RerankerInfo
from rerank_plugins.core.registry import by_model, by_name, detect
from rerank_plugins.core.reranker import Reranker
from rerank_plugins.core.scheduler import Scheduler
from rerank_plugins.core.scorer import Scorer
from rerank_plugins.core.sources import EMBEDDED, EMBEDDED_REVISION, Source
from rerank_plugins.core.tokenization import TextTokenizer
from rerank_plugins.errors import ArgumentError, ArgumentTypeError, UnknownOptionError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rerank_plugins.core.checkpoint import Checkpoint


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
    normalize: bool | None = None,
    batch_tokens: int | None = None,
    cache_size: int | None = None,
    **family_options: Any,
) -> Reranker:
    """Load a reranker; wrong paths and wrong options fail here, not at the first query.

    Args:
        model: A hub id, a local directory, or ``"embedded"`` (all-MiniLM-L6-v2 from the extra ``embedded``).
        family: A name from ``families()``, or a ``Family``; ``None`` = from the model's own files, never guessed.
        revision: Branch, tag or commit on the hub.
        token: Access token for the hub.
        local_files_only: Never ask the hub; use its cache or a local directory.
        cache_dir: Where the hub's files are kept.
        device: ``None`` = CUDA if present, else CPU; or ``"cpu"``, ``"cuda:1"``, ``"mps"``.
        dtype: ``"auto"`` (bfloat16 on CUDA, float32 elsewhere), ``"float32"``, ``"bfloat16"``, ``"float16"``.
        quantize: Reserved for int8 on CPU.
        max_length: Most tokens of one row; ``None`` = the family's or the checkpoint's own.
        max_query_length: Most tokens of the query, where the family has such a cap.
        long_documents: ``"truncate"`` cuts a document that is too long, ``"passages"`` splits it, scores every
            passage and keeps the best.
        overlap_tokens: How many tokens neighbouring passages share, at most a quarter of a passage.
        instruction: Instruction of every call that gives none.
        instruction_policy: ``"ignore"`` drops an instruction the family cannot take, with a warning in the log.
        normalize: ``True`` = scores from 0 to 1, ``False`` = raw, ``None`` = as the vendor's own code.
        batch_tokens: Most tokens of one forward; ``None`` = chosen from the device.
        cache_size: How many rows' vectors to keep for later calls; ``None`` = the family's own, 0 for all but
            ``bi-encoder``. Exact in float32; in bfloat16 a kept score is the one computed first.
        **family_options: Options of the family, named in ``Family.options``.

    Raises:
        ArgumentError: An argument's value cannot be used.
        UnknownFamilyError: No family fits the model.
        UnknownOptionError: The family has no such option.
        InstructionNotSupportedError: The family takes no instruction.
        ModelNotFoundError: There is no such model, directory or file.
        CheckpointMismatchError: Weights are missing, left over or damaged.
        ChecksumError: The embedded model is not the published one.
        MissingExtraError: The embedded model is not installed.
    """
    target = resolve_device(device)
    precision = resolve_dtype(dtype, target)
    _check_choices(quantize, instruction_policy)
    source = Source(
        model=model, revision=revision, token=token, local_files_only=local_files_only, cache_dir=cache_dir
    )
    checkpoint = source.open()
    chosen = with_options(_choose(family, model, checkpoint), family_options)
    source.fetch_weights()
    layers = chosen.readout.layers(checkpoint)
    loaded = build_model(checkpoint, chosen.loader, precision, target, depth=max(layers, default=None))
    tokenizer = TextTokenizer(checkpoint)
    most = capacity(checkpoint, tokenizer, loaded) - chosen.template.overhead(tokenizer)
    limits = replace(
        resolve_limits(max_length, max_query_length, chosen, most),
        long_documents=long_documents,
        overlap_tokens=overlap_tokens,
    )
    forward = forward_for(loaded, pool=chosen.readout.pool(loaded), layers=layers, merging=chosen.loader.merging)
    engine = Engine(forward, batch_tokens=batch_budget(batch_tokens, loaded))
    kept = chosen.cache_size if cache_size is None else _checked_cache(cache_size)
    scorer = Scorer(
        name=model,
        dtype=str(precision).removeprefix("torch."),
        template=chosen.template,
        tokenizer=tokenizer,
        limits=limits,
        head=chosen.readout.head(loaded, tokenizer),
        activation=chosen.activation(checkpoint),
        scheduler=Scheduler(CachedReads(engine, size=kept)),
    )
    info = RerankerInfo(
        model=model,
        revision=EMBEDDED_REVISION if model == EMBEDDED else revision,
        family=chosen.name,
        devices=(str(engine.device),),
        dtype=scorer.dtype,
        max_length=limits.max_length,
        score_kind=scorer.activation.kind(normalize),
        supports_instruction=chosen.instruction is not None,
        license=chosen.license,
    )
    defaults = Defaults(instruction=instruction, normalize=normalize, instruction_policy=instruction_policy)
    return Reranker(scorer, info, defaults)


def with_options(family: Family, options: Mapping[str, object]) -> Family:
    """Return the family with these options set in its template, readout or loader.

    Raises:
        UnknownOptionError: The family has no such option.
        ArgumentError: An option has a value that cannot be used.
    """
    for name, value in options.items():
        if name not in family.options:
            raise UnknownOptionError(_unknown_option(name, family))
        family = _with_field(family, family.options[name], value)
    return family


def _with_field(owner: Any, path: str, value: object) -> Any:
    """Return a copy of a frozen value with the field at a dotted path replaced."""
    name, _, rest = path.partition(".")
    return replace(owner, **{name: _with_field(getattr(owner, name), rest, value) if rest else value})


def resolve_limits(max_length: int | None, max_query_length: int | None, family: Family, most: int) -> Limits:
    """Return the limits to use: what was asked for, else the family's default, else all the model can take.

    Raises:
        ArgumentError: A limit is not positive, or longer than the model can take.
        ArgumentTypeError: A limit is not an int.
    """
    _check_limit("max_length", max_length, most)
    _check_limit("max_query_length", max_query_length, most)
    wanted = family.max_length if max_length is None else max_length
    return Limits(most if wanted is None else min(wanted, most), max_query_length)


def _check_limit(name: str, value: object, most: int) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int):
        raise ArgumentTypeError(f"{name} must be an int or None, got {type(value).__name__}.")
    if not 0 < value <= most:
        raise ArgumentError(f"{name} must be from 1 to {most}, the longest row this model takes; got {value}.")


def _checked_cache(size: object) -> int:
    if type(size) is not int or size < 0:
        raise ArgumentError(f"cache_size must be a whole number from 0 up, or None, got {size!r}.")
    return size


def _choose(family: str | Family | None, model: str, checkpoint: Checkpoint) -> Family:
    if family is not None:
        return by_name(family)
    if model == EMBEDDED:
        return by_name("bi-encoder")
    named = by_model(model)
    return detect(checkpoint) if named is None else named


def _unknown_option(name: str, family: Family) -> str:
    shared = [key for key in signature(load).parameters if key not in {"model", "family_options"}]
    known = [*family.options, *shared]
    near = get_close_matches(name, known, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    own = ", ".join(family.options) or "none"
    return f"{family.name} has no option {name!r}.{hint} Its own: {own}. For all: {', '.join(shared)}."


def _check_choices(quantize: object, instruction_policy: object) -> None:
    if quantize is not None:
        raise ArgumentError(f"quantize={quantize!r} is not part of this version; leave it out.")
    if instruction_policy not in {"raise", "ignore"}:
        raise ArgumentError(f"instruction_policy must be 'raise' or 'ignore', got {instruction_policy!r}.")
