"""The public face of a reranker: takes a call, has a backend score it, orders the results.

Knows no prompts, batches, devices or servers, and no framework.
"""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, cast

from rerank_plugins.core.arguments import checked_group, checked_groups, grouped_pairs
from rerank_plugins.core.health import Health
from rerank_plugins.core.info import Defaults
from rerank_plugins.core.options import CallOptions, current_options
from rerank_plugins.core.results import RankedDocument, Ranking, ranked
from rerank_plugins.core.tracing import traced
from rerank_plugins.core.worker import CLOSED, FORKED
from rerank_plugins.errors import ArgumentError, ClosedError, InstructionNotSupportedError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from typing_extensions import Self

    from rerank_plugins.core.backend import Backend
    from rerank_plugins.core.groups import Group, Scored
    from rerank_plugins.core.info import RerankerInfo

_LOG = logging.getLogger("rerank_plugins")


class Reranker:
    """Scores documents for a query; made by ``load()``, safe to share between threads and event loops.

    Every call takes ``instruction`` (which documents count as relevant, for families that take one) and
    ``normalize`` (``True`` = 0..1, ``False`` = the raw score, ``None`` = as loaded), and may raise:

    * ``ArgumentTypeError``: a query or a document is not a string;
    * ``ArgumentError``: ``top_n`` is not positive, or a limit leaves no room for documents;
    * ``InputTooLargeError``: there are more documents or characters than it was loaded to take;
    * ``InstructionNotSupportedError``: the family takes no instruction;
    * ``NonFiniteScoreError``: the model gave NaN or infinity;
    * ``OutOfDeviceMemoryError``: a single row does not fit on the device;
    * ``ClosedError``: the reranker was closed, or loaded before this process was forked.
    """

    def __init__(self, backend: Backend, info: RerankerInfo, defaults: Defaults | None = None) -> None:
        self.info = info
        self._backend: Backend | None = backend
        self._defaults = Defaults() if defaults is None else defaults
        self._told = False
        self._process = os.getpid()
        self._options(instruction=self._defaults.instruction)

    def score(
        self,
        query: str,
        documents: Sequence[str],
        *,
        instruction: str | None = None,
        normalize: bool | None = None,
    ) -> list[float]:
        """Return one score per document, in input order.

        With several ``cutoff_layers`` it is one such list per layer, in the order they were named.
        """
        options = self._options(instruction=instruction)
        return _floats(self._run([checked_group(query, documents, options.instruction)], normalize)[0])

    def score_pairs(
        self,
        pairs: Sequence[tuple[str, str]],
        *,
        instruction: str | None = None,
        normalize: bool | None = None,
    ) -> list[float]:
        """Return one score per ``(query, document)`` pair, in input order; equal queries are read together."""
        groups, places = grouped_pairs(pairs, self._options(instruction=instruction).instruction)
        scored = [result for group in self._run(groups, normalize) for result in group]
        order = sorted(range(len(places)), key=places.__getitem__)
        return _floats([scored[place] for place in order])

    def rank(
        self,
        query: str,
        documents: Sequence[str],
        *,
        instruction: str | None = None,
        top_n: int | None = None,
        threshold: float | None = None,
        normalize: bool | None = None,
    ) -> Ranking:
        """Return the documents, best first; ties keep input order.

        Args:
            query: The question.
            documents: The texts to rank.
            instruction: See the class.
            top_n: How many to return; ``None``, or more than there are, is all.
            threshold: Lowest score to keep (inclusive), on the scale of ``info.score_kind``; before ``top_n``.
            normalize: See the class.
        """
        options = self._options(instruction, top_n, threshold)
        group = checked_group(query, documents, options.instruction)
        return _ranking(group, self._run([group], normalize)[0], options)

    def rank_many(
        self,
        queries: Sequence[str],
        documents: Sequence[Sequence[str]],
        *,
        instruction: str | None = None,
        top_n: int | None = None,
        threshold: float | None = None,
        normalize: bool | None = None,
        progress: bool = False,
    ) -> list[Ranking]:
        """Return one ranking per query; ``documents`` holds one list per query.

        The other arguments are those of ``rank``; ``progress`` shows a bar that counts documents.
        """
        options = self._options(instruction, top_n, threshold)
        groups = checked_groups(queries, documents, options.instruction)
        found = self._run(groups, normalize, progress=progress)
        return [_ranking(group, scored, options) for group, scored in zip(groups, found, strict=True)]

    async def ascore(
        self,
        query: str,
        documents: Sequence[str],
        *,
        instruction: str | None = None,
        normalize: bool | None = None,
    ) -> list[float]:
        """Like ``score``; never blocks the event loop."""
        options = self._options(instruction=instruction)
        group = checked_group(query, documents, options.instruction)
        return _floats((await self._arun([group], normalize))[0])

    async def arank(
        self,
        query: str,
        documents: Sequence[str],
        *,
        instruction: str | None = None,
        top_n: int | None = None,
        threshold: float | None = None,
        normalize: bool | None = None,
    ) -> Ranking:
        """Like ``rank``; never blocks the event loop."""
        options = self._options(instruction, top_n, threshold)
        group = checked_group(query, documents, options.instruction)
        return _ranking(group, (await self._arun([group], normalize))[0], options)

    async def arank_many(
        self,
        queries: Sequence[str],
        documents: Sequence[Sequence[str]],
        *,
        instruction: str | None = None,
        top_n: int | None = None,
        threshold: float | None = None,
        normalize: bool | None = None,
        progress: bool = False,
    ) -> list[Ranking]:
        """Like ``rank_many``; never blocks the event loop."""
        options = self._options(instruction, top_n, threshold)
        groups = checked_groups(queries, documents, options.instruction)
        found = await self._arun(groups, normalize, progress=progress)
        return [_ranking(group, scored, options) for group, scored in zip(groups, found, strict=True)]

    def warmup(self) -> None:
        """Score one pair, so that the first real call does not pay for first use."""
        self._run([checked_group("query", ["document"], None)], None)

    def health(self) -> Health:
        """Return how it is doing, without waiting for anything: for probes, also from an event loop."""
        backend = self._backend
        return Health(open=False, waiting=0, busy_seconds=0.0) if backend is None else backend.health()

    def close(self) -> None:
        """Let go of the model; later calls raise ``ClosedError``. Safe to call again."""
        backend, self._backend = self._backend, None
        # A fork copies locks as they are, and not the threads that hold them.
        if backend is not None and self._process == os.getpid():
            backend.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Reranker({self.info.model!r}, family={self.info.family!r}, devices={self.info.devices!r})"

    def _run(
        self, groups: Sequence[Group], normalize: bool | None, *, progress: bool = False
    ) -> list[list[Scored]]:
        self._defaults.caps.check(groups)
        with traced(self.info, groups) as call:
            return call.end(self._alive().run(groups, self._scale(normalize), progress=progress))

    async def _arun(
        self, groups: Sequence[Group], normalize: bool | None, *, progress: bool = False
    ) -> list[list[Scored]]:
        self._defaults.caps.check(groups)
        with traced(self.info, groups) as call:
            return call.end(await self._alive().arun(groups, self._scale(normalize), progress=progress))

    def _options(
        self, instruction: str | None = None, top_n: int | None = None, threshold: float | None = None
    ) -> CallOptions:
        """Return this call's options: its arguments over the ``rerank_options`` block over the defaults."""
        given = CallOptions(instruction=instruction, top_n=top_n, threshold=threshold).over(current_options())
        options = given.over(CallOptions(instruction=self._defaults.instruction))
        if options.instruction is None or self.info.supports_instruction:
            return options
        if self._defaults.instruction_policy == "raise":
            raise InstructionNotSupportedError(
                f"{self.info.model} ({self.info.family}) takes no instruction. Leave it out, load a family that "
                'takes one (see rerank_plugins.families()), or load with instruction_policy="ignore".'
            )
        if not self._told:
            _LOG.warning("%s takes no instruction; it is ignored, as instruction_policy asks.", self.info.model)
        self._told = True
        return CallOptions(top_n=options.top_n, threshold=options.threshold)

    def _scale(self, normalize: bool | None) -> bool | None:
        return self._defaults.normalize if normalize is None else normalize

    def _alive(self) -> Backend:
        if self._backend is None:
            raise ClosedError(CLOSED)
        if self._process != os.getpid():
            raise ClosedError(FORKED)
        return self._backend


def _floats(scored: Sequence[Scored]) -> list[float]:
    if not scored or len(scored[0].scores) == 1:
        return [result.score for result in scored]
    # One list per layer; the declared type is that of every other family.
    return cast("list[float]", [list(layer) for layer in zip(*(result.scores for result in scored), strict=True)])


def _ranking(group: Group, scored: Sequence[Scored], options: CallOptions) -> Ranking:
    if scored and len(scored[0].scores) > 1:
        raise ArgumentError(
            f"cutoff_layers names {len(scored[0].scores)} layers, so there is no single order. "
            "Load with one cutoff layer to rank; score() gives one list per layer."
        )
    documents = (
        RankedDocument(index, result.score, text, result.truncated, result.passage)
        for index, (text, result) in enumerate(zip(group.documents, scored, strict=True))
    )
    return ranked(documents, top_n=options.top_n, threshold=options.threshold)
