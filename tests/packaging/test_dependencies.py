"""docs/dependencies.md names every dependency and every extra, and nothing else."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

if sys.version_info < (3, 11):
    pytest.skip("tomllib came with Python 3.11", allow_module_level=True)

import tomllib

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
TEXT = (ROOT / "docs/dependencies.md").read_text(encoding="utf-8")


def rows(head: str) -> set[str]:
    table = TEXT.split(f"| {head} |")[1].split("\n\n")[0]
    return set(re.findall(r"(?m)^\| `([\w-]+)` \|", table))


def test_every_base_dependency_is_justified() -> None:
    assert rows("dependency | what for | without it") == {name_of(one) for one in PROJECT["dependencies"]}


def test_every_extra_is_named() -> None:
    assert rows("extra | brings") == set(PROJECT["optional-dependencies"]) - {"all"}


def test_security_counts_the_dependencies() -> None:
    numbers = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    assert f"{numbers[len(PROJECT['dependencies'])].capitalize()} base dependencies" in text


def name_of(requirement: str) -> str:
    return re.split(r"[<>=\[]", requirement)[0]
