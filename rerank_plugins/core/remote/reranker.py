"""The public face of a server, with the check that it scores as it should; knows no HTTP."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NoReturn

from rerank_plugins.core.reranker import Reranker
from rerank_plugins.errors import ArgumentError, ArgumentTypeError, HandshakeError

if TYPE_CHECKING:
    from collections.abc import Sequence

_QUERY = "What is the capital of France?"
_RELEVANT = "Paris is the capital and largest city of France."
_IRRELEVANT = "Bananas ripen faster when they are kept in a closed paper bag."


class RemoteReranker(Reranker):
    """Scores documents on a server; made by ``load("https://...", dialect=...)``, used like any ``Reranker``.

    Scores are from 0 to 1 unless ``normalize=False`` asks for logits, which the hosted services do not have.
    Made by ``load(model, engine="https://...", dialect=...)``, it writes the prompts itself, and scores, limits
    and ``truncated`` are those of the model in this process.
    Besides what ``Reranker`` says, every call may raise ``RemoteError`` in one of its kinds:
    ``RemoteAuthenticationError``, ``RemoteRequestError``, ``RemoteUnavailableError``, ``RemoteTimeoutError``,
    ``RemoteResponseError``. What a server cuts off is not told: ``truncated`` is ``False`` then.
    """

    def handshake(
        self,
        canaries: Sequence[tuple[str, str, float]] | None = None,
        *,
        tolerance: float = 0.01,
        instruction: str | None = None,
    ) -> None:
        """Raise unless the server scores as it should; call it once, before the first real query.

        A server that runs the wrong model, lacks the prompt's template or lost its last newline answers 200 with
        plausible numbers, and an encoder ignores an instruction. Only known scores show that.

        Args:
            canaries: ``(query, document, expected score)``, with scores from a model that is known to be right,
                such as the same one loaded into a process. ``None`` = a relevant document must score above an
                irrelevant one, which finds a wrong order only.
            tolerance: Largest difference from an expected score.
            instruction: As in ``score``.

        Raises:
            HandshakeError: The scores are not the expected ones.
            RemoteError: The server did not give scores.
            ArgumentError: There are no canaries in the list.
        """
        if canaries is None:
            self._check_order(instruction)
            return
        if not canaries:
            raise ArgumentError("canaries must hold (query, document, expected score); None is a default.")
        found = self.score_pairs([(query, text) for query, text, _ in canaries], instruction=instruction)
        for place, (score, (_, _, expected)) in enumerate(zip(found, canaries, strict=True)):
            if not abs(score - expected) <= tolerance:  # so that a NaN is never within
                raise HandshakeError(
                    f"{self.info.engine} gave {score:.6g} for the canary at index {place}, "
                    f"expected {expected:.6g} within {tolerance:g}. {_HINT}"
                )

    async def ahandshake(
        self,
        canaries: Sequence[tuple[str, str, float]] | None = None,
        *,
        tolerance: float = 0.01,
        instruction: str | None = None,
    ) -> None:
        """Do what ``handshake`` does without blocking the event loop."""
        await asyncio.to_thread(self.handshake, canaries, tolerance=tolerance, instruction=instruction)

    def _check_order(self, instruction: str | None) -> None:
        relevant, irrelevant = self.score(_QUERY, [_RELEVANT, _IRRELEVANT], instruction=instruction)
        if not relevant > irrelevant:
            raise HandshakeError(
                f"{self.info.engine} scores an irrelevant document ({irrelevant:.6g}) no lower than a relevant "
                f"one ({relevant:.6g}). {_HINT}"
            )

    def __reduce__(self) -> NoReturn:
        raise ArgumentTypeError(
            "A remote reranker holds connections and maybe a key, so it cannot be pickled. "
            "Send the arguments of load() instead, and the key by the environment."
        )

    def __repr__(self) -> str:
        name = "" if self.info.model_name is None else f", model_name={self.info.model_name!r}"
        engine = "" if self.info.engine == self.info.model else f", engine={self.info.engine!r}"
        return f"RemoteReranker({self.info.model!r}{engine}, dialect={self.info.dialect!r}{name})"


_HINT = "Check the model, its prompt template (also its last newline) and its precision on the server."
