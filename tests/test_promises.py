"""Every promise has a test, every mark names a promise, and the table says what the marks say."""

from __future__ import annotations

import promises
import pytest

PROOFS = promises.proofs()


@pytest.mark.parametrize("name", promises.names())
def test_every_promise_is_proved_by_a_test(name: str) -> None:
    assert PROOFS[name], f"{name} has no test: mark one with @pytest.mark.promise({name!r})"


def test_the_table_says_what_the_marks_say() -> None:
    assert promises.DOC.read_text(encoding="utf-8") == promises.table(), "run make readme"
