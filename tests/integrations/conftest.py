"""Fixtures of the adapter tests: a fake ``load`` in place of the real one, and the drivers to test with it."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from weakref import WeakValueDictionary

import pytest

os.environ["HAYSTACK_TELEMETRY_ENABLED"] = "False"

from .fakes import FakeLoad

for _name in ("ranking", "model", "failure", "waiting"):
    pytest.register_assert_rewrite(f"{__package__}.{_name}_contract")


def _add_namespaces() -> None:
    """Make the re-exports importable where the package is not installed."""
    import rerank_plugins.integrations as home

    try:
        found = find_spec("haystack_integrations.components.rankers.rerank_plugins")
    except ModuleNotFoundError:
        found = None
    if found is None:
        sys.path.append(str(Path(home.__path__[0]) / "_namespaces"))


_add_namespaces()


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> FakeLoad:
    """Replace ``rerank_plugins.core.loading.load``, without importing torch, and forget earlier models."""
    fake = FakeLoad()
    module = ModuleType("rerank_plugins.core.loading")
    module.load = fake  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "rerank_plugins.core.loading", module)
    monkeypatch.setattr("rerank_plugins.integrations.models._SHARED", WeakValueDictionary())
    return fake
