"""What must hold for every row, whatever the texts and limits; used by property tests and by the fuzzer."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from trust.subjects import FREE, LONGEST_FIRST, Subject

from rerank_plugins import RerankError
from rerank_plugins.core.family import Limits, Row

SEAM = 2
"""Tokens at the edge of a text that may differ, as a word may form one token with what stands beside it."""


@dataclass(frozen=True)
class Case:
    """One call of a template."""

    subject: Subject
    query: str
    document: str
    instruction: str | None = None
    limits: Limits = FREE

    def rows(self) -> list[Row]:
        return self.subject.rows(self.query, [self.document], self.instruction, self.limits)


@dataclass(frozen=True)
class Frame:
    """What must be in every row of a case: control tokens, and as much before the document as is sure."""

    control: Counter[int]
    before: list[int]
    has_room: bool


def check(case: Case) -> bool:
    """Assert everything below; return whether there were rows, as a typed error is a defined result too."""
    check_plain_text(case)
    try:
        rows = case.rows()
    except RerankError:
        return False
    assert rows
    assert case.rows() == rows, "not deterministic"
    frame = frame_of(case)
    for row in rows:
        check_length(case, row)
        check_control_tokens(case, row, frame)
        check_suffix(case, row)
        check_passage(case, row)
        check_query(row, frame)
    check_free(case, rows)
    return True


def check_plain_text(case: Case) -> None:
    """No text alone gives a control token's id."""
    tokenizer, forbidden = case.subject.tokenizer, case.subject.control_ids
    for text in (case.query, case.document, case.instruction):
        found = forbidden.keys() & set(tokenizer.encode([text or ""])[0])
        assert not found, f"{text!r} gives {[forbidden[number] for number in found]}"


def check_length(case: Case, row: Row) -> None:
    assert len(row.ids) <= case.limits.max_length + case.subject.overhead, "longer than the limit"


def check_control_tokens(case: Case, row: Row, frame: Frame) -> None:
    """As many of each control token as harmless texts give; fewer only where a chat prompt itself is cut."""
    forbidden = case.subject.control_ids
    found = Counter(number for number in row.ids if number in forbidden)
    same = found == frame.control if frame.has_room else found <= frame.control
    assert same, f"{named(found, forbidden)}, not {named(frame.control, forbidden)}"


def check_suffix(case: Case, row: Row) -> None:
    """The template's own end is there, but for tokens at the seam."""
    suffix = case.subject.suffix[SEAM:] or case.subject.suffix[-1:]
    if suffix and case.limits.max_length >= len(case.subject.suffix):
        assert list(row.ids[-len(suffix) :]) == suffix, "the end is not the template's"


def check_passage(case: Case, row: Row) -> None:
    if row.passage is not None:
        assert 0 <= row.passage[0] <= row.passage[1] <= len(case.document)


def check_query(row: Row, frame: Frame) -> None:
    """A query within its cap, and all that stands before the document, is there in full."""
    # What a family writes before every document of its own may be cut, or missing from later passages.
    end = len(frame.before) - SEAM
    kept = frame.before[: max(end if row.mergeable is None else min(end, row.mergeable[0]), 0)]
    assert list(row.ids[: len(kept)]) == kept, "the query was changed"


def surely_whole(case: Case, before: list[int]) -> bool:
    """Return whether the limits are so far from the query that no family's own rule for a cap can bind."""
    tokens = sum(len(ids) for ids in case.subject.tokenizer.encode([case.query, case.instruction or ""]))
    longest, cap = case.limits.max_length, case.limits.max_query_length
    template = 2 * (len(before) + len(case.subject.suffix)) + SEAM
    written = not case.subject.is_chat or bool(case.document.strip())
    return written and template <= longest and 2 * tokens + 16 <= (longest // 2 if cap is None else cap)


def check_free(case: Case, rows: list[Row]) -> None:
    """A limit that is far away changes nothing."""
    if case.limits.max_query_length is None:
        (free,) = case.subject.rows(case.query, [case.document], case.instruction)
        if 4 * len(free.ids) + 16 <= case.limits.max_length:
            assert rows == [free], "a limit that does not bind changed the row"


def has_room(case: Case) -> bool:
    """Return whether the prompt without a document fits; only chat prompts are cut where it does not."""
    if not case.subject.is_chat:
        return True
    (row,) = case.subject.rows(case.query, ["b"], case.instruction)
    return len(row.ids) + SEAM <= case.limits.max_length


def frame_of(case: Case) -> Frame:
    """Return what must be in every row of a case."""
    forbidden = case.subject.control_ids
    own = Counter(number for number in harmless_ids(case) if number in forbidden)
    room = has_room(case)
    before: list[int] = []
    if room and case.subject.family not in LONGEST_FIRST:
        before = case.subject.before(case.query, case.instruction)
        before = before if surely_whole(case, before) else []
    return Frame(own, before, room)


def harmless_ids(case: Case) -> list[int]:
    """Return the ids of the same call with texts that mean nothing, blank where the case's are."""
    query, document = (text if not text.strip() else "a" for text in (case.query, case.document))
    told = case.instruction if case.instruction is None or not case.instruction.strip() else "a"
    return list(case.subject.rows(query, [document], told)[0].ids)


def named(found: Counter[int], names: dict[int, str]) -> dict[str, int]:
    return {names[number]: count for number, count in found.items()}
