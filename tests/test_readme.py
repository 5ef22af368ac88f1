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


def feature_rows() -> list[list[str]]:
    """Return the cells of the table that compares adapters, without its two lines of head."""
    part = readme_table.current("features")
    return [line.strip("| ").split(" | ") for line in part.splitlines() if line.startswith("| ")][2:]


@pytest.mark.parametrize("row", feature_rows(), ids=lambda row: row[0])
def test_every_feature_of_ours_names_a_test_that_exists(row: list[str]) -> None:
    named = re.findall(r'\((tests/[\w/]+\.py) "(test_\w+)"\)', row[1])
    assert named
    for path, test in named:
        assert f"def {test}(" in (readme_table.ROOT / path).read_text(encoding="utf-8")


@pytest.mark.parametrize("row", feature_rows(), ids=lambda row: row[0])
def test_every_cell_about_others_links_to_their_source(row: list[str]) -> None:
    sources = re.findall(r"(?m)^\[([\w-]+)\]: https://\S+$", readme_table.current("features"))
    assert len(row) == 2 + len(sources)
    assert [re.fullmatch(r"\[[^\]]+\]\[([\w-]+)\]", cell).group(1) for cell in row[2:]] == sources


def test_the_table_of_dialects_says_what_they_do() -> None:
    from rerank_plugins.core.remote.dialects import DIALECTS

    text = readme_table.README.read_text(encoding="utf-8")
    for one in DIALECTS:
        instructed = "yes" if one.instructed else "no"
        raw = "yes" if one.gives_logits else "no"
        assert f'| `"{one.name}"` | {instructed} | {raw} | {one.model_name} | `{one.key_variable}` |' in text
