"""Every reader gives the same values for the same data, and says where a file is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from toys import beir_folder, write_lines

from rerank_plugins import ArgumentError, evaluate
from rerank_plugins.evaluation import Candidate, Dataset, JudgedQuery, read_beir, read_jsonl, read_trec
from rerank_plugins.evaluation.judgments import read_run

if TYPE_CHECKING:
    from pathlib import Path


def ids(dataset: Dataset) -> dict[str, list[str]]:
    return {query.id: [candidate.id for candidate in query.candidates] for query in dataset.queries}


def test_a_beir_folder_with_a_run_has_the_runs_candidates(tmp_path: Path) -> None:
    home = beir_folder(tmp_path / "set")
    found = read_beir(home, run=home / "first.run")
    assert (found.name, ids(found)) == ("set", {"q1": ["d2", "d1"], "q2": ["d3", "d2"]})
    assert [query.grades for query in found.queries] == [{"d1": 2}, {"d2": 1, "d3": 0}]
    assert found.queries[0].relevant == {"d1"}


def test_a_title_stands_before_the_text(tmp_path: Path) -> None:
    home = beir_folder(tmp_path)
    texts = {one.id: one.text for one in read_beir(home).queries[0].candidates}
    assert texts == {"d1": "Pandas They eat bamboo.", "d2": "Bread rises.", "d3": "Files are closed."}


def test_without_a_run_all_documents_are_candidates_and_a_note_says_so(tmp_path: Path) -> None:
    found = read_beir(beir_folder(tmp_path))
    assert ids(found) == {"q1": ["d1", "d2", "d3"], "q2": ["d1", "d2", "d3"]}
    assert "all 3 documents" in found.notes[0]


def test_a_large_corpus_without_a_run_is_refused(tmp_path: Path) -> None:
    home = beir_folder(tmp_path)
    write_lines(home / "corpus.jsonl", *({"_id": f"d{place}", "text": "x"} for place in range(1001)))
    with pytest.raises(ArgumentError, match=r"1001 documents and no candidates.*--run"):
        read_beir(home)


def test_the_split_is_test_or_the_only_one_or_must_be_said(tmp_path: Path) -> None:
    home = beir_folder(tmp_path)
    write_lines(home / "qrels/dev.tsv", "q1\td3\t1")
    assert read_beir(home).queries[0].grades == {"d1": 2}
    assert read_beir(home, split="dev").queries[0].grades == {"d3": 1}
    with pytest.raises(ArgumentError, match="no split 'train', it has dev, test"):
        read_beir(home, split="train")
    (home / "qrels/test.tsv").rename(home / "qrels/train.tsv")
    with pytest.raises(ArgumentError, match="several splits: dev, train"):
        read_beir(home)


def test_trec_files_give_what_the_beir_folder_gives(tmp_path: Path) -> None:
    home = beir_folder(tmp_path)
    qrels = write_lines(home / "qrels.txt", "q1 0 d1 2", "q2 0 d2 1", "q2 0 d3 0")
    queries = write_lines(home / "queries.tsv", "q1\tpandas", "q2\tbread")
    found = read_trec(run=home / "first.run", qrels=qrels, queries=queries, corpus=home / "corpus.jsonl")
    assert found.queries == read_beir(home, run=home / "first.run").queries


def test_a_judged_query_that_the_run_lacks_has_no_candidates(tmp_path: Path) -> None:
    home = beir_folder(tmp_path)
    run = write_lines(home / "short.run", "q1 Q0 d2 1 3.5 x")
    assert ids(read_beir(home, run=run)) == {"q1": ["d2"], "q2": []}


def test_a_run_is_ordered_by_score_and_ties_keep_the_order_of_lines(tmp_path: Path) -> None:
    run = write_lines(tmp_path / "a.run", "q Q0 low 1 1 x", "q Q0 z 2 5 x", "q Q0 a 3 5 x", "q Q0 top 9 7e0 x")
    assert read_run(run) == {"q": ["top", "z", "a", "low"]}


def test_one_file_holds_strings_or_objects_and_indices_or_ids_or_grades(tmp_path: Path) -> None:
    path = write_lines(
        tmp_path / "all.jsonl",
        {"query": "a", "documents": ["x", "y"], "relevant": [1]},
        "",
        {"id": "own", "query": "b", "documents": [{"id": "d", "text": "z"}], "relevant": {"d": 2, "missed": 1}},
        {"query": "c", "documents": [{"id": "d", "text": "z"}], "relevant": ["d"]},
    )
    first, second, third = read_jsonl(path).queries
    assert first == JudgedQuery("1", "a", (Candidate("0", "x"), Candidate("1", "y")), {"1": 1})
    assert second == JudgedQuery("own", "b", (Candidate("d", "z"),), {"d": 2, "missed": 1})
    assert (third.id, third.grades) == ("4", {"d": 1})


HIDDEN = "a document that no message may show"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (f'{{"query": "{HIDDEN}"', r"line 2: not JSON \(Expecting ',' delimiter at column"),
        ([HIDDEN], "line 2: expected a JSON object, got a list"),
        ({"documents": [HIDDEN], "relevant": []}, 'line 2: "query" must be a string, got nothing'),
        ({"query": 3, "documents": [HIDDEN], "relevant": []}, '"query" must be a string, got a number'),
        ({"query": "q", "documents": HIDDEN, "relevant": []}, '"documents" must be a list, got a string'),
        ({"query": "q", "documents": [HIDDEN, 7], "relevant": []}, r"documents\[1\]: .*got a number"),
        ({"query": "q", "documents": [{"text": HIDDEN}], "relevant": []}, '"id" must be a string, got nothing'),
        ({"query": "q", "documents": [{"id": 7, "text": HIDDEN}], "relevant": [7]}, '"id" must be a string'),
        ({"query": "q", "documents": [HIDDEN]}, '"relevant" must be a list, got nothing'),
        ({"query": "q", "documents": [HIDDEN], "relevant": [1]}, "names document 1, but there are 1"),
        ({"query": "q", "documents": [HIDDEN], "relevant": [-1]}, "names document -1"),
        ({"query": "q", "documents": [HIDDEN], "relevant": [True]}, "indices or ids, got true or false"),
        ({"query": "q", "documents": [HIDDEN], "relevant": {"0": 1.5}}, "a whole number, got a number"),
    ],
)
def test_a_wrong_line_is_named_and_no_document_is_shown(tmp_path: Path, line: object, told: str) -> None:
    path = write_lines(tmp_path / "bad.jsonl", {"query": "q", "documents": ["x"], "relevant": [0]}, line)
    with pytest.raises(ArgumentError, match=told) as caught:
        read_jsonl(path)
    assert HIDDEN not in str(caught.value)
    assert "bad.jsonl, line 2" in str(caught.value)


@pytest.mark.parametrize(
    ("file", "line", "told"),
    [
        ("corpus.jsonl", {"_id": "d1", "text": "again"}, "line 4: the id 'd1' occurred before"),
        ("corpus.jsonl", {"text": "no id"}, 'line 4: "_id"'),
        ("qrels/test.tsv", "q1\td2\tmuch", "line 5: the grade must be a whole number, got 'much'"),
        ("qrels/test.tsv", "q1 d2", "line 5: qrels have 4 columns .* got 2"),
        ("qrels/test.tsv", "q9\td1\t1", "qrels name 1 of 3 queries that have no text: 'q9'"),
        ("qrels/test.tsv", "q1\td9\t1", "qrels name 1 of 4 documents that have no text: 'd9'"),
        ("first.run", "q1 Q0 d3 1 high x", "line 5: the score .* got 'high'"),
        ("first.run", "q1 Q0 d3 1 nan x", "line 5: the score"),
        ("first.run", "q1 d3 1", "line 5: a run has 6 columns .* got 3"),
        ("first.run", "q1 Q0 d9 1 1 x", "run name 1 of 4 documents"),
        ("first.run", "q1 Q0 d1 1 1 x", "query 'q1' has the candidate 'd1' twice"),
    ],
)
def test_a_wrong_file_of_a_folder_is_named(tmp_path: Path, file: str, line: object, told: str) -> None:
    home = beir_folder(tmp_path)
    lines = (home / file).read_text(encoding="utf-8").splitlines()
    write_lines(home / file, *lines, line)
    with pytest.raises(ArgumentError, match=told):
        read_beir(home, run=home / "first.run")


@pytest.mark.parametrize("file", ["corpus.jsonl", "queries.jsonl", "qrels/test.tsv", "first.run"])
def test_an_empty_or_missing_file_is_named(tmp_path: Path, file: str) -> None:
    home = beir_folder(tmp_path)
    (home / file).write_text("\n", encoding="utf-8")
    with pytest.raises(ArgumentError, match=file.rpartition("/")[2]):
        read_beir(home, run=home / "first.run")
    (home / file).unlink()
    with pytest.raises(ArgumentError, match="There is no"):
        read_beir(home, run=home / "first.run")


def test_a_file_that_is_not_utf_8_is_named(tmp_path: Path) -> None:
    path = tmp_path / "latin.jsonl"
    path.write_bytes('{"query": "é"}'.encode("latin-1"))
    with pytest.raises(ArgumentError, match=r"latin\.jsonl is not UTF-8"):
        read_jsonl(path)


def test_a_line_separator_inside_a_text_ends_no_line(tmp_path: Path) -> None:
    path = tmp_path / "u.jsonl"
    path.write_text('{"query": "a\u2028b", "documents": ["x"], "relevant": [0]}\n', encoding="utf-8")
    assert read_jsonl(path).queries[0].text == "a\u2028b"


def test_data_without_queries_or_with_an_id_twice_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="holds no query"):
        read_jsonl(write_lines(tmp_path / "none.jsonl"))
    one = JudgedQuery("q", "", (), {})
    with pytest.raises(ArgumentError, match="the query id 'q' twice"):
        Dataset("x", (one, one))


def test_a_path_that_is_not_there_says_what_data_may_be(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match=r"no .*nowhere.*BEIR's layout"):
        evaluate(tmp_path / "nowhere", ["embedded"])
