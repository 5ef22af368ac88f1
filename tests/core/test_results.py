"""How a ranking shows itself."""

from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis.strategies import integers, text

from rerank_plugins import RankedDocument
from rerank_plugins.core.excerpts import excerpt
from rerank_plugins.core.results import Ranking, ranked

text_with_spaces = text("ab \n", max_size=900)


def documents(*scores: float) -> list[RankedDocument]:
    return [RankedDocument(index, score, f"text {index}") for index, score in enumerate(scores)]


@pytest.mark.promise("P11")
def test_equal_scores_keep_input_order() -> None:
    assert [found.index for found in ranked(documents(1, 2, 1, 2), top_n=None, threshold=None)] == [1, 3, 0, 2]


def test_negative_zero_and_zero_are_a_tie() -> None:
    assert [found.index for found in ranked(documents(-0.0, 0.0), top_n=None, threshold=None)] == [0, 1]


def html_of(*found: RankedDocument) -> str:
    return Ranking(found)._repr_html_()


def cells(html: str) -> list[str]:
    """Return what a reader sees of each cell."""
    written = re.findall(r"<td[^>]*>(.*?)</td>", html, flags=re.DOTALL)
    return [unescape(re.sub(r"<[^>]*>", "", cell)) for cell in written]


def bars(html: str) -> list[tuple[float, float]]:
    """Return where each bar begins, and how wide it is, in percent."""
    return [(float(left), float(width)) for left, width in re.findall(r"left:([\d.]+)%;width:([\d.]+)%", html)]


def test_html_shows_rank_move_and_score() -> None:
    html = ranked(documents(0.25, 0.75), top_n=None, threshold=None)._repr_html_()
    assert cells(html) == ["1", "▲ 1", "0.7500", "text 1", "2", "▼ 1", "0.2500", "text 0"]


def test_html_says_from_which_place_a_document_moved() -> None:
    assert 'title="up from place 8"' in html_of(RankedDocument(7, 1.0, "text"))


def test_html_escapes_the_document() -> None:
    html = html_of(RankedDocument(0, 1.0, "<script>alert(1)</script>"))
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_html_escapes_the_passage_and_what_is_around_it() -> None:
    html = html_of(RankedDocument(0, 1.0, "<a><b><i>", passage=(3, 6)))
    assert "&lt;a&gt;<mark" in html
    assert ">&lt;b&gt;</mark>&lt;i&gt;<" in html


def test_html_tells_a_truncated_document() -> None:
    assert "truncated" in html_of(RankedDocument(0, 1.0, "text", truncated=True))
    assert "truncated" not in html_of(RankedDocument(0, 1.0, "text"))


def test_html_brings_no_colours_but_those_of_the_mark() -> None:
    html = html_of(*documents(-1.0, 1.0), RankedDocument(2, 0.0, "some text", passage=(0, 4)))
    assert re.findall(r"#[0-9a-f]{6}", html) == ["#ffe08a", "#1a1a1a"]
    assert set(re.findall(r"background:([^;\"]+)", html)) == {"currentColor", "#ffe08a"}


def test_html_bars_begin_at_zero_on_the_side_of_the_sign() -> None:
    assert bars(html_of(*documents(3.0, -1.0))) == [(25.0, 75.0), (0.0, 25.0)]


def test_html_bars_of_positive_scores_begin_at_zero_on_the_left() -> None:
    assert bars(html_of(*documents(4.0, 1.0))) == [(0.0, 100.0), (0.0, 25.0)]


def test_html_bars_of_negative_scores_end_at_zero_on_the_right() -> None:
    assert bars(html_of(*documents(-1.0, -4.0))) == [(75.0, 25.0), (0.0, 100.0)]


def test_html_of_zeros_has_no_bars() -> None:
    assert bars(html_of(*documents(0.0, 0.0))) == []


def test_html_caps_the_rows_and_counts_the_others() -> None:
    html = html_of(*documents(*range(1_051, 0, -1)))
    assert html.count("<tr>") == 51
    assert "… and 1,001 more" in html


def test_html_of_fifty_documents_counts_no_others() -> None:
    assert "more" not in html_of(*documents(*range(50, 0, -1)))


def test_html_of_an_empty_ranking_says_so() -> None:
    assert html_of() == "<p>Ranking of 0 documents</p>"


def test_html_keeps_no_characters_that_a_page_cannot_hold() -> None:
    html = html_of(RankedDocument(0, 1.0, "a\ud800b\x00c\nd"))
    assert cells(html)[3] == "a\ufffdb\ufffdc\nd"
    html.encode()


def test_a_long_text_is_cut_after_a_word() -> None:
    shown = cells(html_of(RankedDocument(0, 1.0, "word " * 100)))[3]
    assert shown == ("word " * 48).rstrip() + " …"


def test_a_long_text_without_spaces_is_cut_where_the_room_ends() -> None:
    assert cells(html_of(RankedDocument(0, 1.0, "字" * 1000)))[3] == "字" * 240 + " …"


def test_a_passage_in_the_middle_is_marked_between_ellipses() -> None:
    text = "before " * 100 + "the passage" + " after" * 100
    html = html_of(RankedDocument(0, 1.0, text, passage=(700, 711)))
    shown = cells(html)[3]
    assert ">the passage</mark>" in html
    assert shown.startswith("… before before")
    assert "after after …best passage: characters 700 to 711 of 1,311" in shown


def test_a_passage_that_is_too_long_is_shown_from_its_beginning() -> None:
    text = "before " * 100 + "passage " * 100
    html = html_of(RankedDocument(0, 1.0, text, passage=(700, 1500)))
    assert re.search(r"… before before before before before <mark[^>]*>passage passage", html)
    assert re.search(r"passage</mark> …", html)


def test_a_passage_that_just_fits_is_shown_whole() -> None:
    passage = "two words " * 23 + "and seven"
    found = excerpt("before " * 9 + passage + "!!! after" * 9, (63, 63 + len(passage)), room=240)
    assert found.passage == passage


def test_a_passage_beyond_the_text_marks_nothing() -> None:
    assert "<mark" not in html_of(RankedDocument(0, 1.0, "short", passage=(90, 99)))


@given(text=text_with_spaces, start=integers(0, 900), length=integers(1, 900), room=integers(80, 300))
def test_an_excerpt_is_a_part_of_the_text_and_of_the_passage(
    text: str, start: int, length: int, room: int
) -> None:
    passage = (min(start, len(text)), min(start + length, len(text)))
    found = excerpt(text, passage, room)
    shown = found.before + found.passage + found.after
    assert shown in text
    assert len(shown) <= room
    assert found.passage in text[slice(*passage)]
    assert bool(found.passage) == (passage[0] < passage[1])
    if passage[1] - passage[0] <= room:
        assert found.passage == text[slice(*passage)]
    assert (len(shown) == len(text)) == (not found.cut_before and not found.cut_after)


def test_a_ranking_reads_as_one_line_a_document_in_a_terminal() -> None:
    found = Ranking([RankedDocument(1, 0.75, "best"), RankedDocument(0, -11.5, "two\nlines", truncated=True)])
    assert repr(found).splitlines() == [
        "Ranking of 2 documents",
        "   1    +1     0.7500  best",
        "   2    -1   -11.5000  two lines (truncated)",
    ]


def test_a_long_ranking_of_long_texts_is_short_in_a_terminal() -> None:
    found = Ranking([RankedDocument(at, 1.0, "word " * 10_000) for at in range(60)])
    lines = repr(found).splitlines()
    assert (len(lines), lines[0], lines[-1]) == (52, "Ranking of 60 documents", "... and 10 more")
    assert max(map(len, lines)) <= 110


def test_a_terminal_gets_no_commands_from_a_document() -> None:
    assert "\x1b" not in repr(Ranking([RankedDocument(0, 1.0, "\x1b[31mred\x07")]))


@pytest.mark.parametrize(
    ("score", "shown"),
    [(0.5, "0.5000"), (-0.0, "0.0000"), (1.23e-5, "1.2e-05"), (-2.5e8, "-2.5e+08"), (-12.34567, "-12.3457")],
)
def test_a_score_is_short_but_never_lost(score: float, shown: str) -> None:
    assert cells(html_of(RankedDocument(0, score, "text")))[2] == shown


def test_a_ranking_is_a_list_in_everything_else() -> None:
    found = Ranking(documents(1.0, 0.5))
    assert found == documents(1.0, 0.5)
    assert repr(found[0]) == "RankedDocument(index=0, score=1.0, text='text 0', truncated=False, passage=None)"
    assert repr(found[:1]) == f"[{found[0]!r}]"
