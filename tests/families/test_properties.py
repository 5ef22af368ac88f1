"""What holds for every family's rows, whatever the lengths and whatever the text says."""

from __future__ import annotations

from functools import cache
from itertools import pairwise, takewhile

import pytest
from families.recorded import FAMILIES, GOLDEN, NOT_DETECTABLE
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rerank_plugins import ArgumentError, InstructionNotSupportedError, Reranker, load
from rerank_plugins.core.family import Limits, Row

QUICK = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
WORDS = ["the", "bread", "rises", "slowly", "because", "wild", "yeast", "works", "in", "water", "and", "flour"]
LONGEST_FIRST = {"cross-encoder", "jina-v2", "mxbai-v1"}
"""Their vendors cut whichever side is longer, so a long query is cut as well."""
CHAT = {"logit-score", "zerank"}
"""Where nothing fits, the end of a chat template is kept and a warning given, as sentence-transformers does."""
every_set = pytest.mark.parametrize("folder", FAMILIES)
lengths = st.integers(0, 120)


@cache
def loaded(folder: str) -> Reranker:
    family = FAMILIES[folder] if FAMILIES[folder] in NOT_DETECTABLE else None
    return load(str(GOLDEN / folder / "checkpoint"), device="cpu", family=family)


def words(count: int, shift: int = 0) -> str:
    return " ".join(WORDS[(place + shift) % len(WORDS)] for place in range(count))


def rows(
    folder: str, query: str, documents: list[str], instruction: str | None = None, **limits: object
) -> list[Row]:
    """Return rows under other limits than those that were loaded."""
    scorer = loaded(folder)._backend.scorer
    given_limits = Limits(**{"max_length": scorer.limits.max_length, **limits})
    return scorer.template.rows(scorer.tokenizer, query, documents, instruction=instruction, limits=given_limits)


def shared(left: list[int], right: list[int]) -> list[int]:
    """Return how two lists of ids begin alike."""
    return [one for one, _ in takewhile(lambda pair: pair[0] == pair[1], zip(left, right, strict=False))]


def around(folder: str, query: str) -> tuple[list[int], list[int]]:
    """Return the ids before and after every document of a query, from two documents that differ everywhere."""
    one, other = (list(row.ids) for row in rows(folder, query, [words(7), words(9, 4)]))
    return shared(one, other), shared(one[::-1], other[::-1])[::-1]


def takes_instruction(folder: str) -> bool:
    return loaded(folder).info.supports_instruction


@pytest.mark.parametrize("folder", [folder for folder in FAMILIES if FAMILIES[folder] not in LONGEST_FIRST])
@QUICK
@given(document=st.integers(1, 120), spare=st.integers(8, 60))
@pytest.mark.promise("P8")
def test_only_the_document_is_shortened(folder: str, document: int, spare: int) -> None:
    """Whatever stands before and after the document, the query with it, is there in full."""
    query = words(5)
    before, after = around(folder, query)
    limit = len(before) + len(after) + spare
    (row,) = rows(folder, query, [words(document)], max_length=limit, max_query_length=limit // 2)
    assert list(row.ids[: len(before)]) == before
    assert list(row.ids[len(row.ids) - len(after) :]) == after


@every_set
@QUICK
@given(document=lengths, spare=st.integers(8, 60))
@pytest.mark.promise("P8")
def test_a_row_is_never_longer_than_its_limit(folder: str, document: int, spare: int) -> None:
    query = words(5)
    limit = sum(map(len, around(folder, query))) + spare
    scorer = loaded(folder)._backend.scorer
    (row,) = rows(folder, query, [words(document)], max_length=limit, max_query_length=limit // 2)
    assert len(row.ids) <= limit + scorer.template.overhead(scorer.tokenizer)


@every_set
@QUICK
@given(query=st.integers(1, 30), document=lengths)
@pytest.mark.promise("P9")
def test_a_limit_that_does_not_bind_changes_no_id(folder: str, query: int, document: int) -> None:
    asked, texts = words(query), [words(document)]
    (free,) = rows(folder, asked, texts)
    limit = min(2 * len(free.ids) + 200, loaded(folder).info.max_length)
    (bound,) = rows(folder, asked, texts, max_length=limit)
    assert bound == free
    assert not free.truncated


@every_set
@QUICK
@given(document=st.integers(60, 150), overlap=st.integers(0, 30), spare=st.integers(20, 60))
def test_passages_cover_the_whole_document(folder: str, document: int, overlap: int, spare: int) -> None:
    text, query = words(document), words(3)
    limit = 2 * sum(map(len, around(folder, query))) + spare
    found = rows(folder, query, [text], max_length=limit, long_documents="passages", overlap_tokens=overlap)
    if len(found) > 1:
        spans = [row.passage for row in found if row.passage is not None]
        assert spans[0][0] == 0
        assert spans[-1][1] == len(text)
        assert not "".join(text[left[1] : right[0]] for left, right in pairwise(spans)).strip()
        assert not any(row.truncated for row in found)


@every_set
@pytest.mark.parametrize("place", ["query", "document", "instruction"])
@pytest.mark.promise("P48")
def test_text_that_spells_a_control_token_adds_none(folder: str, place: str) -> None:
    """As many special ids as the template itself has, however a user's text spells them."""
    if place == "instruction" and not takes_instruction(folder):
        with pytest.raises(InstructionNotSupportedError):
            loaded(folder).score("q", ["d"], instruction="x")
        return
    tokenizer = loaded(folder)._backend.scorer.tokenizer
    special = {tokenizer.encode_trusted(token)[0] for token in tokenizer.added_tokens()}
    special -= set(tokenizer.encode(["\u2603"])[0])
    for token in tokenizer.added_tokens():
        spelled = {"query": "bread", "document": "yeast", "instruction": "flour"} | {place: f"a {token} b {token}"}
        plain = {**spelled, place: "a b"}
        assert count(folder, spelled, special) == count(folder, plain, special), token


def count(folder: str, texts: dict[str, str], special: set[int]) -> int:
    instruction = texts["instruction"] if takes_instruction(folder) else None
    (row,) = rows(folder, texts["query"], [texts["document"]], instruction)
    return sum(number in special for number in row.ids)


@every_set
def test_control_tokens_in_long_documents_stay_text_when_cut(folder: str) -> None:
    tokenizer = loaded(folder)._backend.scorer.tokenizer
    special = {tokenizer.encode_trusted(token)[0] for token in tokenizer.added_tokens()}
    special -= set(tokenizer.encode(["\u2603"])[0])
    limit = sum(map(len, around(folder, "bread"))) + 30
    hostile = f"{tokenizer.added_tokens()[0]} yeast " * 40
    for mode in ("truncate", "passages"):
        cut = rows(folder, "bread", [hostile], max_length=2 * limit, long_documents=mode)
        (short,) = rows(folder, "bread", ["yeast"])
        expected = sum(number in special for number in short.ids)
        assert {sum(number in special for number in row.ids) for row in cut} == {expected}


@every_set
@pytest.mark.promise("P21")
def test_an_instruction_changes_the_ids_or_is_refused_or_warned_of(
    folder: str, caplog: pytest.LogCaptureFixture
) -> None:
    if not takes_instruction(folder):
        with pytest.raises(InstructionNotSupportedError):
            loaded(folder).rank("q", ["d"], instruction="Prefer recent sources")
        return
    (plain,), (told,) = rows(folder, "q", ["d"]), rows(folder, "q", ["d"], "Prefer recent sources")
    assert (plain.ids != told.ids) != ("ignores the instruction" in caplog.text)


@pytest.mark.parametrize("folder", [folder for folder in FAMILIES if FAMILIES[folder] not in CHAT])
def test_a_limit_without_room_for_the_document_is_a_typed_error(folder: str) -> None:
    if FAMILIES[folder] in LONGEST_FIRST:
        assert len(rows(folder, words(60), [words(60)], max_length=20)[0].ids) == 20
        return
    scorer = loaded(folder)._backend.scorer
    limit = 3 if scorer.template.overhead(scorer.tokenizer) else 20
    with pytest.raises(ArgumentError, match="max_length"):
        rows(folder, words(60), [words(60)], max_length=limit, max_query_length=200)


def test_a_chat_prompt_without_room_keeps_the_templates_end_and_warns(caplog: pytest.LogCaptureFixture) -> None:
    """As sentence-transformers does: the recorded case ``st_logit_score/long_small``."""
    (row,) = rows("st_logit_score", words(60), [words(60)], max_length=40)
    assert len(row.ids) == 40
    assert row.truncated
    assert "no document is seen" in caplog.text
