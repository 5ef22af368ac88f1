"""Each dialect asks as its server expects, reads its answer, and refuses what the server cannot do."""

from __future__ import annotations

from typing import Any

import pytest

from rerank_plugins import ArgumentError, InstructionNotSupportedError, load
from rerank_plugins.core.remote.dialects import DIALECTS

from .conftest import Ask, Open
from .recorded import CASES, Case
from .replay import Answer, Replay

every_case = pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
ENGINES = {"vllm", "tei", "infinity"}
INSTRUCTED = {"vllm", "contextual"}
HOSTED = sorted({dialect.name for dialect in DIALECTS} - ENGINES)


def options(dialect: str) -> dict[str, Any]:
    return {} if dialect in ENGINES else {"model_name": "m"}


def test_every_dialect_has_a_recorded_exchange() -> None:
    assert {case.dialect for case in CASES} == {dialect.name for dialect in DIALECTS}


@every_case
def test_asks_and_reads(case: Case, open_: Open, replay: Replay, ask: Ask) -> None:
    replay.then = [Answer(body=case.response)]
    reranker = open_(case.dialect, token="sek", **case.options)
    scores = ask(reranker, "q", ["a", "b"], instruction=case.instruction)
    assert scores == pytest.approx(case.scores, abs=1e-12)
    (asked,) = replay.asked
    assert (asked.path, asked.body) == (case.path, case.request)
    assert asked.headers["authorization"] == "Bearer sek"
    assert asked.headers["content-type"] == "application/json"


@pytest.mark.parametrize("dialect", sorted(ENGINES))
def test_an_engine_gives_logits_where_asked(dialect: str, open_: Open, replay: Replay) -> None:
    case = next(case for case in CASES if case.dialect == dialect)
    replay.then = [Answer(body=case.response)] * 2
    raw, probable = open_(dialect, normalize=False), open_(dialect)
    assert (raw.info.score_kind, probable.info.score_kind) == ("logit", "probability")
    logits = raw.score("q", ["a", "b"])
    assert probable.score("q", ["a", "b"], normalize=False) == logits
    assert logits != pytest.approx(case.scores)


@pytest.mark.parametrize("dialect", HOSTED)
def test_a_hosted_service_refuses_logits(dialect: str, open_: Open, replay: Replay) -> None:
    with pytest.raises(ArgumentError, match="normalize=False"):
        open_(dialect, normalize=False, **options(dialect))
    with pytest.raises(ArgumentError, match="normalize=False"):
        open_(dialect, **options(dialect)).score("q", ["a"], normalize=False)
    assert replay.asked == []


@pytest.mark.parametrize("dialect", sorted({dialect.name for dialect in DIALECTS} - INSTRUCTED))
def test_an_instruction_is_refused_where_none_is_taken(dialect: str, open_: Open, replay: Replay) -> None:
    reranker = open_(dialect, **options(dialect))
    assert not reranker.info.supports_instruction
    with pytest.raises(InstructionNotSupportedError, match="takes no instruction"):
        reranker.score("q", ["a"], instruction="find bears")
    with pytest.raises(InstructionNotSupportedError):
        open_(dialect, instruction="find bears", **options(dialect))
    assert replay.asked == []


def test_an_instruction_is_ignored_where_that_was_asked_for(open_: Open, replay: Replay) -> None:
    replay.then = [Answer(body=[{"index": 0, "score": 0.0}])]
    assert open_("tei", instruction_policy="ignore").score("q", ["a"], instruction="find bears") == [0.5]


@pytest.mark.parametrize("dialect", HOSTED)
def test_a_hosted_service_needs_a_model_name(dialect: str, open_: Open) -> None:
    with pytest.raises(ArgumentError, match="model_name="):
        open_(dialect)


def test_tei_cannot_choose_a_model(open_: Open) -> None:
    with pytest.raises(ArgumentError, match="leave model_name out"):
        open_("tei", model_name="m")


@pytest.mark.parametrize("logit", [-1e5, -30.0, 30.0, 1e5])
def test_large_logits_become_probabilities(logit: float, open_: Open, replay: Replay) -> None:
    replay.then = [Answer(body=[{"index": 0, "score": logit}])]
    (score,) = open_("tei").score("q", ["a"])
    assert score == pytest.approx(float(logit > 0), abs=1e-12)


@pytest.mark.parametrize("given", ["", "/", "/v1", "/v1/", "/v2", "/v1/score", "/v2/rerank"])
def test_the_url_may_name_the_route(given: str, replay: Replay) -> None:
    replay.then = [Answer(body=CASES[0].response)]
    with load(replay.url + given, dialect="vllm") as reranker:
        reranker.score("q", ["a", "b"])
    assert replay.asked[0].path == "/v1/score"


def test_a_prefix_of_the_url_is_kept(replay: Replay) -> None:
    replay.then = [Answer(body={"results": [{"index": 0, "relevance_score": 1.0}]})]
    with load(replay.url + "/team/v1", dialect="infinity") as reranker:
        reranker.score("q", ["a"])
    assert replay.asked[0].path == "/team/v1/rerank"


def test_half_a_character_is_no_reason_to_fail(open_: Open, replay: Replay) -> None:
    replay.then = [Answer(body=[{"index": 0, "score": 1.0}])]
    open_("tei").score("\ud800", ["é"])
    assert (replay.bodies[0]["query"], replay.bodies[0]["texts"]) == ("?", ["é"])
