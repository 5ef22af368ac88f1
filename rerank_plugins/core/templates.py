"""How a query and its documents become rows of ids; knows no model, no device and no scores.

A template is a frozen value. Tokens are only ever cut from the document, and from a query beyond its own cap.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rerank_plugins.core.family import QUERY, CountsEveryToken, Limits, Row
from rerank_plugins.core.passages import characters, document_spans, passage_spans
from rerank_plugins.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rerank_plugins.core.frames import PairFrame
    from rerank_plugins.core.tokenization import TextTokenizer

    Cut = Callable[[int, int, Limits, int], tuple[int, int]]
    """``(query tokens, document tokens, limits, special tokens) -> (query kept, document kept)``"""


@dataclass(frozen=True, kw_only=True, slots=True)
class PairTemplate(CountsEveryToken):
    r"""``[CLS] query [SEP] document [SEP]`` with the special tokens of the checkpoint's own tokenizer.

    Attributes:
        cut: Which tokens go when a pair is too long.
        query_instruction_for_rerank: Put before the query by ``query_instruction_format``.
        query_instruction_format: ``str.format`` of instruction and query; a written-out ``\n`` is a newline.
        passage_instruction_for_rerank: Put before each document by ``passage_instruction_format``.
        passage_instruction_format: ``str.format`` of instruction and document.
        saved_prompt: Put the checkpoint's default prompt before the query, as sentence-transformers does.
    """

    cut: Cut
    query_instruction_for_rerank: str | None = None
    query_instruction_format: str = "{}{}"
    passage_instruction_for_rerank: str | None = None
    passage_instruction_format: str = "{}{}"
    saved_prompt: bool = False

    def rows(
        self,
        tokenizer: TextTokenizer,
        query: str,
        documents: Sequence[str],
        *,
        instruction: str | None,
        limits: Limits,
    ) -> list[Row]:
        """Return the rows of each document; the first token is read."""
        before_query = self.query_instruction_for_rerank if instruction is None else instruction
        prompt = tokenizer.default_prompt if self.saved_prompt else None
        texts = [(prompt or "") + joined(before_query, self.query_instruction_format, query)]
        texts += [
            joined(self.passage_instruction_for_rerank, self.passage_instruction_format, document)
            for document in documents
        ]
        query_ids, *document_ids = tokenizer.encode(texts)
        pair = _Pair(tokenizer, query_ids, limits, self.cut)
        shifts = [len(text) - len(document) for text, document in zip(texts[1:], documents, strict=True)]
        return [
            row
            for place, (text, ids, shift) in enumerate(zip(texts[1:], document_ids, shifts, strict=True))
            for row in pair.rows(text, ids, place, shift)
        ]


class _Pair:
    """One query, ready to be paired with documents."""

    def __init__(self, tokenizer: TextTokenizer, query: list[int], limits: Limits, cut: Cut) -> None:
        self._tokenizer = tokenizer
        self._frame = tokenizer.pair_frame()
        self._query = query
        self._limits = limits
        self._cut = cut

    def rows(self, text: str, ids: list[int], place: int, shift: int) -> list[Row]:
        """Return the rows of one document."""
        if self._limits.long_documents == "truncate":
            query, document = self._cut(len(self._query), len(ids), self._limits, len(self._frame))
            return [self._row(query, ids[:document], place, truncated=document < len(ids))]
        query = min(len(self._query), passage_query_cap(self._limits) - len(self._tokenizer.single_frame()))
        room = self._limits.max_length - len(self._frame) - query
        _check_room(min(query, room - 1), self._limits, len(self._frame))
        spans = passage_spans(len(ids), room, self._limits.overlap_tokens)
        found = characters(self._tokenizer, text, spans, shift)
        return [
            self._row(query, ids[start:end], place, passage=passage)
            for (start, end), passage in zip(spans, found, strict=True)
        ]

    def _row(
        self,
        query: int,
        document: list[int],
        place: int,
        *,
        truncated: bool = False,
        passage: tuple[int, int] | None = None,
    ) -> Row:
        frame = self._frame
        parts = (frame.before, self._query[:query], frame.between, document, frame.after)
        return Row(
            ids=[token for part in parts for token in part],
            reads=(0,),
            document=place,
            type_ids=[kind for kind, part in zip(frame.type_ids, parts, strict=True) for _ in part],
            truncated=truncated,
            passage=passage,
        )


def passage_query_cap(limits: Limits) -> int:
    """Return the most tokens of a query, special ones included, where documents are split into passages.

    The default is half of ``max_length``. Source: jina-reranker-v2-base-multilingual, ``rerank()``.

    Raises:
        ArgumentError: The cap leaves less than half of ``max_length`` to the document.
    """
    cap = limits.max_length // 2 if limits.max_query_length is None else limits.max_query_length
    if limits.max_length < 2 * cap:
        raise ArgumentError(
            f"With long_documents='passages', max_length ({limits.max_length}) must be at least twice "
            f"max_query_length ({cap})."
        )
    return cap


@dataclass(frozen=True, slots=True)
class SingleTemplate(CountsEveryToken):
    """``[CLS] text [SEP]`` for the query and for each document on its own (bi-encoders)."""

    def rows(
        self,
        tokenizer: TextTokenizer,
        query: str,
        documents: Sequence[str],
        *,
        instruction: str | None,  # noqa: ARG002 - a family without instructions is refused earlier
        limits: Limits,
    ) -> list[Row]:
        """Return the query's row first, then the rows of each document."""
        frame = tokenizer.single_frame()
        room = limits.max_length - len(frame)
        _check_room(room - 1, limits, len(frame))
        query_ids, *document_ids = tokenizer.encode([query, *documents])
        rows = [_single(frame, query_ids[:room], QUERY)]
        for place, (text, ids) in enumerate(zip(documents, document_ids, strict=True)):
            spans = document_spans(len(ids), room, limits)
            found = characters(tokenizer, text, spans, 0)
            cut = limits.long_documents == "truncate" and len(ids) > room
            rows += [
                _single(frame, ids[start:end], place, truncated=cut, passage=passage)
                for (start, end), passage in zip(spans, found, strict=True)
            ]
        return rows


def _single(
    frame: PairFrame,
    ids: list[int],
    place: int,
    *,
    truncated: bool = False,
    passage: tuple[int, int] | None = None,
) -> Row:
    whole = [*frame.before, *ids, *frame.after]
    return Row(whole, (0,), place, truncated=truncated, passage=passage)


def cut_longest_first(query: int, document: int, limits: Limits, special: int) -> tuple[int, int]:
    """Cut the longer side first, then both evenly, as Hugging Face tokenizers do (``longest_first``).

    Source: tokenizers, ``truncate_encodings`` with ``TruncationStrategy::LongestFirst``.

    Raises:
        ArgumentError: The limit leaves no room beside the special tokens.
    """
    room = limits.max_length - special
    _check_room(room, limits, special)
    if query + document <= room:
        return query, document
    shorter = min(query, document)
    longer = shorter if shorter > room else max(shorter, room - shorter)
    if shorter + longer > room:
        shorter = room // 2
        longer = shorter + room % 2
    return (longer, shorter) if query > document else (shorter, longer)


def cut_document(query: int, document: int, limits: Limits, special: int) -> tuple[int, int]:
    """Cap the query at ``max_query_length``, then cut the document to what is left.

    The default cap is three quarters of ``max_length``. Source: FlagEmbedding 1.4.2, ``FlagReranker``.

    Raises:
        ArgumentError: The capped query leaves no room for the document.
    """
    cap = limits.max_length * 3 // 4 if limits.max_query_length is None else limits.max_query_length
    kept_query = min(query, cap)
    room = limits.max_length - special - kept_query
    if room < 0 or room == 0 < document:
        raise ArgumentError(
            f"max_length={limits.max_length} leaves no room for the document after a query of {kept_query} "
            f"tokens and {special} special tokens. Raise max_length or lower max_query_length (now {cap})."
        )
    return kept_query, min(document, room)


def _check_room(room: int, limits: Limits, special: int) -> None:
    if room < 0:
        raise ArgumentError(
            f"max_length={limits.max_length} leaves no room beside {special} special tokens for query and "
            "document. Raise max_length."
        )


def joined(instruction: str | None, form: str, text: str) -> str:
    """Return the text with an instruction put before it by a format, as FlagEmbedding does."""
    if instruction is None:
        return text
    return form.replace("\\n", "\n").format(instruction, text)
