"""How a query and its documents become rows of ids; knows no model, no device and no scores.

A template is a frozen value. Tokens are only ever cut from the document, and from a query beyond its own cap.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rerank_plugins.core.family import QUERY, Limits, Row
from rerank_plugins.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rerank_plugins.core.tokenization import PairFrame, TextTokenizer

    Cut = Callable[[int, int, Limits, int], tuple[int, int]]
    """``(query tokens, document tokens, limits, special tokens) -> (query kept, document kept)``"""


@dataclass(frozen=True, kw_only=True, slots=True)
class PairTemplate:
    r"""``[CLS] query [SEP] document [SEP]`` with the special tokens of the checkpoint's own tokenizer.

    Attributes:
        cut: Which tokens go when a pair is too long.
        query_instruction_for_rerank: Put before the query by ``query_instruction_format``.
        query_instruction_format: ``str.format`` of instruction and query; a written-out ``\n`` is a newline.
        passage_instruction_for_rerank: Put before each document by ``passage_instruction_format``.
        passage_instruction_format: ``str.format`` of instruction and document.
    """

    cut: Cut
    query_instruction_for_rerank: str | None = None
    query_instruction_format: str = "{}{}"
    passage_instruction_for_rerank: str | None = None
    passage_instruction_format: str = "{}{}"

    def rows(
        self,
        tokenizer: TextTokenizer,
        query: str,
        documents: Sequence[str],
        *,
        instruction: str | None,
        limits: Limits,
    ) -> list[Row]:
        """Return one row per document; the first token is read."""
        before_query = self.query_instruction_for_rerank if instruction is None else instruction
        texts = [_join(before_query, self.query_instruction_format, query)]
        texts += [
            _join(self.passage_instruction_for_rerank, self.passage_instruction_format, document)
            for document in documents
        ]
        query_ids, *document_ids = tokenizer.encode(texts)
        frame = tokenizer.pair_frame()
        return [self._row(frame, query_ids, ids, position, limits) for position, ids in enumerate(document_ids)]

    def _row(self, frame: PairFrame, query: list[int], document: list[int], position: int, limits: Limits) -> Row:
        kept_query, kept_document = self.cut(len(query), len(document), limits, len(frame))
        parts = (frame.before, query[:kept_query], frame.between, document[:kept_document], frame.after)
        return Row(
            ids=[token for part in parts for token in part],
            reads=(0,),
            document=position,
            type_ids=[kind for kind, part in zip(frame.type_ids, parts, strict=True) for _ in part],
            truncated=kept_document < len(document),
        )


@dataclass(frozen=True, slots=True)
class SingleTemplate:
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
        """Return the query's row first, then one row per document."""
        frame = tokenizer.single_frame()
        encoded = tokenizer.encode([query, *documents])
        return [self._row(frame, ids, position, limits) for position, ids in enumerate(encoded, start=QUERY)]

    def _row(self, frame: PairFrame, ids: list[int], position: int, limits: Limits) -> Row:
        kept = ids[: limits.max_length - len(frame)]
        return Row(
            ids=[*frame.before, *kept, *frame.after],
            reads=(0,),
            document=position,
            truncated=len(kept) < len(ids),
        )


def cut_longest_first(query: int, document: int, limits: Limits, special: int) -> tuple[int, int]:
    """Cut the longer side first, then both evenly, as Hugging Face tokenizers do (``longest_first``).

    Source: tokenizers, ``truncate_encodings`` with ``TruncationStrategy::LongestFirst``.
    """
    room = limits.max_length - special
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
    if room <= 0 < document:
        raise ArgumentError(
            f"max_length={limits.max_length} leaves no room for the document after a query of {kept_query} "
            f"tokens and {special} special tokens. Raise max_length or lower max_query_length (now {cap})."
        )
    return kept_query, min(document, room)


def _join(instruction: str | None, form: str, text: str) -> str:
    if instruction is None:
        return text
    return form.replace("\\n", "\n").format(instruction, text)
