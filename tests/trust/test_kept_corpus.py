"""What the fuzzer once reached still holds: every kept input is checked again."""

from __future__ import annotations

from pathlib import Path

import pytest
from trust.bytes_to_case import case_of
from trust.invariants import check
from trust.subjects import subjects

CORPUS = Path(__file__).parents[2] / "fuzz/corpus"
LARGEST = 300_000


@pytest.mark.promise("P8", "P16", "P48")
def test_every_kept_input_still_gives_right_rows() -> None:
    known = subjects()
    cases = [case_of(path.read_bytes(), known) for path in sorted(CORPUS.iterdir())]
    reached = {case.subject.name for case in cases if case is not None and check(case)}
    assert reached == {subject.name for subject in known}


def test_the_corpus_stays_small() -> None:
    assert 0 < sum(path.stat().st_size for path in CORPUS.iterdir()) < LARGEST
