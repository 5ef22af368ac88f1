"""The bar that counts documents; knows no scorer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tqdm import tqdm

    from rerank_plugins.core.groups import Group


def progress_bar(groups: Sequence[Group], *, shown: bool) -> tqdm[Any]:
    """Return a bar over all documents; it must be closed."""
    from tqdm.auto import tqdm

    total = sum(len(group.documents) for group in groups)
    return tqdm(total=total, disable=not shown, unit="doc", desc="rerank")
