"""The report as one HTML page: no script, no network, every text of the user escaped; measures nothing."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from rerank_plugins.evaluation.plots import change_by_query, quality_against_time, score_distribution
from rerank_plugins.evaluation.rows import (
    between_head,
    between_rows,
    quality_head,
    quality_rows,
    speed_head,
    speed_rows,
)
from rerank_plugins.evaluation.saying import CUT, LEFT_OUT, MEMORY, TIES, TIMES, threshold_text, verdict
from rerank_plugins.evaluation.style import STYLE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rerank_plugins.evaluation.report import Evaluation, ModelResult

EXAMPLES = 5
_LONGEST = 160
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def page(evaluation: Evaluation) -> str:
    """Return the page."""
    title = escape(f"Reranking on {evaluation.data}")
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<title>{title}</title><style>{STYLE}</style>"
    )
    body = "".join(
        [
            f"<h1>{title}</h1>",
            _verdicts(evaluation),
            _quality(evaluation),
            _speed(evaluation),
            *(_model(number, one, evaluation) for number, one in enumerate(evaluation.models, 1)),
            _notes(evaluation),
            _method(evaluation),
        ]
    )
    return f'<!doctype html>\n<html lang="en"><head>{head}</head><body><main>{body}</main></body></html>\n'


def _verdicts(evaluation: Evaluation) -> str:
    said = (
        f'<p class="{"worse" if one.comparison.change < 0 else "verdict"}">{escape(verdict(one, evaluation))}</p>'
        for one in evaluation.models
    )
    counts = evaluation.counts
    size = f"{counts.judged} queries with judgments, {counts.pairs} candidates"
    return "".join(said) + f'<p class="size">{size}.</p>'


def _quality(evaluation: Evaluation) -> str:
    numbers = {one.label: str(number) for number, one in enumerate(evaluation.models, 1)}
    rows = between_rows(evaluation, numbers)
    pairs = _table(between_head(evaluation), rows) if rows else ""
    quality = _table(quality_head(evaluation), _numbered(evaluation, quality_rows(evaluation)))
    return f"<h2>Quality</h2>{quality}{pairs}"


def _speed(evaluation: Evaluation) -> str:
    plot = quality_against_time(evaluation)
    rows = _numbered(evaluation, speed_rows(evaluation))
    figure = _figure(plot, "Up is better, left is faster. Numbers are those of the models in the tables.")
    return f"<h2>Quality against time</h2>{figure}{_table(speed_head(evaluation), rows)}" if plot else ""


def _model(number: int, result: ModelResult, evaluation: Evaluation) -> str:
    changes = changes_of(result, evaluation)
    plot = change_by_query(list(changes.values()), evaluation.measure)
    found = result.comparison
    counted = f"{found.better} better, {found.worse} worse, {found.equal} equal."
    scores = _figure(score_distribution(result), _KEY + escape(threshold_text(result) or ""))
    return (
        f'<h2>{number}. {escape(result.label)}</h2><div class="pair">{_figure(plot, counted)}{scores}</div>'
        + _examples("Helped most", sorted(changes, key=lambda one: -changes[one]), changes, result, evaluation)
        + _examples("Hurt most", sorted(changes, key=lambda one: changes[one]), changes, result, evaluation)
    )


_KEY = (
    '<span class="key good"></span> relevant documents <span class="key plain"></span> other documents, each as '
    "shares of their own number. "
)


def changes_of(result: ModelResult, evaluation: Evaluation) -> dict[str, float]:
    """Return the change of the main measure by query id."""
    before, after = evaluation.baseline[evaluation.measure], result.quality[evaluation.measure]
    return {name: after[name] - before[name] for name in before}


def _examples(
    title: str, ordered: Sequence[str], changes: dict[str, float], result: ModelResult, evaluation: Evaluation
) -> str:
    name = evaluation.measure
    before, after = evaluation.baseline[name], result.quality[name]
    sign = 1 if title == "Helped most" else -1
    rows = [
        (_shortened(evaluation.texts[one]), one, f"{before[one]:.2f} → {after[one]:.2f}")
        for one in ordered[:EXAMPLES]
        if sign * changes[one] > 0
    ]
    return f"<h3>{title}</h3>" + _table(("query", "id", name), rows, kind="texts") if rows else ""


def _notes(evaluation: Evaluation) -> str:
    notes = (*evaluation.skipped, *evaluation.notes, *_truncated(evaluation))
    items = "".join(f"<li>{escape(note)}</li>" for note in notes)
    return f"<h2>Notes</h2><ul>{items}</ul>" if items else ""


def _truncated(evaluation: Evaluation) -> list[str]:
    return [
        f"{one.label} saw only a part of {one.truncated} of {evaluation.counts.pairs} documents (too long)."
        for one in evaluation.models
        if one.truncated
    ]


def _method(evaluation: Evaluation) -> str:
    depth = "" if evaluation.depth is None else f" Only the first {evaluation.depth} candidates were kept."
    measured = (
        f"Baseline: the candidates in the order they were given.{depth}",
        f"Measures are computed by ir-measures; {evaluation.measure} as in trec_eval, on all judged documents.",
        f"p: two-sided paired permutation test on {evaluation.measure} of each query; below 0.05 is significant.",
    )
    items = "".join(f"<li>{escape(one)}</li>" for one in (*measured, TIES, LEFT_OUT, TIMES, MEMORY, CUT))
    return f"<h2>How this was measured</h2><ul>{items}</ul>"


def _numbered(evaluation: Evaluation, rows: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
    """Return rows whose models carry the numbers that the plots use."""
    numbers = {one.label: f"{number}. {one.label}" for number, one in enumerate(evaluation.models, 1)}
    return [(numbers.get(row[0], row[0]), *row[1:]) for row in rows]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], *, kind: str = "numbers") -> str:
    heads = "".join(f"<th>{escape(name)}</th>" for name in head)
    lines = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<div class="wide"><table class="{kind}"><tr>{heads}</tr>{lines}</table></div>'


def _figure(plot: str, caption: str) -> str:
    """Return a plot with its caption, which is HTML."""
    return f"<figure>{plot}<figcaption>{caption}</figcaption></figure>" if plot else ""


def _shortened(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= _LONGEST else words[: _LONGEST - 1] + "…"
