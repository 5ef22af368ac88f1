"""Ray Data, live: nothing is lost, nothing comes twice, and every row has its own score or its own error."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import ray.data
from scorers import POISON, Dying, Gone, Numbers

from rerank_plugins import ArgumentError, ArgumentTypeError, load, rerank_options
from rerank_plugins.integrations.ray import rerank_dataset

if TYPE_CHECKING:
    from collections.abc import Iterable

pytestmark = pytest.mark.engine

PAIRS, FILES = 200_000, 8
GOLDEN = Path(__file__).parents[2] / "golden"
QUERIES = ["how to close a file", "what do pandas eat", "why does bread rise"]
TEXTS = [
    "A with statement closes the file.",
    "Pandas eat bamboo.",
    "Wild yeast makes gas in the dough.",
    "The file was closed by the archive.",
    "Bread is eaten everywhere.",
]


@pytest.fixture(scope="session")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return a directory of 200,000 pairs; a pair's score is its id, and every 25,000th is poison."""
    directory = tmp_path_factory.mktemp("pairs")
    size = PAIRS // FILES
    for file in range(FILES):
        ids = range(file * size, (file + 1) * size)
        texts = [f"{POISON if is_poison(number) else 'text'} {number}" for number in ids]
        table = pa.table({"id": ids, "query": [f"query {i // 100}" for i in ids], "document": texts})
        pq.write_table(table, directory / f"{file}.parquet")
    return str(directory)


def is_poison(number: int) -> bool:
    return number % 25_000 == 777


def read(directory: object) -> pa.Table:
    return pq.read_table(directory)


def check_all_there(found: pa.Table) -> None:
    """Raise unless each pair is there once, with its own score or error."""
    ids, scores, errors = (found.column(name).to_pylist() for name in ("id", "score", "error"))
    assert len(ids) == PAIRS
    assert set(ids) == set(range(PAIRS))
    wrong = [
        row
        for row in zip(ids, scores, errors, strict=True)
        if row[1:] != ((None, "ValueError: poison") if is_poison(row[0]) else (float(row[0]), None))
    ]
    assert wrong == []


def test_every_pair_comes_once_with_its_own_score_or_error(pairs: str, tmp_path: Path) -> None:
    rows = ray.data.read_parquet(pairs)

    rerank_dataset(rows, make_reranker=Numbers, concurrency=2).write_parquet(str(tmp_path / "out"))

    check_all_there(read(tmp_path / "out"))


def test_a_killed_actor_loses_and_repeats_nothing(pairs: str, tmp_path: Path) -> None:
    make = partial(Dying, tmp_path, f"text {PAIRS // 2 + 1000}")
    rows = ray.data.read_parquet(pairs)

    scored = rerank_dataset(rows, make_reranker=make, concurrency=2, rows_per_block=5000)
    scored.write_parquet(str(tmp_path / "out"))

    assert (tmp_path / "dead").exists()
    check_all_there(read(tmp_path / "out"))
    sent = [sum(map(int, path.read_text().split())) for path in tmp_path.glob("*.sent")]
    assert len(sent) == 3  # two actors, and the one in place of the dead
    # Blocks that the dead actor had begun, and the halves and harmless pairs around the poison.
    assert sum(sent) < PAIRS + 4 * 5000 + FILES * 2200


def test_rows_keep_their_order_within_a_block(pairs: str) -> None:
    rows = ray.data.read_parquet(pairs + "/0.parquet")

    scored = rerank_dataset(rows, make_reranker=Numbers, rows_per_block=5000)

    blocks = [ray.get(reference).column("id").to_pylist() for reference in scored.to_arrow_refs()]
    assert sum(map(len, blocks)) == PAIRS // FILES
    assert all(ids == list(range(ids[0], ids[0] + len(ids))) for ids in blocks if ids)


def candidates() -> list[dict[str, object]]:
    return [
        {"id": 10 * place + index, "query": query, "document": text}
        for place, query in enumerate(QUERIES)
        for index, text in enumerate(TEXTS)
    ]


def test_the_best_of_each_query_are_those_of_rank() -> None:
    rows = ray.data.from_items(candidates())

    with rerank_options(top_n=3):  # a block's options count when the dataset is made, as for every adapter
        best = rerank_dataset(rows, model="embedded", threshold=0.2)

    with load("embedded") as reranker:
        rankings = [reranker.rank(query, TEXTS, top_n=3, threshold=0.2) for query in QUERIES]
    expected = {
        (10 * place + document.index, rank): document.score
        for place, ranking in enumerate(rankings)
        for rank, document in enumerate(ranking, start=1)
    }
    assert 3 < len(expected) < 9  # both limits bite
    found = {(row["id"], row["rank"]): row["score"] for row in best.take_all()}
    assert found == pytest.approx(expected, abs=1e-5)


def test_each_group_keeps_its_best_rows_and_all_its_errors() -> None:
    texts = ["text 1", POISON, "text 3", "text 2"]
    rows = ray.data.from_items(
        [{"topic": topic, "query": "q", "document": t} for topic in (1, None) for t in texts]
    )

    found = rerank_dataset(rows, make_reranker=Numbers, top_n=2, group_column="topic").take_all()

    kept = [("text 3", 1), ("text 2", 2), (POISON, None)]
    for topic in (1, None):
        assert [(row["document"], row["rank"]) for row in found if row["topic"] == topic] == kept


def test_lists_of_documents_are_ranked_as_rank_does() -> None:
    rows = ray.data.from_items([{"id": place, "query": q, "documents": TEXTS} for place, q in enumerate(QUERIES)])

    found = rerank_dataset(rows, model="embedded", documents_column="documents", top_n=2).take_all()

    with load("embedded") as reranker:
        rankings = [reranker.rank(query, TEXTS, top_n=2) for query in QUERIES]
    expected = [
        {"id": place, "query": QUERIES[place], "document": d.text, "index": d.index, "error": None, "rank": rank}
        for place, ranking in enumerate(rankings)
        for rank, d in enumerate(ranking, start=1)
    ]
    ordered = sorted(found, key=lambda row: row["id"])  # blocks may come in any order, a query's rows may not
    assert [{name: row[name] for name in expected[0]} for row in ordered] == expected
    assert [row["score"] for row in ordered] == pytest.approx([d.score for r in rankings for d in r], abs=1e-5)


def test_a_real_family_with_instructions_per_row() -> None:
    checkpoint = str(GOLDEN / "bge_encoder" / "checkpoint")
    said = ["find bears", None]
    rows = ray.data.from_items(
        [{"id": 2 * p + k, **row, "said": text} for p, row in enumerate(three()) for k, text in enumerate(said)]
    )

    options = {"family": "bge-encoder", "device": "cpu", "max_length": 128}
    scored = rerank_dataset(
        rows, model=checkpoint, load_options=options, instruction_column="said", instruction="all", normalize=True
    )

    with load(checkpoint, family="bge-encoder", device="cpu", max_length=128) as reranker:
        expected = [
            reranker.score(
                str(row["query"]),
                [str(row["document"])],
                instruction="all" if text is None else text,
                normalize=True,
            )[0]
            for row in three()
            for text in said
        ]
    assert len(set(expected)) == 6
    assert [row["score"] for row in scored.sort("id").take_all()] == pytest.approx(expected, abs=1e-5)


def three() -> Iterable[dict[str, object]]:
    return [{"query": query, "document": text} for query, text in zip(QUERIES, TEXTS[2:], strict=True)]


def test_a_model_that_cannot_be_loaded_fails_the_job() -> None:
    rows = ray.data.from_items(candidates())

    with pytest.raises(Exception, match=r"ModelNotFoundError: There is no directory '\./no-such-model'"):
        rerank_dataset(rows, model="./no-such-model").materialize()


def test_a_model_that_scores_nothing_any_more_fails_the_job() -> None:
    rows = ray.data.from_items([{"query": "q", "document": f"text {number}"} for number in range(3000)])

    with pytest.raises(Exception, match="the device is lost"):
        rerank_dataset(rows, make_reranker=Gone, batch_size=500).materialize()


@pytest.mark.parametrize(
    ("row", "arguments", "message"),
    [
        ({"query": "q", "text": "d"}, {}, "No column 'document'; there are 'query', 'text'"),
        ({"query": "q", "document": "d", "score": 1.0}, {}, "a column 'score' already.* score_column="),
        ({"query": "q", "document": "d", "rank": 1}, {"top_n": 1}, "a column 'rank' already.* rank_column="),
        ({"query": "q", "document": "d"}, {"group_column": "topic"}, "No column 'topic'"),
        ({"query": "q", "document": "d"}, {"instruction_column": "said"}, "No column 'said'"),
        ({"query": "q", "document": "d"}, {"documents_column": "found"}, "No column 'found'"),
        (
            {"query": "q", "found": ["d"]},
            {"documents_column": "found", "group_column": "query"},
            "group_column: no",
        ),
        ({"query": "q", "found": ["d"], "index": 1}, {"documents_column": "found"}, "a column 'index' already"),
        ({"query": "q", "document": "d"}, {"top_n": 0}, "top_n must be > 0"),
        ({"query": "q", "document": "d"}, {"batch_size": 0}, "batch_size must be > 0"),
        ({"query": "q", "document": "d"}, {"rows_per_block": -1}, "rows_per_block must be > 0"),
        ({"query": "q", "document": "d"}, {"concurrency": (3, 2)}, "concurrency must be"),
    ],
)
def test_what_cannot_work_is_refused_before_anything_runs(
    row: dict[str, object], arguments: dict[str, object], message: str
) -> None:
    rows = ray.data.from_items([row])

    with pytest.raises(ArgumentError, match=message):
        rerank_dataset(rows, make_reranker=Numbers, **arguments)


@pytest.mark.parametrize(
    ("row", "arguments", "message"),
    [
        ({"query": 1, "document": "d"}, {}, "'query' must hold strings, it holds int64"),
        ({"query": "q", "document": ["d"]}, {}, "'document' must hold strings, .* documents_column="),
        ({"query": "q", "found": "d"}, {"documents_column": "found"}, "'found' must hold lists of strings"),
        ({"query": "q", "found": [1]}, {"documents_column": "found"}, "'found' must hold lists of strings"),
        ({"query": "q", "document": "d"}, {"concurrency": "two"}, "concurrency must be a positive int"),
    ],
)
def test_columns_of_the_wrong_type_are_refused_before_anything_runs(
    row: dict[str, object], arguments: dict[str, object], message: str
) -> None:
    rows = ray.data.from_items([row])

    with pytest.raises(ArgumentTypeError, match=message):
        rerank_dataset(rows, make_reranker=Numbers, **arguments)
