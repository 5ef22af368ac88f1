"""Conditions that an evaluation must meet, for continuous integration; measures nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from rerank_plugins.errors import ArgumentError
from rerank_plugins.evaluation.measures import means

if TYPE_CHECKING:
    from os import PathLike

    from rerank_plugins.evaluation.report import Evaluation

BASELINE = "baseline"
ROUNDING = 1e-6
"""Differences below are those of another processor, not of another model."""


def broken_conditions(
    evaluation: Evaluation,
    *,
    min_ndcg: float | None = None,
    not_worse_than: str | PathLike[str] | None = None,
    tolerance: float = 0.0,
) -> list[str]:
    """Return a sentence for each condition that a model breaks; none is a pass. Every model must meet all.

    Args:
        evaluation: The results.
        min_ndcg: Lowest mean nDCG@k, from 0 to 1.
        not_worse_than: ``"baseline"``, the candidates in their given order; or the path of a JSON file that an
            earlier evaluation wrote, in which a model of the same label is looked up.
        tolerance: By how much the mean may lie below that of ``not_worse_than``.

    Raises:
        ArgumentError: A number is out of range, or the file is none of ours, is of another measure or number of
            queries, or lacks a model.
    """
    check_conditions(min_ndcg=min_ndcg, not_worse_than=not_worse_than, tolerance=tolerance)
    name = evaluation.measure
    found = {result.label: means(result.quality)[name] for result in evaluation.models}
    broken = []
    if min_ndcg is not None:
        broken += [
            f"{label}: {name} is {value:.4f}, below {min_ndcg:g}."
            for label, value in found.items()
            if value < min_ndcg - ROUNDING
        ]
    expected = _expected(evaluation, not_worse_than)
    broken += [
        f"{label}: {name} is {found[label]:.4f}, worse than {before:.4f} of {not_worse_than}."
        for label, before in expected.items()
        if found[label] < before - tolerance - ROUNDING
    ]
    return broken


def check_conditions(
    *, min_ndcg: float | None, not_worse_than: str | PathLike[str] | None, tolerance: float
) -> None:
    """Raise ``ArgumentError`` for what is seen before anything is scored: numbers, and a missing file."""
    for name, value in (("min_ndcg", min_ndcg), ("tolerance", tolerance)):
        if value is not None and not 0 <= value <= 1:
            raise ArgumentError(f"{name} must be from 0 to 1, got {value}.")
    if not_worse_than not in {None, BASELINE} and not Path(str(not_worse_than)).is_file():
        raise ArgumentError(f"not_worse_than must be {BASELINE!r} or a file, and there is no {not_worse_than}.")


def _expected(evaluation: Evaluation, source: str | PathLike[str] | None) -> dict[str, float]:
    labels = [result.label for result in evaluation.models]
    if source is None:
        return {}
    if source == BASELINE:
        return dict.fromkeys(labels, means(evaluation.baseline)[evaluation.measure])
    earlier = _earlier(Path(source), evaluation)
    missing = [label for label in labels if label not in earlier]
    if missing:
        raise ArgumentError(
            f"{Path(source).name} has no model {missing[0]!r}, it has {', '.join(map(repr, earlier))}. "
            "Give the models the same labels as then."
        )
    return {label: earlier[label] for label in labels}


def _earlier(path: Path, evaluation: Evaluation) -> dict[str, float]:
    """Return the mean of the measure by label in the JSON of an earlier evaluation of the same queries."""
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
        measure, queries = plain["measure"], set(plain["texts"])
        found = {model["label"]: float(model["quality"]["means"][measure]) for model in plain["models"]}
    except (ValueError, KeyError, TypeError) as error:
        raise ArgumentError(f"{path.name} was not written by an evaluation (--json, write_json()).") from error
    if measure != evaluation.measure or queries != set(evaluation.texts):
        raise ArgumentError(
            f"{path.name} holds {measure} of {len(queries)} queries, this is {evaluation.measure} of "
            f"{len(evaluation.texts)}; only the same measure of the same queries can be compared."
        )
    return found
