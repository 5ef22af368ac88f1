"""Prompts written piece by piece as their vendors do, each piece tokenized on its own; knows no model.

A special token counts as such only in a prompt's own pieces, never in text that comes from outside.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rerank_plugins.core.family import Limits, Row
from rerank_plugins.core.passages import characters, document_spans
from rerank_plugins.core.templates import joined
from rerank_plugins.errors import ArgumentError, ArgumentTypeError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rerank_plugins.core.family import Template
    from rerank_plugins.core.tokenization import TextTokenizer

_SEPARATOR = "\n"


@dataclass(frozen=True, kw_only=True, slots=True)
class FlagPrompt:
    """FlagEmbedding's prompt for language models: ``<bos>A: query`` newline ``B: passage`` newline ``task``.

    The query is capped at three quarters of ``max_length``, the passage at what is left; separator and task are
    added beyond the limit. Source: FlagEmbedding 1.4.2, ``FlagLLMReranker.compute_score_single_gpu``.

    Attributes:
        prompt: The task sentence at the end.
        query_instruction_for_rerank: Marker before the query; ``None`` leaves it out.
        query_instruction_format: ``str.format`` of marker and query.
        passage_instruction_for_rerank: Marker before the passage; ``None`` leaves it out.
        passage_instruction_format: ``str.format`` of marker and passage.
        always_bos: Whether the first token is there even if it is also the padding token.
    """

    prompt: str
    query_instruction_for_rerank: str | None = "A: "
    query_instruction_format: str = "{}{}"
    passage_instruction_for_rerank: str | None = "B: "
    passage_instruction_format: str = "{}{}"
    always_bos: bool = True

    def __post_init__(self) -> None:
        if not isinstance(self.prompt, str):
            raise ArgumentTypeError(f"prompt must be a string, got {type(self.prompt).__name__}.")

    def overhead(self, tokenizer: TextTokenizer) -> int:
        """Return the tokens of separator and task, which come on top of the limit twice."""
        return 2 * len(self._end(tokenizer, None))

    def rows(
        self,
        tokenizer: TextTokenizer,
        query: str,
        documents: Sequence[str],
        *,
        instruction: str | None,
        limits: Limits,
    ) -> list[Row]:
        """Return the rows of each document; the last token is read, and the passage may be merged."""
        texts = [joined(self.query_instruction_for_rerank, self.query_instruction_format, query)]
        texts += [
            joined(self.passage_instruction_for_rerank, self.passage_instruction_format, document)
            for document in documents
        ]
        query_ids, *document_ids = tokenizer.encode(texts)
        end, separator = self._end(tokenizer, instruction), tokenizer.encode_trusted(_SEPARATOR)
        start = [*self._start(tokenizer), *query_ids[: query_cap(limits)], *separator]
        # A long instruction must not make rows longer than the model was asked to bear.
        most = limits.max_length + self.overhead(tokenizer)
        room = min(limits.max_length, limits.max_length + len(end) - len(start), most - len(start) - len(end))
        _check_room(room, limits)
        prompt = _Prompt(tokenizer, start, end, room, limits)
        return prompt.rows(texts[1:], document_ids, documents)

    def _start(self, tokenizer: TextTokenizer) -> list[int]:
        bos = tokenizer.special_id("bos_token")
        wanted = self.always_bos or bos != tokenizer.special_id("pad_token")
        return [bos] if bos is not None and wanted else []

    def _end(self, tokenizer: TextTokenizer, instruction: str | None) -> list[int]:
        task = tokenizer.encode_trusted(self.prompt) if instruction is None else tokenizer.encode([instruction])[0]
        return [*tokenizer.encode_trusted(_SEPARATOR), *task]


@dataclass(frozen=True, kw_only=True, slots=True)
class ChatPrompt:
    """A chat prompt around ``query`` newline ``document`` (mxbai-rerank-v2).

    The query with its instruction is capped at three quarters of ``max_length``, query and document together at
    ``max_length``; everything else is added beyond. Source: mxbai-rerank 0.1.6, ``MxbaiRerankV2.prepare_inputs``.

    Attributes:
        before: What comes before the user's text; special tokens count.
        instruction: ``str.format`` of an instruction, put before the query.
        query: ``str.format`` of the query.
        document: ``str.format`` of the document.
        after: Pieces after the document, each tokenized on its own.
    """

    before: str
    instruction: str
    query: str
    document: str
    after: tuple[str, ...]

    def overhead(self, tokenizer: TextTokenizer) -> int:
        """Return the tokens of all fixed pieces."""
        return len(tokenizer.encode_trusted(self.before)) + len(self._after(tokenizer))

    def rows(
        self,
        tokenizer: TextTokenizer,
        query: str,
        documents: Sequence[str],
        *,
        instruction: str | None,
        limits: Limits,
    ) -> list[Row]:
        """Return the rows of each document; the last token is read."""
        asked = self.query.format(query)
        if instruction:  # the vendor leaves out an empty one as well
            asked = self.instruction.format(instruction) + asked
        texts = [self.document.format(document) for document in documents]
        query_ids, *document_ids = tokenizer.encode([asked, *texts])
        kept, separator = query_ids[: query_cap(limits)], tokenizer.encode_trusted(_SEPARATOR)
        room = limits.max_length - len(kept) - len(separator)
        _check_room(room, limits)
        start = [*tokenizer.encode_trusted(self.before), *kept, *separator]
        prompt = _Prompt(tokenizer, start, self._after(tokenizer), room, limits)
        return prompt.rows(texts, document_ids, documents)

    def _after(self, tokenizer: TextTokenizer) -> list[int]:
        return [token for piece in self.after for token in tokenizer.encode_trusted(piece)]


@dataclass(frozen=True, kw_only=True, slots=True)
class StyledPrompt:
    """One of several prompts for the same model.

    Attributes:
        prompt_style: Which one.
        styles: The prompts by their names.
    """

    prompt_style: str
    styles: Mapping[str, Template]

    def __post_init__(self) -> None:
        if self.prompt_style not in self.styles:
            raise ArgumentError(f"prompt_style must be one of {sorted(self.styles)}, got {self.prompt_style!r}.")

    def overhead(self, tokenizer: TextTokenizer) -> int:
        """Return the chosen prompt's."""
        return self.styles[self.prompt_style].overhead(tokenizer)

    def rows(
        self,
        tokenizer: TextTokenizer,
        query: str,
        documents: Sequence[str],
        *,
        instruction: str | None,
        limits: Limits,
    ) -> list[Row]:
        """Return the chosen prompt's rows."""
        chosen = self.styles[self.prompt_style]
        return chosen.rows(tokenizer, query, documents, instruction=instruction, limits=limits)


def query_cap(limits: Limits) -> int:
    """Return the most tokens a query may have: as asked for, else three quarters of ``max_length``."""
    return limits.max_length * 3 // 4 if limits.max_query_length is None else limits.max_query_length


def _check_room(room: int, limits: Limits) -> None:
    if room <= 0:
        raise ArgumentError(
            f"max_length={limits.max_length} leaves no room for the document beside this query and instruction. "
            f"Raise max_length, lower max_query_length (now {query_cap(limits)}) or shorten the instruction."
        )


@dataclass(frozen=True, slots=True)
class _Prompt:
    """The ids around every document of one call, and how many tokens of a document fit between them."""

    tokenizer: TextTokenizer
    start: list[int]
    end: list[int]
    room: int
    limits: Limits

    def rows(self, texts: Sequence[str], encoded: Sequence[list[int]], documents: Sequence[str]) -> list[Row]:
        """Return the rows of all documents; ``texts`` are the documents as they were tokenized."""
        rows = []
        for place, (text, ids, document) in enumerate(zip(texts, encoded, documents, strict=True)):
            spans = document_spans(len(ids), self.room, self.limits)
            found = characters(self.tokenizer, text, spans, len(text) - len(document))
            cut = self.limits.long_documents == "truncate" and len(ids) > self.room
            rows += [
                self._row(ids[first:last], place, truncated=cut, passage=passage)
                for (first, last), passage in zip(spans, found, strict=True)
            ]
        return rows

    def _row(self, document: list[int], place: int, *, truncated: bool, passage: tuple[int, int] | None) -> Row:
        ids = [*self.start, *document, *self.end]
        mergeable = (len(self.start), len(self.start) + len(document))
        return Row(ids, (len(ids) - 1,), place, truncated=truncated, mergeable=mergeable, passage=passage)
