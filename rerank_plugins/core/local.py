"""Loads a model into this process from what ``load()`` was given; knows no prompts and scores nothing."""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from rerank_plugins.core.backend import ScorerBackend
from rerank_plugins.core.binding import bind
from rerank_plugins.core.blame import blaming
from rerank_plugins.core.info import RerankerInfo
from rerank_plugins.core.licenses import tell_license
from rerank_plugins.core.registry import by_model, by_name, detect
from rerank_plugins.core.reranker import Reranker
from rerank_plugins.core.sources import EMBEDDED
from rerank_plugins.errors import UnknownOptionError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rerank_plugins.core.binding import Settings
    from rerank_plugins.core.checkpoint import Checkpoint
    from rerank_plugins.core.family import Family
    from rerank_plugins.core.scorer import Scorer
    from rerank_plugins.core.sources import Source
    from rerank_plugins.core.wanted import Wanted


def load_local(wanted: Wanted, settings: Settings) -> Reranker:
    """Return the reranker over a model in this process."""
    source = wanted.source
    checkpoint = source.open()
    family = family_of(wanted, checkpoint)
    source.fetch_weights()
    tell_license(family, source.model)
    with blaming(checkpoint.name):
        scorer = bind(checkpoint, family, settings)
    info = _info(source, family, scorer, settings, wanted.defaults.normalize)
    return Reranker(ScorerBackend(scorer), info, wanted.defaults)


def family_of(wanted: Wanted, checkpoint: Checkpoint) -> Family:
    """Return the checkpoint's family with the wanted options set in it.

    Raises:
        UnknownFamilyError: None fits.
        UnknownOptionError: The family has no such option.
        ArgumentError: An option has a value that cannot be used.
    """
    with blaming(checkpoint.name):
        chosen = _choose(wanted.family, wanted.source.model, checkpoint)
    return with_options(chosen, wanted.family_options, wanted.shared_options)


def _info(
    source: Source, family: Family, scorer: Scorer, settings: Settings, normalize: bool | None
) -> RerankerInfo:
    return RerankerInfo(
        model=source.model,
        revision=source.loaded_revision(scorer.tokenizer.checkpoint),
        family=family.name,
        devices=tuple(map(str, settings.devices)),
        dtype=scorer.dtype,
        max_length=scorer.limits.max_length,
        score_kind=scorer.activation.kind(normalize),
        supports_instruction=family.instruction is not None,
        license=family.license,
    )


def with_options(family: Family, options: Mapping[str, object], shared: Sequence[str]) -> Family:
    """Return the family with these options set in its template, readout or loader.

    Raises:
        UnknownOptionError: The family has no such option.
        ArgumentError: An option has a value that cannot be used.
    """
    for name, value in options.items():
        if name not in family.options:
            raise UnknownOptionError(_unknown_option(name, family, shared))
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


def _unknown_option(name: str, family: Family, shared: Sequence[str]) -> str:
    known = [*family.options, *shared]
    near = get_close_matches(name, known, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    own = ", ".join(family.options) or "none"
    return f"{family.name} has no option {name!r}.{hint} Its own: {own}. For all: {', '.join(shared)}."
