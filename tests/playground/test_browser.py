"""The playground in a real browser, at a phone's and at a desk's width."""

from __future__ import annotations

import shutil
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn

from rerank_plugins.playground.app import playground

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rerank_plugins import Reranker

pytestmark = pytest.mark.browser
SIZES = [(390, 844), (1280, 900)]


@pytest.fixture(scope="module")
def address(rerankers: dict[str, Reranker]) -> Iterator[str]:
    """Serve both models on a free port."""
    server = uvicorn.Server(uvicorn.Config(playground(rerankers), port=0, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(timeout=10)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    driver = pytest.importorskip("playwright.sync_api", reason="make test-browser installs playwright")
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("there is no chromium on the path")
    options = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
    with driver.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=options)
        yield chromium
        chromium.close()


@pytest.fixture(params=SIZES, ids=lambda size: f"{size[0]}px")
def page(browser: Any, address: str, request: pytest.FixtureRequest) -> Iterator[Any]:
    """Open the page; whatever the browser complains of, or fetches from elsewhere, fails the test."""
    width, height = request.param
    page = browser.new_page(viewport={"width": width, "height": height})
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text) if is_complaint(message) else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda sent: None if sent.url.startswith(address) else wrong.append(sent.url))
    page.goto(address)
    page.wait_for_selector("#compare:not([disabled])")
    yield page
    page.close()
    assert wrong == []


def is_complaint(message: Any) -> bool:
    """A refused request is told by the page itself; the browser repeats it on its console."""
    return message.type in {"error", "warning"} and "status of 4" not in message.text


def compare(page: Any, **fields: str) -> None:
    for name, value in fields.items():
        element = page.locator(f"#{name.replace('_', '-')}")
        if element.evaluate("element => element.tagName") == "SELECT":
            element.select_option(label=value)
        else:
            element.fill(value)
    page.click("#compare")
    page.wait_for_selector("#compare:not([disabled])")


def texts(page: Any, side: str) -> list[str]:
    return page.locator(f".column:{side}-child .words").all_text_contents()


def test_the_first_click_moves_documents(page: Any) -> None:
    compare(page, left_model="The order given", right_model="plain")
    assert texts(page, "first")[0].startswith("Our headsets come in black")
    assert texts(page, "last")[0].startswith("A faulty product is refunded")
    assert page.locator(".column:last-child .move").first.text_content() == "▲ 5"
    assert page.text_content("#status") == "7 of 8 documents moved."


def test_a_line_joins_each_document_on_both_sides(page: Any) -> None:
    compare(page, left_model="The order given", right_model="plain")
    found = page.evaluate(
        """() => [...document.querySelectorAll("path")].map((path) => {
            const lines = document.querySelector(".columns svg").getBoundingClientRect();
            const ends = [0, path.getTotalLength()].map((at) => path.getPointAtLength(at).y + lines.top);
            const cards = document.querySelectorAll(`.card[data-index="${path.dataset.index}"]`);
            return [...cards].map((card, side) => {
              const box = card.querySelector(".head").getBoundingClientRect();
              return Math.abs(ends[side] - (box.top + box.bottom) / 2) < 1;
            });
        })"""
    )
    assert found == [[True, True]] * 8


def test_two_instructions_of_one_model_are_compared(page: Any) -> None:
    compare(page, left_model="instructed", left_instruction="", right_model="instructed", right_instruction="cats")
    scores = [page.locator(f".column:{side}-child .score").all_text_contents() for side in ("first", "last")]
    assert len(scores[0]) == 8
    assert sorted(scores[0]) != sorted(scores[1])
    assert "instruction: cats" in page.text_content(".column:last-child .about")


def test_the_instruction_is_off_with_a_reason_where_the_model_takes_none(page: Any) -> None:
    page.locator("#right-model").select_option(label="instructed")
    page.fill("#right-instruction", "cats")
    page.locator("#right-model").select_option(label="plain")
    assert page.locator("#right-instruction").is_disabled()
    assert page.text_content("#right-reason") == "plain (bi-encoder) takes no instruction."
    page.locator("#right-model").select_option(label="instructed")
    assert page.input_value("#right-instruction") == "cats"


def test_markup_in_a_document_is_shown_as_text(page: Any) -> None:
    hostile = "<img src=x onerror=document.title='taken'><script>document.title='taken'</script>"
    compare(page, documents=f"{hostile}\nanother", right_model="plain")
    assert hostile in texts(page, "last")
    assert page.locator("#result img, #result script").count() == 0
    assert page.title() == "Rerank playground"


def test_documents_can_be_separated_by_blank_lines(page: Any) -> None:
    page.check("input[value=blocks]")
    compare(page, documents="one\ntwo\n\n  \nthree", right_model="plain", left_model="The order given")
    assert texts(page, "first") == ["one\ntwo", "three"]


def test_an_error_is_shown_with_its_type(page: Any) -> None:
    compare(page, documents="text\n" * 201)
    shown = page.locator("#error").inner_text()
    assert shown.startswith("InputTooLargeError There are 201 documents")
    assert not page.is_visible("#result")


def test_after_an_error_the_next_answer_is_shown(page: Any) -> None:
    compare(page, documents="text\n" * 201)
    compare(page, documents="one\ntwo")
    assert not page.is_visible("#error")
    assert page.is_visible("#result")


def test_no_documents_are_told(page: Any) -> None:
    compare(page, documents=" \n ")
    assert "No documents" in page.locator("#error").inner_text()


def lines(page: Any) -> list[str]:
    """Return how the lines run once the browser has laid the page out and painted it."""
    return page.evaluate(
        """async () => {
            for (const _ of [1, 2]) await new Promise(requestAnimationFrame);
            return [...document.querySelectorAll("path")].map((path) => path.getAttribute("d"));
        }"""
    )


def test_a_click_shows_the_whole_text_and_moves_the_lines(page: Any) -> None:
    compare(page, documents="word " * 100 + "\nshort", left_model="The order given", right_model="plain")
    card = page.locator(".column:first-child .card").first
    height, before = card.bounding_box()["height"], lines(page)
    card.click()
    assert card.get_attribute("aria-expanded") == "true"
    assert card.bounding_box()["height"] > height
    assert lines(page) != before


def test_the_document_in_focus_is_marked_on_both_sides(page: Any) -> None:
    compare(page, left_model="The order given", right_model="plain")
    for card in page.locator(".column:last-child .card").all():
        card.focus()
        marked = page.locator(".on").evaluate_all("found => found.map((element) => element.dataset.index)")
        assert marked == [card.get_attribute("data-index")] * 3  # two cards and the line


def test_enter_in_the_query_compares(page: Any) -> None:
    page.locator("#query").press("Enter")
    page.wait_for_selector(".columns")
    assert "\n" not in page.input_value("#query")


def test_nothing_is_wider_than_the_window_or_than_its_card(page: Any) -> None:
    long = {"documents": "x" * 2000 + "\n" + "字" * 2000, "query": "y" * 2000, "right_instruction": "z" * 300}
    compare(page, **{"right_model": "instructed", **long})
    too_wide = page.evaluate(
        """() => [document.documentElement, ...document.querySelectorAll(".words, .hint")]
            .filter((element) => element.scrollWidth > element.clientWidth).map((element) => element.className)"""
    )
    assert too_wide == []
