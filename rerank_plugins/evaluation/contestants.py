"""Which rerankers take part, under which labels and with which instructions; scores nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from rerank_plugins.core.loading import load
from rerank_plugins.core.reranker import Reranker
from rerank_plugins.errors import ArgumentError, ArgumentTypeError, InstructionNotSupportedError
from rerank_plugins.evaluation.data import first_repeated

if TYPE_CHECKING:
    from collections.abc import Iterator

Model = str | tuple[str, Reranker | Callable[[], Reranker]]


@dataclass(frozen=True, slots=True)
class Contestant:
    """A label, and a reranker (which stays the caller's) or what gives one (which is closed after use)."""

    label: str
    source: Reranker | Callable[[], Reranker]

    @contextmanager
    def opened(self) -> Iterator[tuple[Reranker, float | None]]:
        """Give the reranker and the seconds that loading took, and close what was loaded here."""
        if isinstance(self.source, Reranker):
            yield self.source, None
            return
        started = perf_counter()
        with self.source() as reranker:
            yield reranker, perf_counter() - started


def contestants(models: object, load_options: Mapping[str, Any] | None) -> list[Contestant]:
    """Return what takes part, in the order given.

    Raises:
        ArgumentTypeError: ``models`` is no list of names or of (label, reranker).
        ArgumentError: There is none, or two have the same label.
    """
    if isinstance(models, (str, bytes)) or not isinstance(models, Sequence):
        raise ArgumentTypeError(f"models must be a list, got {type(models).__name__}. Put one model into a list.")
    options = {} if load_options is None else load_options
    named = labels([model for model in models if isinstance(model, str)])
    found = [_contestant(model, place, named, options) for place, model in enumerate(models)]
    if not found:
        raise ArgumentError("models is empty. Name at least one model, such as 'embedded'.")
    twice = first_repeated(one.label for one in found)
    if twice is not None:
        raise ArgumentError(f"models has {twice!r} twice. Give each a label of its own: (label, reranker).")
    return found


def named_instructions(instructions: object) -> dict[str, str | None]:
    """Return instructions by what is added to a model's label: ``""`` where there is nothing to tell apart.

    Raises:
        ArgumentTypeError: It is no list of strings and None.
        ArgumentError: It is empty, or holds one twice.
    """
    if isinstance(instructions, (str, bytes)) or not isinstance(instructions, Sequence):
        got = type(instructions).__name__
        raise ArgumentTypeError(f"instructions must be a list, got {got}. Put one instruction into a list.")
    wrong = [type(one).__name__ for one in instructions if one is not None and not isinstance(one, str)]
    if wrong:
        raise ArgumentTypeError(f"instructions must hold strings and None, got {wrong[0]}.")
    if len(instructions) != len(set(instructions)) or not instructions:
        raise ArgumentError("instructions must hold at least one entry (None is none), and each only once.")
    if len(instructions) == 1:
        return {"": instructions[0]}
    given = [one for one in instructions if one is not None]
    return {
        ", no instruction" if one is None else f", instruction {given.index(one) + 1}": one for one in instructions
    }


def check_takes(reranker: Reranker, label: str, instruction: str | None) -> None:
    """Raise ``InstructionNotSupportedError`` if there is an instruction, and the model takes none."""
    if instruction is not None and not reranker.info.supports_instruction:
        raise InstructionNotSupportedError(
            f"{label} ({reranker.info.family}) takes no instruction. Leave the instruction or the model out, or "
            "skip such combinations: skip_unsupported=True, on the command line --skip-unsupported."
        )


def labels(names: Sequence[str]) -> dict[str, str]:
    """Return a label by name: of directories the last part, unless two have the same."""
    # A path says where something is on one machine, which is seldom the business of a report.
    short = {name: Path(name).resolve().name if Path(name).is_dir() else name for name in names}
    return {name: label if list(short.values()).count(label) == 1 else name for name, label in short.items()}


def _contestant(model: object, place: int, named: Mapping[str, str], options: Mapping[str, Any]) -> Contestant:
    if isinstance(model, str):
        return Contestant(named[model], partial(load, model, **options))
    match model:
        case (str(label), source) if isinstance(source, Reranker) or callable(source):
            return Contestant(label, source)
    raise ArgumentTypeError(
        f"models[{place}] must be a name, or (label, reranker), or (label, function that loads one); "
        f"got {type(model).__name__}."
    )
