"""The lower bounds of the package are the versions that `make test-min` installs."""

from __future__ import annotations

from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parents[2]
UNTESTED = {"torch"}
"""Only its newest version has a small CPU build everywhere; see the file's head."""


def lower_bounds() -> dict[str, Version]:
    """Return the oldest version that the package allows of each framework and library."""
    tomllib = pytest.importorskip("tomllib")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    stated = [
        *project["dependencies"],
        *(one for name in ("llama-index", "langchain", "haystack", "remote") for one in extras[name]),
    ]
    return {
        requirement.name: Version(specifier.version)
        for requirement in map(Requirement, stated)
        for specifier in requirement.specifier
        if specifier.operator == ">="
    }


def pinned() -> dict[str, Version]:
    lines = (ROOT / "constraints-min.txt").read_text(encoding="utf-8").splitlines()
    pins = (line.split("==") for line in lines if "==" in line)
    return {name: Version(version) for name, version in pins}


@pytest.mark.promise("P36", "P45")
def test_every_bound_is_tested() -> None:
    bounds, pins = lower_bounds(), pinned()
    assert len(bounds) >= 9
    assert {name: pins.get(name) for name in bounds if name not in UNTESTED} == {
        name: bound for name, bound in bounds.items() if name not in UNTESTED
    }


def test_torch_is_not_older_than_its_bound() -> None:
    assert pinned()["torch"] >= lower_bounds()["torch"]
