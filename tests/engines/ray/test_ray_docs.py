"""The Python blocks of docs/ray.md run, with a tiny model in the place of the hub's."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import ray

pytestmark = pytest.mark.engine
ROOT = Path(__file__).parents[3]
TINY = str(ROOT / "tests/golden/bge_encoder/checkpoint")
PAIRS = [{"query": "what do bears eat", "document": text} for text in ("Rain is wet.", "Bears eat berries.", None)]


def test_every_block_runs_in_its_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for place in ("pairs/part-0", "pairs/part-1"):
        ray.data.from_items(PAIRS).write_parquet(str(tmp_path / place))
    names: dict[str, Any] = {}
    blocks = re.findall(r"(?ms)^```python\n(.*?)^```", (ROOT / "docs/ray.md").read_text(encoding="utf-8"))
    for block in blocks:
        given = block.replace('"BAAI/bge-reranker-v2-m3"', repr(TINY)).replace("1024", "128")
        for folder in ("pairs/part-0", "pairs/part-1", "pairs/", "scored/"):
            given = given.replace(f'"{folder}"', repr(str(tmp_path / folder)))
        exec(compile(given, "ray.md", "exec"), names)  # noqa: S102 - our own docs
    assert len(blocks) == 2
    assert [path.name for path in names["done"]] == ["part-0", "part-1"]
    rows = ray.data.read_parquet([str(path) for path in names["done"]]).take_all()
    assert sorted(row["score"] is None for row in rows) == [False] * 4 + [True] * 2
