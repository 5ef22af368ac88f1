"""The demo's own logic: topics by best passage, strict order for the metrics, and finding disagreements."""

from __future__ import annotations

import pytest


def test_topics_come_by_their_best_passage() -> None:
    from corpus import Passage
    from evaluation import topics_in_order

    passages = [
        Passage("1", "", ("try", "compound")),
        Passage("2", "", ("compound",)),
        Passage("3", "", ("with",)),
    ]

    assert topics_in_order(passages) == ["compound", "try", "with"]


def test_quality_of_a_known_order() -> None:
    from corpus import Passage, Question
    from evaluation import measured

    questions = [Question("a", "", ("with",)), Question("b", "", ("with",)), Question("c", "", ("with",))]
    right, wrong = Passage("1", "", ("with",)), Passage("2", "", ("try",))

    quality = measured(questions, {"a": [right, wrong], "b": [wrong, right], "c": []})

    assert quality.per_question["mrr@10"] == {"a": 1.0, "b": 0.5, "c": 0.0}
    assert quality.means()["mrr@10"] == pytest.approx(0.5)


def test_only_the_first_ten_topics_count() -> None:
    from corpus import Passage, Question
    from evaluation import measured

    passages = [Passage(str(number), "", (f"topic{number}",)) for number in range(12)]

    quality = measured([Question("a", "", ("topic10",))], {"a": passages})

    assert quality.means()["mrr@10"] == 0.0  # eleventh place


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ([("p", 0.5), ("q", 0.25)], None),
        ([("p", 0.5), ("q", 0.2500001)], "place 2: ('q', 0.2500001) and ('q', 0.25)"),
        ([("q", 0.25), ("p", 0.5)], "place 1: ('q', 0.25) and ('p', 0.5)"),
        ([("p", 0.5)], "1 and 2 passages"),
    ],
)
def test_disagreements_name_the_place(other: list[tuple[str, float]], message: str | None) -> None:
    from trial import Trial, disagreements

    trial = Trial(after={"One": {"q1": [("p", 0.5), ("q", 0.25)]}, "Two": {"q1": other}})

    expected = [] if message is None else [f"Two and One differ in question q1: {message}"]
    assert disagreements(trial) == expected
