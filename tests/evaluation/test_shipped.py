"""The set that is shipped as an example, and the page that says how to use it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.main import get_command

from rerank_plugins.cli import app
from rerank_plugins.evaluation import read_beir
from rerank_plugins.evaluation.measures import means
from rerank_plugins.evaluation.measuring import baseline_quality, best_quality

ROOT = Path(__file__).parents[2]
HOME = ROOT / "examples/data/python_questions"
PAGE = (ROOT / "docs/evaluate.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("row", "quality"), [("baseline", baseline_quality), ("best possible", best_quality)])
def test_the_output_on_the_page_is_that_of_the_shipped_set(row: str, quality: object) -> None:
    found = means(quality(read_beir(HOME, run=HOME / "bm25.run").judged, 10))
    shown = re.search(rf"(?m)^{row} +(.*\d)$", PAGE).group(1).split()
    assert shown == [f"{value:.3f}" for value in found.values()]


def test_the_shipped_set_is_small_and_names_its_licence() -> None:
    assert sum(path.stat().st_size for path in HOME.rglob("*.*")) < 1_000_000
    assert "PSF License" in (HOME / "README.md").read_text(encoding="utf-8")


def test_every_option_on_the_page_exists() -> None:
    known = {name for one in get_command(app).commands["evaluate"].params for name in one.opts}
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", PAGE))
    assert len(named) >= 10
    assert named <= known
