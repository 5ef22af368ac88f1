"""Turns what the user asks for into a loaded ``Reranker``; knows no prompts and scores nothing."""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches
from inspect import signature
from typing import TYPE_CHECKING, Any, Literal

from rerank_plugins.core.binding import Settings, bind
from rerank_plugins.core.devices import resolve_devices, resolve_dtype
from rerank_plugins.core.info import Defaults, RerankerInfo
from rerank_plugins.core.registry import by_model, by_name, detect
from rerank_plugins.core.reranker import Reranker
from rerank_plugins.core.sources import EMBEDDED, EMBEDDED_REVISION, Source
from rerank_plugins.errors import ArgumentError, UnknownOptionError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rerank_plugins.core.checkpoint import Checkpoint
    from rerank_plugins.core.family import Family
    from rerank_plugins.core.scorer import Scorer


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
    devices = resolve_devices(device)
    _check_policy(instruction_policy)
    settings = Settings(
        devices=devices,
        dtype=resolve_dtype(dtype, devices[0]),
        quantize=quantize,
        max_length=max_length,
        max_query_length=max_query_length,
        long_documents=long_documents,
        overlap_tokens=overlap_tokens,
        batch_tokens=batch_tokens,
        cache_size=cache_size,
    )
    source = Source(
        model=model, revision=revision, token=token, local_files_only=local_files_only, cache_dir=cache_dir
    )
    checkpoint = source.open()
    chosen = with_options(_choose(family, model, checkpoint), family_options)
    source.fetch_weights()
    scorer = bind(checkpoint, chosen, settings)
    defaults = Defaults(instruction=instruction, normalize=normalize, instruction_policy=instruction_policy)
    return Reranker(scorer, _info(source, chosen, scorer, settings, normalize), defaults)


def _info(
    source: Source, family: Family, scorer: Scorer, settings: Settings, normalize: bool | None
) -> RerankerInfo:
    return RerankerInfo(
        model=source.model,
        revision=EMBEDDED_REVISION if source.model == EMBEDDED else source.revision,
        family=family.name,
        devices=tuple(map(str, settings.devices)),
        dtype=scorer.dtype,
        max_length=scorer.limits.max_length,
        score_kind=scorer.activation.kind(normalize),
        supports_instruction=family.instruction is not None,
        license=family.license,
    )


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


def _check_policy(instruction_policy: object) -> None:
    if instruction_policy not in {"raise", "ignore"}:
        raise ArgumentError(f"instruction_policy must be 'raise' or 'ignore', got {instruction_policy!r}.")
