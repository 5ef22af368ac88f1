"""Which tokens of a document go into which row: its beginning, or overlapping passages; knows no prompt."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rerank_plugins.core.family import Limits
    from rerank_plugins.core.tokenization import TextTokenizer

    Span = tuple[int, int]


def document_spans(length: int, room: int, limits: Limits) -> list[Span]:
    """Return token spans of a document of ``length`` tokens that each fit into ``room`` tokens."""
    if limits.long_documents == "truncate":
        return [(0, min(length, room))]
    return passage_spans(length, room, limits.overlap_tokens)


def passage_spans(length: int, room: int, overlap: int) -> list[Span]:
    """Return overlapping spans of ``room`` tokens that cover everything; the last one ends at the end.

    Source: jina-reranker-v2-base-multilingual, ``rerank()``.
    """
    if length <= room:
        return [(0, length)]
    shared = min(overlap, room // 4)
    starts = range(0, length - room, room - shared)
    return [*((start, start + room) for start in starts), (length - room, length)]


def characters(tokenizer: TextTokenizer, text: str, spans: list[Span], shift: int) -> list[Span | None]:
    """Return the characters that each span of tokens covers, ``shift`` less; ``None`` for an undivided text."""
    if len(spans) == 1:
        return [None]
    places = tokenizer.encode_with_places(text)
    return [(max(places[start][1] - shift, 0), max(places[end - 1][2] - shift, 0)) for start, end in spans]


def text_passages(tokenizer: TextTokenizer, text: str, room: int, limits: Limits) -> list[Span]:
    """Return the characters of overlapping passages of ``room`` tokens each that cover the whole text."""
    places = tokenizer.encode_with_places(text)
    spans = passage_spans(len(places), max(room, 1), limits.overlap_tokens)
    if len(spans) == 1:
        return [(0, len(text))]
    return [(places[start][1], places[end - 1][2]) for start, end in spans]
