"""Which families there are and which one a checkpoint belongs to; loads no weights and never guesses."""

from __future__ import annotations

from difflib import get_close_matches
from importlib.metadata import entry_points
from threading import Lock
from typing import TYPE_CHECKING

from rerank_plugins.core.families import BUILT_IN
from rerank_plugins.core.family import Family
from rerank_plugins.errors import ArgumentError, ArgumentTypeError, UnknownFamilyError

if TYPE_CHECKING:
    from rerank_plugins.core.checkpoint import Checkpoint

ENTRY_POINTS = "rerank_plugins.families"
_LOCK = Lock()
_REGISTERED: dict[str, Family] = {}


def families() -> tuple[Family, ...]:
    """Return every family: registered ones, installed ones (entry points), then the built-in ones.

    Each has ``name``, ``models``, ``instruction``, ``max_length``, ``license`` and ``source``.
    """
    with _LOCK:
        added = tuple(_REGISTERED.values())
    names = {family.name for family in added}
    return added + tuple(family for family in (*_installed(), *BUILT_IN) if family.name not in names)


def register(family: Family) -> None:
    """Add a family, or replace the registered one of the same name.

    Raises:
        ArgumentTypeError: It is not a ``Family``.
        ArgumentError: A built-in family has this name.
    """
    if not isinstance(family, Family):
        raise ArgumentTypeError(f"register() takes a Family, got {type(family).__name__}.")
    if family.name in {built_in.name for built_in in BUILT_IN}:
        raise ArgumentError(f"{family.name!r} is a built-in family; give yours another name.")
    with _LOCK:
        _REGISTERED[family.name] = family


def by_name(name: str | Family) -> Family:
    """Return a family by its name; a ``Family`` passes through.

    Raises:
        UnknownFamilyError: No family has this name.
    """
    if isinstance(name, Family):
        return name
    known = {family.name: family for family in families()}
    if name in known:
        return known[name]
    near = get_close_matches(str(name), known, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise UnknownFamilyError(f"There is no family {name!r}.{hint} Known: {', '.join(sorted(known))}.")


def by_model(model: str) -> Family | None:
    """Return the family that names this hub id, or ``None``."""
    return next((family for family in families() if model in family.models), None)


def by_basename(checkpoint: Checkpoint) -> Family | None:
    """Return the family of the hub model that a directory is named after, exactly but for case, or ``None``."""
    name = checkpoint.directory.resolve().name.lower()
    named = (family for family in families() for model in family.models if _basename(model) == name)
    return next(named, None)


def detect(checkpoint: Checkpoint) -> Family:
    """Return the family that the checkpoint's own files show, or that its directory is named after.

    Raises:
        UnknownFamilyError: None does; the message says why and names the choices.
    """
    found = next((family for family in families() if family.matches(checkpoint)), None)
    found = by_basename(checkpoint) if found is None else found
    if found is None:
        raise UnknownFamilyError(_why_unknown(checkpoint))
    return found


def _installed() -> tuple[Family, ...]:
    loaded = (entry.load() for entry in entry_points(group=ENTRY_POINTS))
    return tuple(family for family in loaded if isinstance(family, Family))


def _why_unknown(checkpoint: Checkpoint) -> str:
    what = ", ".join(checkpoint.architectures) or "no architecture in config.json"
    return f"{checkpoint.name} ({what}) {_reason(checkpoint)}{_nearest(checkpoint.name)}"


def _reason(checkpoint: Checkpoint) -> str:
    names = ", ".join(family.name for family in families())
    choose = f"If you know that it is one, pass family= (one of {names})."
    if "Pooling" in checkpoint.modules():
        return (
            "is an embedding model, not a reranker. To compare its embeddings by cosine, pass family='bi-encoder'."
        )
    if "JinaForRanking" in checkpoint.architectures:
        return "ranks a whole list at once, so a score would depend on the other candidates; it is not supported."
    if any(name.endswith("ForSequenceClassification") for name in checkpoint.architectures):
        if checkpoint.labels != 1:
            return f"has {checkpoint.labels} labels; a reranker has one. Choose a model with a single score."
        return f"is a classifier whose prompt and head are not known. {choose}"
    if any(name.endswith("ForCausalLM") for name in checkpoint.architectures):
        return f"is a plain language model; which prompt and token score it is never guessed. {choose}"
    return f"does not look like a reranker. {choose}"


def _nearest(name: str) -> str:
    models = {_basename(model): model for family in families() for model in family.models}
    near = get_close_matches(_basename(name.rstrip("/")), models, n=2)
    return f" Models with a similar name: {', '.join(models[key] for key in near)}." if near else ""


def _basename(model: str) -> str:
    return model.rpartition("/")[2].lower()
