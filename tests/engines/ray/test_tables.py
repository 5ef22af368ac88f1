"""Arrow tables and pandas frames, without a cluster: columns, types and orders of what workers return."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
import pytest
from scorers import POISON, Numbers

from rerank_plugins import ArgumentError
from rerank_plugins.core.options import CallOptions
from rerank_plugins.integrations._groups_of_rows import BestOfGroup, RankLists
from rerank_plugins.integrations._ray_pool import actor_options
from rerank_plugins.integrations.batches import ScorePairs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

pytestmark = pytest.mark.engine

NO_TEXT = "ArgumentTypeError: {} must be a string, got NoneType."


def scorer(**changes: object) -> ScorePairs:
    return ScorePairs(make_reranker=Numbers, **changes)


def table(documents: Sequence[str | None], **columns: Sequence[object]) -> pa.Table:
    return pa.table({"query": ["q"] * len(documents), "document": pa.array(documents, pa.string()), **columns})


def test_every_column_is_kept_and_every_row_stays_in_its_place() -> None:
    given = table(["text 1", POISON, "text 3"], id=[7, 8, 9])

    found = scorer()(given)

    assert found.drop_columns(["score", "error"]) == given
    assert found.column("score").to_pylist() == [1.0, None, 3.0]
    assert found.column("error").to_pylist() == [None, "ValueError: poison", None]


@pytest.mark.parametrize("documents", [[], ["text 1"], [POISON], [None]])
def test_the_schema_is_the_same_whatever_the_rows_hold(documents: list[str | None]) -> None:
    found = scorer()(table(documents))

    assert found.schema.names == ["query", "document", "score", "error"]
    assert found.schema.types == [pa.string() if documents else pa.null(), pa.string(), pa.float64(), pa.string()]


def test_rows_without_text_are_errors() -> None:
    given = pa.table({"query": [None, "q", "q"], "document": ["text 1", None, "text 3"]})

    found = scorer()(given)

    assert found.column("score").to_pylist() == [None, None, 3.0]
    assert found.column("error").to_pylist() == [NO_TEXT.format("query"), NO_TEXT.format("document"), None]


def test_columns_have_the_names_that_are_given() -> None:
    given = pa.table({"frage": ["q"], "antwort": ["text 4"]})

    found = scorer(query_column="frage", document_column="antwort", score_column="wert", error_column="fehler")(
        given
    )

    assert found.to_pylist() == [{"frage": "q", "antwort": "text 4", "wert": 4.0, "fehler": None}]


@pytest.mark.parametrize("make", [lambda rows: rows, lambda rows: rows.to_pandas()])
def test_a_column_is_never_overwritten(make: Callable[[pa.Table], object]) -> None:
    given = make(table(["text 1"], score=[0.5]))

    with pytest.raises(ArgumentError, match=r"a column 'score' already; give another name as score_column="):
        list(scorer().frames([given])) if isinstance(given, pd.DataFrame) else scorer()(given)


def test_frames_have_scores_errors_and_their_own_index() -> None:
    frame = pd.DataFrame({"query": ["q"] * 4, "document": ["text 1", None, POISON, "text 4"]}, index=[3, 1, 0, 2])
    before = frame.copy()

    (found,) = scorer().frames([frame])

    pd.testing.assert_frame_equal(frame, before)
    pd.testing.assert_frame_equal(found[["query", "document"]], before)
    assert found["score"].isna().tolist() == [False, True, True, False]
    assert found["score"].tolist()[::3] == [1.0, 4.0]
    assert found["error"].tolist() == [None, NO_TEXT.format("document"), "ValueError: poison", None]


@pytest.mark.parametrize("documents", [[], ["text 1"], [POISON]])
def test_frames_have_one_type_per_column(documents: list[str]) -> None:
    (found,) = scorer().frames([pd.DataFrame({"query": ["q"] * len(documents), "document": documents})])

    assert (str(found["score"].dtype), str(found["error"].dtype)) == ("float64", "object")


def ranked(lists: Sequence[object], **limits: object) -> list[dict[str, object]]:
    given = pa.table({"id": range(len(lists)), "query": ["q"] * len(lists), "found": lists})
    options = CallOptions(**limits)
    return RankLists(scorer(), "found", "index", "rank", options)(given).to_pylist()


def test_lists_become_rows_best_first_and_nothing_is_dropped_in_silence() -> None:
    rows = ranked([["text 1", None, "text 3", "text 2"], None, [], [POISON], ["a 2", "b 2"]], top_n=2)

    keys = ("id", "index", "score", "rank", "error")
    assert [tuple(row[key] for key in keys) for row in rows] == [
        (0, 2, 3.0, 1, None),
        (0, 3, 2.0, 2, None),
        (0, 1, None, None, NO_TEXT.format("document")),
        (1, None, None, None, "ArgumentTypeError: found must be a list of strings."),
        (3, 0, None, None, "ValueError: poison"),
        (4, 0, 2.0, 1, None),  # equal scores keep the list's order
        (4, 1, 2.0, 2, None),
    ]
    assert [row["document"] for row in rows] == ["text 3", "text 2", None, None, POISON, "a 2", "b 2"]


def test_a_list_column_may_give_its_name_to_the_document() -> None:
    given = pa.table({"query": ["q"], "document": [["text 1", "text 2"]]})

    found = RankLists(scorer(), "document", "index", "rank", CallOptions())(given)

    assert found.column("document").to_pylist() == ["text 2", "text 1"]


def test_lists_have_one_schema_whatever_they_hold() -> None:
    kinds = []
    for lists in ([["text 1"]], [None], [[]], [[POISON]]):
        given = pa.table({"query": ["q"], "found": pa.array(lists, pa.list_(pa.string()))})
        kinds.append(RankLists(scorer(), "found", "index", "rank", CallOptions())(given).schema)

    assert kinds == [kinds[0]] * 4


def test_a_group_keeps_equal_scores_in_the_order_of_their_text() -> None:
    scored = scorer()(table(["b 2", POISON, "a 2", "c 3", "d 1"]))

    kept = BestOfGroup(scorer(), "rank", CallOptions(top_n=3), ["query"]).keep_best(scored).to_pylist()

    assert [(row["document"], row["rank"]) for row in kept] == [("c 3", 1), ("a 2", 2), ("b 2", 3), (POISON, None)]


POOLS = [
    ("embedded", None, {}, (4, 1)),
    ("embedded", {"device": "cpu"}, {}, (1, None)),
    ("https://host:8000", {"dialect": "vllm"}, {}, (1, None)),
    ("embedded", {"engine": "https://host:8000"}, {}, (1, None)),
    ("embedded", None, {"num_gpus": 0.5}, (8, 0.5)),
    ("embedded", None, {"num_gpus": 0}, (1, None)),
    ("embedded", None, {"concurrency": 2}, (2, 1)),
]


@pytest.mark.parametrize(("model", "load_options", "given", "expected"), POOLS)
def test_an_actor_has_one_gpu_where_a_model_can_use_it(
    model: str,
    load_options: dict[str, object] | None,
    given: dict[str, object],
    expected: tuple[int, float | None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ray.cluster_resources", lambda: {"CPU": 8.0, "GPU": 4.0})

    options = actor_options(
        model, load_options, **{"concurrency": None, "num_gpus": None, "num_cpus": None, **given}
    )

    assert (options["compute"].max_size, options.get("num_gpus")) == expected


def test_an_actor_asks_for_no_gpu_where_there_is_none() -> None:
    options = actor_options("embedded", None, concurrency=(1, 3), num_gpus=None, num_cpus=2)

    assert (options["compute"].min_size, options["compute"].max_size) == (1, 3)
    assert {name: value for name, value in options.items() if name != "compute"} == {"num_cpus": 2}
