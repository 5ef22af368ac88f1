"""What the README says is what the code does."""

from __future__ import annotations

import re

import pytest
import readme_table

from rerank_plugins import families


def test_the_families_table_is_the_code() -> None:
    assert readme_table.current() == readme_table.table(), "run: make readme"


@pytest.mark.parametrize("family", families(), ids=lambda family: family.name)
def test_every_family_says_what_a_user_must_know(family: object) -> None:
    assert family.license
    assert family.source
    assert family.models or family.name in {"bi-encoder", "logit-score"}


def test_every_make_target_of_the_readme_exists() -> None:
    makefile = (readme_table.README.parent / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, flags=re.MULTILINE))
    named = set(re.findall(r"`make ([a-z-]+)", readme_table.README.read_text(encoding="utf-8")))
    assert named
    assert named <= targets
