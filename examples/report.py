"""The demo's output for the terminal; knows how it looks, and measures nothing."""

from __future__ import annotations

from platform import python_version
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text
from trial import FIRST_STAGE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from corpus import Passage, Question
    from outcome import Corpus, LoadedModel, Outcome
    from rich.console import Console

SHOWN = 5
LABELS = {"mrr@10": "MRR@10", "ndcg@10": "nDCG@10"}


def show_setting(corpus: Corpus, model: LoadedModel, console: Console) -> None:
    """Print what is searched, and with which model."""
    info, where = model.info, f"{', '.join(model.info.devices)}, {model.info.dtype}"
    console.print(
        f"Python {python_version()}: {len(corpus.passages)} passages, {len(corpus.questions)} questions "
        f"({corpus.dropped} dropped: not in this version)."
    )
    console.print(f"Model {info.model}: family {info.family}, score {info.score_kind}, {where}.", markup=False)


def show(outcome: Outcome, console: Console) -> None:
    """Print quality, speed, agreement and three examples."""
    won, lost, equal = outcome.won_lost_equal
    console.print()
    console.print(_quality(outcome))
    console.print(f"By reciprocal rank, reranking won {won} questions, lost {lost} and left {equal} equal.")
    console.print()
    console.print(_speed(outcome))
    console.print(
        "Each question is asked in one framework first, then again in the others. A\n"
        "bi-encoder keeps the vectors of passages it has read; --no-cache reads all anew."
    )
    console.print(_cost(outcome))
    console.print()
    _show_agreement(outcome, console)
    for label, key in _chosen(outcome).items():
        _show_example(label, key, outcome, console)


def _quality(outcome: Outcome) -> Table:
    table = Table("Order of topics", *LABELS.values())
    before, after = outcome.before.means(), outcome.after.means()
    table.add_row(FIRST_STAGE, *(f"{before[name]:.3f}" for name in LABELS))
    table.add_row("reranked", *(f"{after[name]:.3f}" for name in LABELS), style="bold")
    table.add_row("difference", *(f"{after[name] - before[name]:+.3f}" for name in LABELS))
    return table


def _speed(outcome: Outcome) -> Table:
    table = Table("Milliseconds per query", "median", "p95", "asked again")
    for name, times in outcome.milliseconds.items():
        label = f"{name} alone" if name == FIRST_STAGE else f"{name} pipeline, BM25 included"
        table.add_row(label, *("" if time is None else f"{time:.1f}" for time in times.values()))
    return table


def _cost(outcome: Outcome) -> str:
    memory = "unknown" if outcome.peak_mib is None else f"{outcome.peak_mib:.0f} MiB"
    loading = f"Loading took {outcome.model.load_seconds:.1f} s (with transformers' imports)"
    return f"{loading}; peak memory {memory}."


def _show_agreement(outcome: Outcome, console: Console) -> None:
    wrong, names = outcome.disagreements, ", ".join(outcome.trial.after)
    if wrong:
        console.print(f"Scores differ between {names}:", style="red")
        console.print("\n".join(wrong), markup=False)
    else:
        pairs = f"all {outcome.scores_checked} pairs"
        console.print(f"Identical scores in {names}: {pairs}.", style="green")


def _chosen(outcome: Outcome) -> dict[str, str]:
    """Return the question that reranking helped most, the median one, and the one that it hurt most."""
    ordered = list(outcome.changes)
    return {"Best change": ordered[-1], "Median change": ordered[len(ordered) // 2], "Worst change": ordered[0]}


def _show_example(label: str, key: str, outcome: Outcome, console: Console) -> None:
    question = next(question for question in outcome.corpus.questions if question.id == key)
    before, after = outcome.trial.before[key], outcome.reranked[key]
    console.print()
    console.print(Text(question.text, style="bold"))
    console.print(
        f"{label}: reciprocal rank {outcome.changes[key]:+.2f}. * answers it: {', '.join(question.topics)}",
        markup=False,
    )
    console.print(_top("before", question, before, other=after))
    console.print(_top("after", question, after, other=before, sign=-1))


def _top(
    title: str, question: Question, passages: Sequence[Passage], *, other: Sequence[Passage], sign: int = 1
) -> Table:
    """Return the first passages, and how many places reranking moved each of them up (+) or down (-)."""
    table = Table(title, "moved", "", "topic", "passage", box=None, pad_edge=False, expand=True)
    for column, ratio in zip(table.columns, (None, None, None, 2, 5), strict=True):
        column.no_wrap, column.overflow, column.ratio = True, "ellipsis", ratio
    for place, passage in enumerate(passages[:SHOWN]):
        moved = sign * (place - other.index(passage))
        right = [topic for topic in passage.topics if topic in question.topics]
        topic = (right or passage.topics)[0]
        words = " ".join(passage.text.split())
        table.add_row(str(place + 1), f"{moved:+d}" if moved else "=", "*" if right else "", topic, Text(words))
    return table
