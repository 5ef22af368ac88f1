"""``rerank-plugins evaluate``: what rerankers do to your own data; knows options, measures nothing."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Callable

    from rerank_plugins.core.reranker import Reranker
    from rerank_plugins.evaluation import Dataset, Evaluation

GATE_FAILED = 1


def evaluate_command(
    data: Annotated[
        Path | None,
        typer.Argument(help="Folder in BEIR's layout, or a JSON Lines file with query, documents, relevant."),
    ] = None,
    *,
    model: Annotated[
        list[str], typer.Option("--model", "-m", help="Hub id, directory, embedded or URL; may be repeated.")
    ],
    run: Annotated[Path | None, typer.Option(help="Candidates: a TREC run.")] = None,
    qrels: Annotated[Path | None, typer.Option(help="Judgments, where DATA is left out (with --run).")] = None,
    queries: Annotated[Path | None, typer.Option(help="Texts of queries, where DATA is left out.")] = None,
    corpus: Annotated[Path | None, typer.Option(help="Texts of documents, where DATA is left out.")] = None,
    split: Annotated[str, typer.Option(help="Which file of qrels/ in a BEIR folder, such as test.")] = "",
    instruction: Annotated[
        list[str] | None, typer.Option(help="May be repeated, to compare; an empty one is no instruction.")
    ] = None,
    skip_unsupported: Annotated[
        bool, typer.Option("--skip-unsupported", help="Leave out instructions for models that take none.")
    ] = False,
    k: Annotated[int, typer.Option("--k", help="How many documents from the top count.")] = 10,
    depth: Annotated[int | None, typer.Option(help="Keep only the first so many candidates of a query.")] = None,
    dialect: Annotated[str | None, typer.Option(help="What the models that are URLs speak.")] = None,
    model_name: Annotated[str | None, typer.Option(help="The model's name on those servers.")] = None,
    load_options: Annotated[
        str, typer.Option(help='Arguments of load() for models that are no URLs, as JSON: {"dtype": "float32"}')
    ] = "{}",
    json_path: Annotated[Path | None, typer.Option("--json", help="Write all numbers to this file.")] = None,
    html_path: Annotated[Path | None, typer.Option("--html", help="Write a report to this file.")] = None,
    min_ndcg: Annotated[float | None, typer.Option(help="Exit with 1 if nDCG@k of a model is lower.")] = None,
    not_worse_than: Annotated[
        str | None,
        typer.Option(
            help='Exit with 1 if nDCG@k of a model is lower than that of "baseline", or of a --json file.'
        ),
    ] = None,
    tolerance: Annotated[float, typer.Option(help="By how much it may be lower than --not-worse-than.")] = 0.0,
) -> None:
    """Measure what MODELS do to the order of your own candidates.

    Exit codes: 0 done, 1 a condition (--min-ndcg, --not-worse-than) is broken, 2 bad input.
    """
    from rich.console import Console

    from rerank_plugins.evaluation import broken_conditions, evaluate, tables
    from rerank_plugins.evaluation.gate import check_conditions

    check_conditions(min_ndcg=min_ndcg, not_worse_than=not_worse_than, tolerance=tolerance)
    _check_folders(json_path, html_path)
    evaluation = evaluate(
        _data(data, run=run, qrels=qrels, queries=queries, corpus=corpus, split=split),
        _models(model, _options(load_options), dialect, model_name),
        instructions=[None if one == "" else one for one in instruction] if instruction else (None,),
        k=k,
        depth=depth,
        skip_unsupported=skip_unsupported,
        progress=True,
    )
    _write(evaluation, json_path, html_path)
    Console(highlight=False).print(tables(evaluation))
    broken = broken_conditions(evaluation, min_ndcg=min_ndcg, not_worse_than=not_worse_than, tolerance=tolerance)
    for sentence in broken:
        typer.echo(f"Failed: {sentence}", err=True)
    if broken:
        raise typer.Exit(GATE_FAILED)


def _data(
    data: Path | None,
    *,
    run: Path | None,
    qrels: Path | None,
    queries: Path | None,
    corpus: Path | None,
    split: str,
) -> Dataset | Path:
    from rerank_plugins.errors import ArgumentError
    from rerank_plugins.evaluation import read_beir, read_trec

    if data is None:
        if run is None or qrels is None or queries is None or corpus is None:
            raise ArgumentError("Give DATA, or all of --run, --qrels, --queries and --corpus.")
        return read_trec(run=run, qrels=qrels, queries=queries, corpus=corpus)
    if qrels is not None or queries is not None or corpus is not None:
        raise ArgumentError("--qrels, --queries and --corpus stand for DATA; leave either out.")
    if data.is_dir():
        return read_beir(data, run=run, split=split)
    if run is not None or split:
        raise ArgumentError("--run and --split go with a folder in BEIR's layout, and DATA is none.")
    return data


def _models(
    names: list[str], options: dict[str, Any], dialect: str | None, model_name: str | None
) -> list[tuple[str, Callable[[], Reranker]]]:
    """Return each model with what loads it: servers and models in this process take different options."""
    from rerank_plugins.core.loading import load
    from rerank_plugins.core.remote.address import is_url
    from rerank_plugins.evaluation.contestants import labels

    remote = {"dialect": dialect, "model_name": model_name}
    return [
        (label, partial(load, name, **(remote if is_url(name) else options)))
        for name, label in labels(names).items()
    ]


def _options(text: str) -> dict[str, Any]:
    from rerank_plugins.errors import ArgumentError

    try:
        options = json.loads(text)
    except json.JSONDecodeError as error:
        raise ArgumentError(f"--load-options is not JSON ({error.msg} at column {error.colno}).") from error
    if not isinstance(options, dict):
        raise ArgumentError('--load-options must be a JSON object, such as {"dtype": "float32"}.')
    return options


def _check_folders(*paths: Path | None) -> None:
    """Raise now, not after an hour of scoring."""
    from rerank_plugins.errors import ArgumentError

    for path in paths:
        if path is not None and not path.absolute().parent.is_dir():
            raise ArgumentError(f"There is no folder {path.parent} to write {path.name} to. Make it first.")


def _write(evaluation: Evaluation, json_path: Path | None, html_path: Path | None) -> None:
    if json_path is not None:
        evaluation.write_json(json_path)
    if html_path is not None:
        evaluation.write_html(html_path)
