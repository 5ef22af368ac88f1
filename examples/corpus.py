"""Real text and real questions: Python's language reference as passages; knows no retrieval and no model.

CPython ships its reference as text in ``pydoc_data.topics``, so there is nothing to download. Topics overlap
(the topic "with" is also a part of "compound"): a text that occurs in several topics is one passage.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from pydoc_data.topics import topics as reference
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

QUESTIONS = Path(__file__).parent / "data" / "python_topics.jsonl"
ENOUGH_WORDS = 60
MOST_WORDS = 120
VERY_LONG = 180
_RULE = re.compile(r"[-+=|*~^\"`]{3,}")
"""A line that only draws: under a heading, or in a table."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A few paragraphs of the reference, and the topics they stand in."""

    id: str
    text: str
    topics: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """A question as people ask it, and the topics that answer it."""

    id: str
    text: str
    topics: tuple[str, ...]


def load_passages(topics: Mapping[str, str] = reference) -> list[Passage]:
    """Return the passages of all topics, in the topics' alphabetical order."""
    found: dict[str, list[str]] = {}
    for topic in sorted(topics):
        for text in passages_of(topics[topic]):
            found.setdefault(text, []).append(topic)
    names = [f"p{number:04d}" for number in range(1, len(found) + 1)]
    return [
        Passage(name, text, tuple(dict.fromkeys(homes)))
        for name, (text, homes) in zip(names, found.items(), strict=True)
    ]


def load_questions(
    path: Path = QUESTIONS, topics: Collection[str] = tuple(reference)
) -> tuple[list[Question], int]:
    """Return the questions that this Python's reference can answer, and how many it cannot."""
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    asked = [
        Question(line["id"], line["question"], tuple(topic for topic in line["topics"] if topic in topics))
        for line in lines
    ]
    answerable = [question for question in asked if question.topics]
    return answerable, len(asked) - len(answerable)


def passages_of(text: str) -> list[str]:
    """Return one topic as passages; none goes beyond a heading, so that shared sections stay equal."""
    return [passage for section in _sections(text) for passage in _merged(section)]


def _sections(text: str) -> list[list[str]]:
    """Return paragraphs by section; a heading is joined to the paragraph that follows it."""
    sections: list[list[str]] = [[]]
    heading = ""
    for paragraph in re.split(r"\n\s*\n", text.strip("\n")):
        plain = _without_rules(paragraph)
        if _is_heading(paragraph):
            sections.append([])
            heading += f"{plain}\n\n"
        elif plain:
            sections[-1].append(heading + plain)
            heading = ""
    return [*sections, [heading.strip()]] if heading else sections


def _is_heading(paragraph: str) -> bool:
    title, _, rule = paragraph.partition("\n")
    return len(rule) == len(title) and _RULE.fullmatch(rule) is not None


def _without_rules(paragraph: str) -> str:
    return "\n".join(line for line in paragraph.splitlines() if not _RULE.fullmatch(line.strip()))


def _merged(paragraphs: Iterable[str]) -> list[str]:
    """Return neighbouring paragraphs joined until they have enough words, never to more than most."""
    merged: list[str] = []
    for paragraph in (piece for whole in paragraphs for piece in _cut(whole)):
        last = len(merged[-1].split()) if merged else MOST_WORDS
        if last < ENOUGH_WORDS and last + len(paragraph.split()) <= MOST_WORDS:
            merged[-1] += f"\n\n{paragraph}"
        else:
            merged.append(paragraph)
    return [passage.strip() for passage in merged]


def _cut(paragraph: str) -> list[str]:
    """Return a very long paragraph (a large table or grammar) in parts of whole lines; others as they are."""
    if len(paragraph.split()) <= VERY_LONG:
        return [paragraph]
    lines = paragraph.splitlines()
    ends = accumulate(len(line.split()) for line in lines)
    parts: dict[int, list[str]] = {}
    for line, end in zip(lines, ends, strict=True):
        parts.setdefault(end // MOST_WORDS, []).append(line)
    return ["\n".join(part) for part in parts.values()]
