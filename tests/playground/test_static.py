"""The page's own files: nothing from elsewhere, nothing inline, and no way from text to markup."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import rerank_plugins

STATIC = Path(rerank_plugins.__file__).parent / "playground/static"
FILES = sorted(STATIC.iterdir())
SCRIPTS = [path for path in FILES if path.suffix == ".js"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_nothing_is_fetched_from_elsewhere(path: Path) -> None:
    addresses = set(
        re.findall(r"(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}[^\"'` )]*", path.read_text(encoding="utf-8"))
    )
    assert addresses <= {"http://www.w3.org/2000/svg"}  # a name, which nothing fetches


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_never_turn_text_into_markup_or_code(path: Path) -> None:
    forbidden = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|eval\(|Function\(|srcdoc|\.href"
    assert re.findall(forbidden, path.read_text(encoding="utf-8")) == []


def test_the_page_has_nothing_inline_that_its_policy_forbids() -> None:
    page = (STATIC / "index.html").read_text(encoding="utf-8")
    assert re.findall(r"\sstyle=|\son[a-z]+=|<style|javascript:", page) == []
    assert re.findall(r"<script[^>]*>([^<]*)</script>", page) == [""]
