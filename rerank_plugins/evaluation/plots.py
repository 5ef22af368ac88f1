"""The plots of the report: quality against time, change by query, scores; knows no page and measures nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rerank_plugins.evaluation import svg
from rerank_plugins.evaluation.measures import means

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rerank_plugins.evaluation.report import Evaluation, ModelResult
    from rerank_plugins.evaluation.separating import Distribution

MOST_BARS = 400


def quality_against_time(evaluation: Evaluation) -> str:
    """Return a dot for each model, numbered as in the tables, between the baseline and the best possible."""
    name = evaluation.measure
    points = [(one.speed.p50_ms, means(one.quality)[name], one) for one in evaluation.models if one.speed]
    if not points:
        return ""
    low, high = means(evaluation.baseline)[name], means(evaluation.best_possible)[name]
    values = [low, high, *(value for _, value, _ in points)]
    room = max(max(values) - min(values), 0.02) * 0.12
    y = svg.upwards(max(0, min(values) - room), max(values) + room)
    times = [time for time, _, _ in points]
    x = svg.across(min(times) / 2, max(times) * 2, logarithmic=True)
    parts = svg.axes(x, y, "median milliseconds per query (logarithmic)")
    parts += _level(y, low, f"baseline {low:.3f}", 12) + _level(y, high, f"best possible {high:.3f}", -4)
    for number, result in enumerate(evaluation.models, 1):
        parts += [_dot(x(time), y(value), number) for time, value, one in points if one is result]
    return svg.drawing(f"{name} against time per query", parts)


def change_by_query(changes: Sequence[float], measure: str) -> str:
    """Return a bar for each query, from the greatest gain to the greatest loss."""
    ordered = sorted(changes, reverse=True)
    if len(ordered) > MOST_BARS:  # even steps, so that the shape stays
        ordered = [ordered[place * (len(ordered) - 1) // (MOST_BARS - 1)] for place in range(MOST_BARS)]
    most = max(0.1, *map(abs, ordered)) * 1.08
    y = svg.upwards(-most, most)
    step = (svg.WIDTH - svg.LEFT - svg.RIGHT) / len(ordered)
    parts = svg.axes(None, y, f"queries, by change of {measure}")
    for place, change in enumerate(ordered):
        color = svg.GOOD if change > 0 else svg.BAD
        top, height = min(y(change), y(0)), abs(y(change) - y(0))
        left = svg.LEFT + place * step
        parts.append(svg.bar(left, top, step * 0.86, height, color, title=f"{change:+.3f}") if change else "")
    parts.append(svg.line(svg.LEFT, y(0), svg.WIDTH - svg.RIGHT, y(0), svg.INK))
    return svg.drawing(f"Change of {measure} by query", parts)


def score_distribution(result: ModelResult) -> str:
    """Return how scores of relevant and of other documents lie, with the suggested threshold."""
    found = result.distribution
    if found is None:
        return ""
    shares = [_shares(found.other), _shares(found.relevant)]
    y = svg.upwards(0, max(max(one) for one in shares) * 1.15)
    x = svg.across(found.edges[0], found.edges[-1])
    parts = svg.axes(x, y, f"score ({result.score_kind})", percent=True)
    for share, color in zip(shares, (svg.PLAIN, svg.GOOD), strict=True):
        parts += _steps(found, share, x, y, color)
    if result.threshold is not None and result.threshold.helps:
        at = x(result.threshold.value)
        left = at > svg.WIDTH * 0.6
        parts.append(svg.line(at, svg.TOP, at, svg.HEIGHT - svg.BOTTOM, svg.INK, dashed=True))
        words = f"threshold {result.threshold.value:.3g}"
        parts.append(svg.text(at - 5 if left else at + 5, svg.TOP + 10, words, anchor="end" if left else "start"))
    return svg.drawing("Scores of relevant and of other documents", parts)


def _level(y: svg.Scale, value: float, words: str, below: float) -> list[str]:
    """Return a line across, with words on the side where those of the other line cannot be."""
    return [
        svg.line(svg.LEFT, y(value), svg.WIDTH - svg.RIGHT, y(value), svg.INK, dashed=True),
        svg.text(svg.WIDTH - svg.RIGHT, y(value) + below, words, anchor="end"),
    ]


def _dot(x: float, y: float, number: int) -> str:
    circle = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="9" fill="{svg.GOOD}" stroke="#fff"/>'
    return circle + svg.text(x, y + 4, str(number), anchor="middle", color="#fff")


def _shares(counts: Sequence[int]) -> list[float]:
    """Return counts as shares of their sum: there are far more other documents than relevant ones."""
    total = max(sum(counts), 1)
    return [count / total for count in counts]


def _steps(found: Distribution, shares: Sequence[float], x: svg.Scale, y: svg.Scale, color: str) -> list[str]:
    return [
        svg.bar(x(left), y(share), x(right) - x(left), y(0) - y(share), color, opacity=0.6)
        for left, right, share in zip(found.edges, found.edges[1:], shares, strict=False)
        if share
    ]
