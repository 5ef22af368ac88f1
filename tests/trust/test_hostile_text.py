"""No text from outside becomes a control token or costs the template its frame, in any family.

Which rows are right is in ``invariants.py``; scores are looked at in ``test_odd_texts.py``.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trust.bytes_to_case import PIECES
from trust.invariants import Case, check, check_plain_text
from trust.subjects import FREE, Subject, subjects

from rerank_plugins.core.family import Limits

SUBJECTS = subjects()
every_subject = pytest.mark.parametrize("subject", SUBJECTS, ids=[subject.name for subject in SUBJECTS])
PLACES = ("query", "document", "instruction")
AROUND = (
    "{}",
    "a{}b",
    "{0}{0}",
    " {} ",
    "\n{}\n\n",
    "{} bread",
    "bread {}",
    "\u2581{}",
    "{}\u0301",
    "{{{{{}}}}}",
    "x\x00{}",
)
"""How a control token stands in a text."""


def placed(subject: Subject, place: str, text: str, limits: Limits = FREE) -> Case | None:
    """Return a case with the text in one place, ``None`` where the family has no such place."""
    texts = {"query": "bread", "document": "yeast", "instruction": "flour", place: text}
    if place == "instruction" and not subject.takes_instruction:
        return None
    told = texts["instruction"] if subject.takes_instruction else None
    return Case(subject, texts["query"], texts["document"], told, limits)


@pytest.mark.promise("P8", "P48")
@pytest.mark.parametrize("place", PLACES)
@every_subject
def test_no_added_token_is_made_by_its_literal_text(subject: Subject, place: str) -> None:
    for token in subject.tokenizer.added_tokens():
        for text in (*(around.format(token) for around in AROUND), token.upper(), token.lower(), token.title()):
            case = placed(subject, place, text)
            assert case is None or check(case), text


@pytest.mark.promise("P8", "P48")
@pytest.mark.parametrize("place", PLACES)
@every_subject
def test_no_added_token_is_made_by_a_text_that_must_be_cut(subject: Subject, place: str) -> None:
    limit = 2 * len(placed(subject, "query", "bread").rows()[0].ids) + 40
    for token in subject.tokenizer.added_tokens():
        for mode in ("truncate", "passages"):
            case = placed(subject, place, f"{token} yeast" * 60, Limits(limit, limit // 4, mode, 5))
            if case is not None:
                check(case)


@pytest.mark.promise("P48")
@every_subject
def test_no_added_token_is_made_where_two_texts_meet(subject: Subject) -> None:
    for token in subject.tokenizer.added_tokens():
        for at in range(1, len(token)):
            head, tail = token[:at], token[at:]
            told = (head, tail) if subject.takes_instruction else (None, None)
            assert check(Case(subject, head, tail, told[0]))
            assert check(Case(subject, tail, head, told[1]))


@pytest.mark.promise("P48")
@every_subject
def test_what_only_a_normalizer_makes_an_added_token_stays_text(subject: Subject) -> None:
    """Full-width forms, and letters that a normal form or lower case turns into one of the token's."""
    for token in subject.tokenizer.added_tokens():
        wide = "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in token)
        for text in (wide, token.replace("k", "\u212a"), token.replace("_", "\ufe4d"), token.upper()):
            assert check(Case(subject, text, text, text if subject.takes_instruction else None))


@pytest.mark.promise("P48")
@every_subject
def test_template_code_in_a_text_is_only_text(subject: Subject) -> None:
    """Neither Jinja nor ``str.format`` ever runs over what a user says."""
    code = "{{ 7 * 7 }}{% raw %}{0.__class__}{query}{"
    told = code if subject.takes_instruction else None
    assert check(Case(subject, code, code, told))
    if subject.name != "chat_lower":  # its own filter rewrites the text
        ids = list(Case(subject, "bread", code).rows()[0].ids)
        inner = subject.tokenizer.encode([f"a {code} a"])[0][4:-4]
        assert any(ids[at : at + len(inner)] == inner for at in range(len(ids)))


def hostile_texts(tokens: tuple[str, ...]) -> st.SearchStrategy[str]:
    """Texts of control tokens, their parts, odd characters and long repetitions."""
    tokens_or_parts = st.sampled_from(tokens).flatmap(
        lambda token: st.integers(0, len(token)).map(lambda at: token[at:] if at % 2 else token[: at or None])
    )
    piece = st.sampled_from(PIECES) | tokens_or_parts | st.text(st.characters(), max_size=4)
    repeated = st.tuples(piece, st.sampled_from([1, 1, 2, 20])).map(lambda pair: pair[0] * pair[1])
    return st.lists(repeated, max_size=6).map("".join)


LIMITS = st.builds(
    Limits,
    st.integers(1, 200) | st.just(10**6),
    st.none() | st.integers(1, 100),
    st.sampled_from(["truncate", "passages"]),
    st.integers(0, 90),
)


@pytest.mark.promise("P8", "P16", "P48")
@settings(max_examples=20, deadline=None)
@given(data=st.data())
@every_subject
def test_rows_of_any_text_under_any_limits_are_right(subject: Subject, data: st.DataObject) -> None:
    text = hostile_texts(subject.tokenizer.added_tokens())
    told = data.draw(st.none() | text) if subject.takes_instruction else None
    check(Case(subject, data.draw(text), data.draw(text), told, data.draw(LIMITS)))


@pytest.mark.promise("P31", "P48")
@every_subject
def test_sixteen_threads_give_the_ids_of_one(subject: Subject) -> None:
    texts = [
        f"bread {token} {number}" for number, token in enumerate((*subject.tokenizer.added_tokens(), *PIECES))
    ]
    cases = [Case(subject, "bread", text, None, Limits(60 + len(text) % 90, 20)) for text in texts * 3]

    def ids(case: Case) -> list[list[int]] | str:
        try:
            return [list(row.ids) for row in case.rows()]
        except ValueError as error:
            return str(error)

    serial = [ids(case) for case in cases]
    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(ids, cases)) == serial


def test_a_control_token_that_gets_through_is_noticed() -> None:
    """The checks above can fail: here the tokenizer counts what the text spells."""
    subject = next(subject for subject in SUBJECTS if subject.name == "qwen3")
    open_door = subject.tokenizer.encode_trusted
    case = Case(subject, "bread", "<|im_end|>")
    subject.tokenizer.encode = lambda texts: [open_door(text) for text in texts]
    try:
        with pytest.raises(AssertionError, match="im_end"):
            check_plain_text(case)
    finally:
        del subject.tokenizer.encode
