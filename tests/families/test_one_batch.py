"""However many documents a call has, query and prompt are tokenized once, and the documents in one batch."""

from __future__ import annotations

from typing import Any

import pytest
from families.test_properties import every_set, loaded, rows, words


class Counting:
    """A tokenizer that notes how many texts each of its calls gets."""

    def __init__(self, tokenizer: Any, calls: list[int]) -> None:
        self._tokenizer = tokenizer
        self._calls = calls

    def encode(self, *texts: str, add_special_tokens: bool = True) -> Any:
        self._calls.append(1)
        return self._tokenizer.encode(*texts, add_special_tokens=add_special_tokens)

    def encode_batch_fast(self, texts: list[str], *, add_special_tokens: bool = True) -> Any:
        self._calls.append(len(texts))
        return self._tokenizer.encode_batch_fast(texts, add_special_tokens=add_special_tokens)

    def token_to_id(self, token: str) -> int | None:
        return self._tokenizer.token_to_id(token)


def calls_for(folder: str, count: int, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    tokenizer, calls = loaded(folder)._backend.scorer.tokenizer, []
    with monkeypatch.context() as patch:
        for name in ("_plain", "_trusted"):
            patch.setattr(tokenizer, name, Counting(getattr(tokenizer, name), calls))
        rows(folder, words(5), [words(8, place) for place in range(count)])
    return calls


@every_set
def test_more_documents_make_one_batch_larger_and_nothing_else(
    folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    few, many = calls_for(folder, 10, monkeypatch), calls_for(folder, 60, monkeypatch)
    assert len(few) == len(many)
    assert [after - before for before, after in zip(few, many, strict=True) if after != before] == [50]


@every_set
@pytest.mark.promise("P7", "P10")
def test_a_row_does_not_depend_on_the_documents_beside_it(folder: str) -> None:
    token = loaded(folder)._backend.scorer.tokenizer.added_tokens()[0]
    documents = [words(9), f"a {token} b", "", words(30, 3), f"{token}", words(2)]
    together = rows(folder, words(5), documents)
    alone = [rows(folder, words(5), [document])[0] for document in documents]
    assert [row.ids for row in together] == [row.ids for row in alone]
