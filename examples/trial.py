"""Runs every question through every pipeline, timed, and compares their scores; knows no metrics."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING

from rich.progress import track

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from corpus import Passage, Question
    from first_stage import FirstStage
    from pipelines import Search
    from rich.console import Console

FIRST_STAGE = "BM25"


@dataclass(frozen=True, slots=True)
class Trial:
    """What came out: the first stage's passages, each framework's scored passages, and the seconds of each.

    A family may keep the vectors of passages that it has read. So the times of the framework that was asked a
    question first are kept apart from those of the others, which find its passages read.

    Attributes:
        before: Passages by question id.
        after: (passage id, score) pairs by framework and question id.
        first_seconds: Time per question that was asked here first; the first stage alone is there too.
        again_seconds: Time per question that another framework was asked before.
    """

    before: dict[str, list[Passage]] = field(default_factory=dict)
    after: dict[str, dict[str, list[tuple[str, float]]]] = field(default_factory=dict)
    first_seconds: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    again_seconds: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def reranked(self, passages: Mapping[str, Passage]) -> dict[str, list[Passage]]:
        """Return the first framework's passages by question id; whether the others agree is checked apart."""
        rankings = next(iter(self.after.values()))
        return {key: [passages[name] for name, _ in ranking] for key, ranking in rankings.items()}


def run_trial(
    questions: Sequence[Question], first_stage: FirstStage, searches: Mapping[str, Search], console: Console
) -> Trial:
    """Return the results of all questions; the frameworks take turns in being asked first."""
    names = list(searches)
    warm_up = questions[0]
    for name in names:
        searches[name](warm_up.text)
    trial = Trial(after={name: {} for name in names})
    shown = track(questions, "Questions", console=console, transient=True, disable=not console.is_terminal)
    for turn, question in enumerate(shown):
        started = perf_counter()
        hits = first_stage.search(question.text)
        trial.first_seconds[FIRST_STAGE].append(perf_counter() - started)
        trial.before[question.id] = [hit.passage for hit in hits]
        for place, name in enumerate(names[turn % len(names) :] + names[: turn % len(names)]):
            started = perf_counter()
            trial.after[name][question.id] = searches[name](question.text)
            was_asked = place > 0 or question is warm_up
            (trial.again_seconds if was_asked else trial.first_seconds)[name].append(perf_counter() - started)
    return trial


def disagreements(trial: Trial) -> list[str]:
    """Return where a framework's passages, scores or order differ from the first framework's; [] is none."""
    (reference, expected), *others = trial.after.items()
    return [
        f"{name} and {reference} differ in question {key}: {_first_difference(ranking, expected[key])}"
        for name, rankings in others
        for key, ranking in rankings.items()
        if ranking != expected[key]
    ]


def _first_difference(found: list[tuple[str, float]], expected: list[tuple[str, float]]) -> str:
    pairs = zip(found, expected, strict=False)
    different = (f"place {place}: {a} and {b}" for place, (a, b) in enumerate(pairs, 1) if a != b)
    return next(different, f"{len(found)} and {len(expected)} passages")
