"""Every adapter keeps the contract."""

from __future__ import annotations

import pytest

from .contract import AdapterContract, differs
from .drivers import HaystackDriver, LangChainDriver, LlamaIndexDriver


class TestLlamaIndex(AdapterContract):
    @pytest.fixture
    def driver(self) -> LlamaIndexDriver:
        return LlamaIndexDriver()


class TestLangChain(AdapterContract):
    @pytest.fixture
    def driver(self) -> LangChainDriver:
        return LangChainDriver()


class TestHaystack(AdapterContract):
    @pytest.fixture
    def driver(self) -> HaystackDriver:
        return HaystackDriver()


def test_a_promise_is_not_replaced_without_a_reason() -> None:
    with pytest.raises(TypeError, match="test_empty_input_loads_nothing"):
        type("Silent", (AdapterContract,), {"test_empty_input_loads_nothing": lambda self: None})
    explained = differs("there is no empty input")(lambda self: None)
    type("Explained", (AdapterContract,), {"test_empty_input_loads_nothing": explained})
