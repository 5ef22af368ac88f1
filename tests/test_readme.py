"""What the README says is what the code does."""

from __future__ import annotations

import re

import pytest
import readme_table

import rerank_plugins
from rerank_plugins import families


@pytest.mark.parametrize("name", readme_table.PARTS)
def test_generated_parts_are_up_to_date(name: str) -> None:
    assert readme_table.current(name) == readme_table.PARTS[name](), "run: make readme"


@pytest.mark.parametrize("family", families(), ids=lambda family: family.name)
def test_every_family_says_what_a_user_must_know(family: object) -> None:
    assert family.license
    assert family.source
    assert family.models or family.name in {"bi-encoder", "logit-score"}


def test_every_make_target_of_the_readme_exists() -> None:
    makefile = (readme_table.ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, flags=re.MULTILINE))
    named = set(re.findall(r"`make ([a-z-]+)", readme_table.README.read_text(encoding="utf-8")))
    assert named
    assert named <= targets


def test_the_demo_of_the_readme_gained_and_agreed() -> None:
    for name in ("demo.json", "demo-no-cache.json"):
        run = readme_table.results(name)
        assert run["quality"]["reranked"]["mrr@10"] > run["quality"]["first_stage"]["mrr@10"]
        assert run["identical_scores"]


def test_the_changelog_knows_this_version() -> None:
    changelog = (readme_table.ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert "## [Unreleased]" in changelog or f"## [{rerank_plugins.__version__}]" in changelog
