"""Which rows of one query stay, and in which order; knows no framework, no columns and no model."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def best_rows(
    scores: Sequence[float | None],
    ties: Sequence[str],
    *,
    top_n: int | None,
    threshold: float | None,
) -> list[tuple[int, int | None]]:
    """Return ``(place, rank)`` of the rows of one query, best first; rank 1 is the best.

    Rows without a score follow, in their order and without a rank. ``threshold`` (inclusive) and ``top_n`` do
    not touch them: an error is never dropped in silence.

    Args:
        scores: One per row, ``None`` where scoring failed.
        ties: One per row; rows with equal scores come in the order of these, else in their own.
        top_n: How many ranked rows to keep; ``None`` is all.
        threshold: Lowest score to keep.
    """
    scored = [
        (-score, ties[place], place)
        for place, score in enumerate(scores)
        if score is not None and (threshold is None or score >= threshold)
    ]
    ranked = [(place, rank) for rank, (_, _, place) in enumerate(sorted(scored)[:top_n], start=1)]
    return [*ranked, *((place, None) for place, score in enumerate(scores) if score is None)]
