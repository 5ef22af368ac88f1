"""Small pieces of SVG: scales, axes, text; knows no results."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 360, 220
LEFT, RIGHT, TOP, BOTTOM = 44, 10, 12, 36
INK, FAINT, GOOD, BAD, PLAIN = "#1f2328", "#d5d9de", "#0b6bcb", "#c2410c", "#8b949e"


@dataclass(frozen=True, slots=True)
class Scale:
    """Maps values to pixels, maybe by their logarithms."""

    low: float
    high: float
    start: float
    end: float
    logarithmic: bool = False

    def __call__(self, value: float) -> float:
        """Return the pixel of a value."""
        low, high, at = (math.log(one) if self.logarithmic else one for one in (self.low, self.high, value))
        return self.start + (at - low) / (high - low) * (self.end - self.start)

    def ticks(self) -> list[float]:
        """Return round values between low and high."""
        return _log_ticks(self.low, self.high) if self.logarithmic else _ticks(self.low, self.high)


def across(low: float, high: float, *, logarithmic: bool = False) -> Scale:
    """Return the scale from left to right."""
    return Scale(low, high, LEFT, WIDTH - RIGHT, logarithmic)


def upwards(low: float, high: float) -> Scale:
    """Return the scale from bottom to top."""
    return Scale(low, high, HEIGHT - BOTTOM, TOP)


def drawing(label: str, parts: list[str]) -> str:
    """Return the whole drawing; ``label`` is read out by screen readers."""
    body = "".join(parts)
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(label)}">{body}</svg>'


def axes(x: Scale | None, y: Scale, below: str, *, percent: bool = False) -> list[str]:
    """Return lines and numbers of both axes, and what the lower one shows."""
    parts = []
    for value in y.ticks():
        parts.append(line(LEFT, y(value), WIDTH - RIGHT, y(value), FAINT))
        parts.append(text(LEFT - 5, y(value) + 4, f"{value:.0%}" if percent else f"{value:g}", anchor="end"))
    parts += [] if x is None else [mark for value in x.ticks() for mark in _marked(x(value), f"{value:g}")]
    parts.append(text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 4, below, anchor="middle"))
    return parts


def _marked(at: float, words: str) -> list[str]:
    """Return a mark on the lower axis, with words that do not go beyond the edge."""
    middle = min(at, WIDTH - 3.5 * len(words))
    return [
        line(at, HEIGHT - BOTTOM, at, HEIGHT - BOTTOM + 4, INK),
        text(middle, HEIGHT - BOTTOM + 16, words, anchor="middle"),
    ]


def line(x1: float, y1: float, x2: float, y2: float, color: str, *, dashed: bool = False) -> str:
    """Return a straight line."""
    dash = ' stroke-dasharray="5 4"' if dashed else ""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{color}"{dash}/>'


def bar(
    x: float, y: float, width: float, height: float, color: str, *, title: str = "", opacity: float = 1
) -> str:
    """Return a rectangle; the title shows where a pointer rests on it."""
    inner = f"<title>{escape(title)}</title>" if title else ""
    see = "" if opacity == 1 else f' fill-opacity="{opacity}"'
    size = f'x="{x:.2f}" y="{y:.2f}" width="{max(width, 0.1):.2f}" height="{max(height, 0):.2f}"'
    return f'<rect {size} fill="{color}"{see}>{inner}</rect>'


def text(x: float, y: float, words: str, *, anchor: str = "start", color: str = INK) -> str:
    """Return words; the anchor says which end of them is at x."""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{color}">{escape(words)}</text>'


def _ticks(low: float, high: float) -> list[float]:
    rough = (high - low) / 5
    power = 10 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(place * step, 10) for place in range(first, last + 1)]


def _log_ticks(low: float, high: float) -> list[float]:
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    factors = (1, 2, 5) if high / low < 200 else (1,)
    values = (factor * 10.0**power for power in powers for factor in factors)
    return [value for value in values if low <= value <= high]
