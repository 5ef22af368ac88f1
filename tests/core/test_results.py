"""How a ranking shows itself."""

from __future__ import annotations

import pytest

from rerank_plugins import RankedDocument
from rerank_plugins.core.results import Ranking, ranked


def documents(*scores: float) -> list[RankedDocument]:
    return [RankedDocument(index, score, f"text {index}") for index, score in enumerate(scores)]


@pytest.mark.promise("P11")
def test_equal_scores_keep_input_order() -> None:
    assert [found.index for found in ranked(documents(1, 2, 1, 2), top_n=None, threshold=None)] == [1, 3, 0, 2]


def test_negative_zero_and_zero_are_a_tie() -> None:
    assert [found.index for found in ranked(documents(-0.0, 0.0), top_n=None, threshold=None)] == [0, 1]


def test_html_shows_rank_move_and_score() -> None:
    html = ranked(documents(0.25, 0.75), top_n=None, threshold=None)._repr_html_()
    assert html.count("<tr>") == 3
    assert "0.7500" in html
    assert "&#9650; 1" in html
    assert "&#9660; 1" in html


def test_html_escapes_the_document() -> None:
    html = Ranking([RankedDocument(0, 1.0, "<script>alert(1)</script>", truncated=True)])._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert "(truncated)" in html


@pytest.mark.parametrize("ranking", [Ranking(), Ranking(documents(1.0))])
def test_html_of_few_documents_is_a_table(ranking: Ranking) -> None:
    assert ranking._repr_html_().startswith("<table>")


def test_a_ranking_reads_as_a_list_in_a_terminal() -> None:
    assert repr(Ranking(documents(1.0))) == repr(documents(1.0))
