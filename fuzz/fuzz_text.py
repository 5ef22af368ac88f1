"""Feeds bytes to every family's template and checks every row (``make fuzz``); reads no weights.

Knows no invariant of its own: they are in ``tests/trust/invariants.py``, which property tests share.
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
with atheris.instrument_imports(include=["rerank_plugins.core"]):
    from trust.bytes_to_case import case_of
    from trust.invariants import check
    from trust.subjects import subjects

_SUBJECTS = subjects()


def one(data: bytes) -> None:
    """Check one case."""
    case = case_of(data, _SUBJECTS)
    if case is not None:
        check(case)


def main() -> None:
    """Run until libFuzzer's own options say stop."""
    logging.disable(logging.CRITICAL)
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
