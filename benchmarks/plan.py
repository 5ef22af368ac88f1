"""Who is measured on which size, on how many documents and how often; data, and the choice among it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.candidates import flag_embedding, mxbai, rerankers_library, sentence_transformers
from benchmarks.candidates.flag_embedding import Flag
from benchmarks.candidates.mxbai import Mxbai
from benchmarks.candidates.ours import ThisPackage
from benchmarks.candidates.rerankers_library import Rerankers
from benchmarks.candidates.sentence_transformers import SentenceTransformers

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from benchmarks.candidates.base import Candidate
    from benchmarks.sizes import Size

DTYPES = ("float32", "bfloat16", "int8")
PEERS = tuple(module.LIBRARY for module in (sentence_transformers, flag_embedding, rerankers_library, mxbai))
_LOW = ("bfloat16", "int8")


@dataclass(frozen=True, kw_only=True, slots=True)
class Rival:
    """A setting of another library.

    Attributes:
        library: What ``PEERS=`` calls it.
        make: Makes the adapter.
        against: The precisions of this package that it is compared with. A library that has bfloat16 is compared
            like with like; one that has not is what its users compare every precision with.
        documents: On how many documents; ``None`` = the workload's.
        rounds: At most so many rounds; the slowest get one.
        curve: Whether its time is drawn against the number of documents.
    """

    library: str
    make: Callable[[], Candidate]
    against: tuple[str, ...] = DTYPES
    documents: int | None = None
    rounds: int | None = None
    curve: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """One candidate on so many documents, in so many rounds; ``ratio_to`` names the precisions to compare with."""

    candidate: Candidate
    documents: int
    rounds: int
    ratio_to: tuple[str, ...] = ()


def _st_default() -> Rival:
    return Rival(
        library=sentence_transformers.LIBRARY, make=lambda: SentenceTransformers("default", "float32", 32)
    )


def _st_tuned(dtype: str, *, curve: bool = True, documents: int | None = None) -> Rival:
    """One document at a time: its best setting on one core, because nothing is padded then."""
    return Rival(
        library=sentence_transformers.LIBRARY,
        make=lambda: SentenceTransformers(f"tuned {dtype}", dtype, 1),
        against=("float32",) if dtype == "float32" else _LOW,
        documents=documents,
        curve=curve,
    )


def _flag(setting: str, batch_size: int | None, documents: int | None, rounds: int | None) -> Rival:
    return Rival(
        library=flag_embedding.LIBRARY,
        make=lambda: Flag(setting, batch_size),
        documents=documents,
        rounds=rounds,
    )


def _rerankers(documents: int | None, rounds: int | None) -> Rival:
    return Rival(
        library=rerankers_library.LIBRARY, make=lambda: Rerankers("default"), documents=documents, rounds=rounds
    )


def _mxbai(setting: str, batch_size: int | None, rounds: int | None) -> Rival:
    return Rival(library=mxbai.LIBRARY, make=lambda: Mxbai(setting, batch_size), rounds=rounds)


RIVALS: dict[str, tuple[Rival, ...]] = {
    "minilm": (
        _st_tuned("float32"),
        _st_tuned("bfloat16"),
        _st_default(),
        _flag("tuned", 1, None, None),
        _flag("default", None, None, 1),
        _rerankers(None, None),
    ),
    "xlmr": (
        _st_tuned("float32"),
        _st_tuned("bfloat16"),
        _st_default(),
        _flag("tuned", 1, 24, 1),
        _flag("default", None, 24, 1),
        _rerankers(24, 1),
    ),
    "qwen": (
        _st_tuned("float32", curve=False),
        _st_tuned("bfloat16", curve=False),
        _mxbai("tuned", 1, None),
        _mxbai("default", None, 1),
        _rerankers(None, 1),
    ),
    # None of the others shares a prefix either, and all are slower than these two.
    "qwen-8turn": (_st_tuned("bfloat16"), _st_tuned("float32", documents=16, curve=False)),
}


def jobs(size: Size, dtypes: Collection[str], peers: Collection[str], rounds: int) -> list[Job]:
    """Return what to measure; this package is measured on every number of documents that a rival is.

    The same candidate comes several times where it runs on several numbers of documents.
    """
    whole, rounds = size.workload.documents, min(rounds, size.workload.rounds or rounds)
    ours = {dtype: ThisPackage(dtype) for dtype in DTYPES if dtype in dtypes}
    found = [Job(candidate=mine, documents=whole, rounds=rounds) for mine in ours.values()]
    if "float32" not in ours:  # all scores are compared with it
        found.append(Job(candidate=ThisPackage("float32"), documents=whole, rounds=1))
    chosen = [
        rival for rival in RIVALS.get(size.name, ()) if rival.library in peers and set(rival.against) & set(ours)
    ]
    for rival in chosen:
        candidate, against = rival.make(), tuple(dtype for dtype in rival.against if dtype in ours)
        number, turns = rival.documents or whole, min(rounds, rival.rounds or rounds)
        found.append(Job(candidate=candidate, documents=number, rounds=turns, ratio_to=against))
        found += [Job(candidate=ours[dtype], documents=number, rounds=turns) for dtype in against]
        points = size.workload.curve if rival.curve else ()
        found += [Job(candidate=candidate, documents=point, rounds=1, ratio_to=against) for point in points]
    found += [
        Job(candidate=mine, documents=point, rounds=1) for mine in ours.values() for point in size.workload.curve
    ]
    return _merged(found)


def _merged(found: list[Job]) -> list[Job]:
    """Return one job for each candidate and number of documents: the one with the most rounds."""
    kept: dict[tuple[str, int], Job] = {}
    for job in found:
        key = (job.candidate.name, job.documents)
        if key not in kept or kept[key].rounds < job.rounds:
            kept[key] = job
    return list(kept.values())
