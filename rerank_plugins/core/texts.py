"""Prompts written as one text and tokenized whole, as their vendors do; knows no model.

Only the document is shortened, and a query beyond its own cap, so that what follows the document always
survives (the vendors' own code cuts the end of the text instead).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rerank_plugins.core.family import CountsEveryToken, Limits, Row
from rerank_plugins.core.passages import text_passages
from rerank_plugins.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rerank_plugins.core.tokenization import TextTokenizer


@dataclass(frozen=True, kw_only=True, slots=True)
class TextPrompt(CountsEveryToken):
    """A prompt in which query, instruction and document are tokenized as one text.

    Attributes:
        start: Piece before the text, tokenized on its own; special tokens count.
        before: Text before the document, with ``{query}`` and ``{instruction}`` where they belong.
        after: Text after the document, likewise.
        end: Piece after the text, tokenized on its own; special tokens count.
        instruction_format: How an instruction is written where ``{instruction}`` stands.
        default_instruction: Used where none is given; ``None`` writes nothing.
        framed: Whether the tokenizer's own special tokens go around everything.
    """

    start: str = ""
    before: str
    after: str = ""
    end: str = ""
    instruction_format: str = "{}"
    default_instruction: str | None = None
    framed: bool = False

    def rows(
        self,
        tokenizer: TextTokenizer,
        query: str,
        documents: Sequence[str],
        *,
        instruction: str | None,
        limits: Limits,
    ) -> list[Row]:
        """Return the rows of each document; the last token is read.

        Raises:
            ArgumentError: The limits leave no room for query or document.
        """
        start, end = self._pieces(tokenizer)
        room = limits.max_length - len(start) - len(end)
        around = self._around(tokenizer, query, instruction, limits, room)
        encoded = tokenizer.encode([around.text(document) for document in documents])
        rows = []
        for place, (document, ids) in enumerate(zip(documents, encoded, strict=True)):
            for part, passage in around.parts(tokenizer, document, ids, room, limits):
                whole = [*start, *part, *end]
                cut = passage is None and len(ids) > room
                rows.append(Row(whole, (len(whole) - 1,), place, truncated=cut, passage=passage))
        return rows

    def _pieces(self, tokenizer: TextTokenizer) -> tuple[list[int], list[int]]:
        start, end = tokenizer.encode_trusted(self.start), tokenizer.encode_trusted(self.end)
        if not self.framed:
            return start, end
        frame = tokenizer.single_frame()
        return [*frame.before, *start], [*end, *frame.after]

    def _around(
        self, tokenizer: TextTokenizer, query: str, instruction: str | None, limits: Limits, room: int
    ) -> _Around:
        """Return the text around the document; a query without a cap may take three quarters of the room."""
        wanted = self.default_instruction if instruction is None else instruction
        task = self.instruction_format.format(wanted) if wanted else ""
        fixed = len(tokenizer.encode([self.before + self.after + task])[0])
        cap = (room - fixed) * 3 // 4 if limits.max_query_length is None else limits.max_query_length
        asked = _beginning(tokenizer, query, max(cap, 1))
        around = _Around(
            self.before.format(query=asked, instruction=task), self.after.format(query=asked, instruction=task)
        )
        taken = len(tokenizer.encode([around.text("")])[0])
        if taken >= room:
            raise ArgumentError(
                f"max_length={limits.max_length} leaves no room for the document: prompt, query and instruction "
                f"take {taken + limits.max_length - room} tokens. Raise max_length or lower max_query_length."
            )
        return around


@dataclass(frozen=True, slots=True)
class _Around:
    """The text before and after every document of one call."""

    before: str
    after: str

    def text(self, document: str) -> str:
        return self.before + document + self.after

    def parts(
        self, tokenizer: TextTokenizer, document: str, ids: list[int], room: int, limits: Limits
    ) -> list[tuple[list[int], tuple[int, int] | None]]:
        """Return the ids of each prompt for one document, and which characters of the document it holds."""
        if len(ids) <= room:
            return [(ids, None)]
        if limits.long_documents == "truncate":
            return [(self.cut(tokenizer, document, ids, room), None)]
        (around,) = tokenizer.encode([self.text("")])
        passages = text_passages(tokenizer, document, room - len(around), limits)
        encoded = tokenizer.encode([self.text(document[first:last]) for first, last in passages])
        return [
            (self.cut(tokenizer, document[first:last], part, room), (first, last))
            for (first, last), part in zip(passages, encoded, strict=True)
        ]

    def cut(self, tokenizer: TextTokenizer, document: str, ids: list[int], room: int) -> list[int]:
        """Return the ids of the prompt with the longest beginning of the document that fits.

        Where nothing follows the document its last ids go. Otherwise the text is cut at the edge of a token and
        tokenized again, because the last word may form one token with what follows it.
        """
        if not self.after:
            return ids[:room]
        while len(ids) > room and document:
            places = tokenizer.encode_with_places(self.text(document))
            first = len(self.before)
            starts = [start for _, start, _ in places if first <= start < first + len(document)]
            excess = len(places) - room
            # A blank left at the edge would form one token with what follows.
            document = document[: starts[-excess] - first].rstrip() if excess < len(starts) else ""
            (ids,) = tokenizer.encode([self.text(document)])
        return ids


def _beginning(tokenizer: TextTokenizer, text: str, most: int) -> str:
    """Return the beginning of a text that has at most ``most`` tokens."""
    places = tokenizer.encode_with_places(text)
    return text if len(places) <= most else text[: places[most][1]]
