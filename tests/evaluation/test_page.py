"""The report: one page that needs nothing else, with every text of the user escaped."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from io import StringIO
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from rich.console import Console
from toys import harmful, indifferent, perfect, query, toy_data

from rerank_plugins import evaluate
from rerank_plugins.evaluation import Dataset, tables
from rerank_plugins.evaluation.page import page
from rerank_plugins.evaluation.plots import MOST_BARS, change_by_query
from rerank_plugins.evaluation.svg import across, upwards

if TYPE_CHECKING:
    from pathlib import Path

ATTACK = '<script>alert("x")</script>&[bold]'
VOID = {"meta", "br"}


class Strict(HTMLParser):
    """Collects tags and attributes, and fails where an element is not closed by its own end."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def attacked() -> Dataset:
    documents = {"c": "wrong", "b": "right", "a": "wrong"}
    asked = query(ATTACK, documents, {"b": 1})
    return Dataset(ATTACK, (asked, *toy_data(2).queries), notes=(ATTACK,))


def parsed(text: str) -> Strict:
    reader = Strict()
    reader.feed(text)
    reader.close()
    assert reader.open == []
    return reader


def test_the_page_parses_and_every_text_of_the_user_is_escaped() -> None:
    text = page(evaluate(attacked(), [(ATTACK, perfect()), (f"{ATTACK}2", harmful())]))
    assert "script" not in parsed(text).tags
    assert text.count("&lt;script&gt;") >= 7  # title twice, label, verdict, table, query, note
    assert "<script" not in text


def test_the_page_refers_to_nothing_outside_itself() -> None:
    reader = parsed(page(evaluate(toy_data(), [("good", perfect()), ("bad", harmful())])))
    assert not {"script", "link", "img", "iframe", "object", "image", "use"} & set(reader.tags)
    assert not {name for name, _ in reader.attributes} & {"src", "href", "srcset", "xlink:href", "action"}
    assert not [value for _, value in reader.attributes if value is not None and "http" in value]
    policy = [value for name, value in reader.attributes if name == "content" and "default-src" in value]
    assert policy == ["default-src 'none'; style-src 'unsafe-inline'"]


def test_the_style_loads_nothing() -> None:
    text = page(evaluate(toy_data(), [("good", perfect())]))
    style = re.search(r"<style>(.*?)</style>", text, flags=re.DOTALL).group(1)
    assert "url(" not in style
    assert "@import" not in style


def test_every_plot_is_well_formed_and_is_named_for_screen_readers() -> None:
    text = page(evaluate(attacked(), [("good", perfect())]))
    plots = re.findall(r"<svg.*?</svg>", text, flags=re.DOTALL)
    labels = [ET.fromstring(plot).get("aria-label") for plot in plots]  # noqa: S314 - our own
    assert labels == [
        "nDCG@10 against time per query",
        "Change of nDCG@10 by query",
        "Scores of relevant and of other documents",
    ]


def test_what_hurts_stands_at_the_top_and_is_marked() -> None:
    text = page(evaluate(toy_data(), [("bad", harmful())]))
    assert re.search(r'</h1><p class="worse">Reranking with bad made nDCG@10 worse', text)
    assert "Hurt most" in text
    assert "Helped most" not in text


def test_two_models_are_compared_with_each_other_and_one_is_not() -> None:
    models = [("good", perfect()), ("bad", harmful())]
    assert "2 instead of 1</td><td>-0.500</td>" in page(evaluate(toy_data(), models))
    assert "instead of" not in page(evaluate(toy_data(), models[:1]))


def test_the_rules_are_stated() -> None:
    text = page(evaluate(toy_data(), [("good", perfect())], depth=2))
    for rule in (
        "Equal scores keep the order",
        "counts as 0",
        "permutation test",
        "first 2 candidates",
        "highest F1",
    ):
        assert rule in text


@pytest.mark.parametrize("data", [toy_data(1), Dataset("d", (query("q", {}, {"a": 1}),))])
def test_a_page_of_next_to_nothing_parses(data: Dataset, tmp_path: Path) -> None:
    evaluate(data, [("same", indifferent())]).write_html(tmp_path / "page.html")
    assert "h1" in parsed((tmp_path / "page.html").read_text(encoding="utf-8")).tags


def test_a_bar_for_each_query_that_changed_and_never_more_than_fit() -> None:
    assert change_by_query([0.5, 0, -0.25], "nDCG@10").count("<rect") == 2
    many = change_by_query([place / 10_000 for place in range(1, 2001)], "nDCG@10")
    assert many.count("<rect") == MOST_BARS
    assert "+0.200" in many
    assert "+0.000" in many


@pytest.mark.parametrize("scale", [across(0.5, 9000, logarithmic=True), across(3, 3.001), upwards(-1, 1)])
def test_marks_lie_on_the_scale_and_there_are_a_few(scale: object) -> None:
    ticks = scale.ticks()
    assert 2 <= len(ticks) <= 12
    assert all(scale.low <= value <= scale.high for value in ticks)


def test_the_table_shows_labels_as_they_are_and_fits_a_terminal() -> None:
    console = Console(width=80, record=True, file=StringIO())
    console.print(tables(evaluate(attacked(), [("m[bold]x", harmful())])))
    text = console.export_text()
    assert "Reranking with m[bold]x made nDCG@10 worse" in text
    assert re.search(r"baseline +0\.631 +0\.500 +1\.000 +0\.500", text)
    assert re.search(r"m\[bold\]x +0\.500 +0\.333 +1\.000 +0\.333 +-0\.131 +0\.250 +0/3/0", text)
    assert re.search(r"best possible +1\.000", text)
