"""docs/injection.md says what was measured, and control tokens in a document are read as their letters."""

from __future__ import annotations

import json

import pytest
from tokenizers import Tokenizer

from benchmarks.attacks import ATTACKS, QUESTIONS
from benchmarks.injection import RESULT, ROOT, TINY, added_control_ids, attacked, row_ids, tiny, tokens_of
from benchmarks.injection_tables import PAGE, filled
from rerank_plugins import families, load

CONTROL = [attack for attack in ATTACKS if attack.kind == "control"]
FOUND = json.loads(RESULT.read_text(encoding="utf-8"))


def without_control_tokens(family: str) -> Tokenizer:
    """Return the tokenizers library's own tokenizer from a file that spells no control token."""
    spec = json.loads((ROOT / "tests/golden" / TINY[family] / "checkpoint/tokenizer.json").read_text())
    names = {entry["content"]: chr(0xE100 + place) * 3 for place, entry in enumerate(spec["added_tokens"])}
    model = spec["model"]
    pairs = model["vocab"].items() if isinstance(model["vocab"], dict) else model["vocab"]
    renamed = [(names.get(piece, piece), value) for piece, value in pairs]
    model["vocab"] = dict(renamed) if isinstance(model["vocab"], dict) else renamed
    if model.get("unk_token"):
        model["unk_token"] = names.get(model["unk_token"], model["unk_token"])
    spec.update(added_tokens=[], post_processor=None, truncation=None, padding=None)
    return Tokenizer.from_str(json.dumps(spec))


@pytest.mark.promise("P49")
def test_the_page_is_what_the_result_file_gives() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert filled(page, FOUND) == page


@pytest.mark.promise("P49")
def test_every_family_and_enough_attacks_were_measured() -> None:
    assert {family.name for family in families()} - {"bi-encoder"} == set(FOUND["tiny"])
    assert len(FOUND["embedded"]) == len(ATTACKS) >= 15
    assert [row["attack"] for row in FOUND["embedded"]] == [attack.name for attack in ATTACKS]


@pytest.mark.promise("P48", "P49")
@pytest.mark.parametrize("family", TINY)
def test_a_control_token_in_a_document_moves_a_score_no_more_than_its_letters(family: str) -> None:
    """The model reads the ids that a tokenizer without control tokens gives, so the shift is the same."""
    letters = without_control_tokens(family)
    directory = str(ROOT / "tests/golden" / TINY[family] / "checkpoint")
    with load(directory, device="cpu", family=family, max_length=480) as reranker:
        for attack in CONTROL:
            query, document = attacked(attack, QUESTIONS[0], tokens_of(reranker))
            expected = letters.encode(f"a {document} a", add_special_tokens=False).ids[4:-4]
            ids = row_ids(reranker, query, f"a {document} a")
            assert any(ids[at : at + len(expected)] == expected for at in range(len(ids))), attack.name
            assert added_control_ids(reranker, attack, QUESTIONS[0]) == 0


@pytest.mark.promise("P49")
def test_the_measurement_gives_the_published_numbers_again() -> None:
    again = {row["attack"]: row["mean_shift"] for row in tiny("qwen3")}
    published = {row["attack"]: row["mean_shift"] for row in FOUND["tiny"]["qwen3"]}
    assert again == pytest.approx(published, abs=2e-3)
