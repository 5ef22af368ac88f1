"""The demo's text and questions: nothing of the reference is lost, and every question can be answered."""

from __future__ import annotations

import json
import re
from collections import Counter
from pydoc_data.topics import topics
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def words(text: str) -> Counter[str]:
    return Counter(re.findall(r"\w+", text))


def test_no_word_of_any_topic_is_lost() -> None:
    from corpus import load_passages

    passages = load_passages()

    for topic, text in topics.items():
        held = sum((words(passage.text) for passage in passages if topic in passage.topics), Counter())
        lost = set(words(text)) - set(held)
        assert not lost, (topic, lost)


def test_a_topics_passages_hold_each_word_as_often_as_the_topic() -> None:
    from corpus import passages_of

    for topic, text in topics.items():
        assert sum(map(words, passages_of(text)), Counter()) == words(text), topic


def test_ids_and_texts_are_unique() -> None:
    from corpus import load_passages

    passages = load_passages()

    assert len({passage.id for passage in passages}) == len(passages)
    assert len({passage.text for passage in passages}) == len(passages)


def test_equal_text_is_one_passage_of_several_topics() -> None:
    from corpus import load_passages

    section = "{title}\n{rule}\n\nThe same words in two topics."
    nested = "Compound\n********\n\nIntroduction.\n\n" + section.format(title="With", rule="====")

    passages = load_passages({"compound": nested, "with": section.format(title="With", rule="****")})

    assert [passage.topics for passage in passages] == [("compound",), ("compound", "with")]
    assert passages[1].text == "With\n\nThe same words in two topics."


def test_passages_have_a_readable_length() -> None:
    from corpus import VERY_LONG, load_passages

    lengths = sorted(len(passage.text.split()) for passage in load_passages())

    assert 60 <= lengths[len(lengths) // 2] <= 120
    assert lengths[-1] <= VERY_LONG + 60


def test_every_question_has_a_topic_that_exists() -> None:
    from corpus import load_questions

    questions, dropped = load_questions()

    assert len(questions) >= 60
    assert len(questions) + dropped == 72
    assert len({question.id for question in questions}) == len(questions)
    assert all(set(question.topics) <= set(topics) and question.topics for question in questions)


def test_unknown_topics_are_dropped_and_counted(tmp_path: Path) -> None:
    from corpus import load_questions

    path = tmp_path / "questions.jsonl"
    lines = [
        {"id": "a", "question": "?", "topics": ["with", "gone"]},
        {"id": "b", "question": "?", "topics": ["gone"]},
    ]
    path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")

    questions, dropped = load_questions(path, {"with"})

    assert [(question.id, question.topics) for question in questions] == [("a", ("with",))]
    assert dropped == 1
