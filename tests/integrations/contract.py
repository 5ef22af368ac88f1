"""The contract of every adapter, as one class to inherit from; its promises stand in the four it is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from .failure_contract import FailureContract
from .model_contract import ModelContract
from .ranking_contract import RankingContract
from .waiting_contract import WaitingContract

if TYPE_CHECKING:
    from collections.abc import Callable

_T = TypeVar("_T")


def differs(reason: str) -> Callable[[_T], _T]:
    """Mark a test that replaces one of the contract's, with the reason why this adapter must differ."""

    def marked(test: _T) -> _T:
        test.reason = reason  # type: ignore[attr-defined]
        return test

    return marked


class AdapterContract(RankingContract, ModelContract, FailureContract, WaitingContract):
    """Inherit, and define a fixture ``driver``; a test may be replaced only for a written reason."""

    def __init_subclass__(cls) -> None:
        """Refuse a class that replaces a promise without ``@differs("...")``."""
        for name, test in vars(cls).items():
            if name.startswith("test_") and hasattr(AdapterContract, name) and not getattr(test, "reason", ""):
                raise TypeError(f"{cls.__name__}.{name} replaces a promise of the contract; say why by @differs.")
