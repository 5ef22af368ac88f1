"""``rerank-plugins rank``: ranks documents for one query; knows no prompt and no batch."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rerank_plugins.commands.reading import Entry
    from rerank_plugins.core.reranker import Reranker
    from rerank_plugins.core.results import Ranking


_ROOM = 160
"""Characters of a document that the table shows."""


def rank_documents(
    query: Annotated[str, typer.Argument(help="The question.")],
    documents: Annotated[str, typer.Argument(help="File with one document per line, or JSONL; - is stdin.")] = "-",
    *,
    model: Annotated[str, typer.Option(help='Hub id, directory, URL, or "embedded".')] = "embedded",
    family: Annotated[str | None, typer.Option(help="Family name, where the files do not show it.")] = None,
    instruction: Annotated[str | None, typer.Option(help="Which documents count as relevant.")] = None,
    top_n: Annotated[int | None, typer.Option(help="How many to show; all by default.")] = None,
    threshold: Annotated[float | None, typer.Option(help="Lowest score to show.")] = None,
    normalize: Annotated[
        bool | None, typer.Option("--normalize/--raw", help="Scores from 0 to 1, or raw; else the vendor's own.")
    ] = None,
    max_length: Annotated[int | None, typer.Option(help="Most tokens of one row.")] = None,
    device: Annotated[str | None, typer.Option(help='"cpu", "cuda:1", ...')] = None,
    dtype: Annotated[str, typer.Option(help='"auto", "float32", "bfloat16" or "float16".')] = "auto",
    engine: Annotated[str, typer.Option(help='"torch", "vllm", or the URL of a vLLM server.')] = "torch",
    dialect: Annotated[str | None, typer.Option(help="What the server at a URL speaks.")] = None,
    model_name: Annotated[str | None, typer.Option(help="The model's name on a server.")] = None,
    field: Annotated[str, typer.Option(help="Where the text of a JSON object is.")] = "text",
    jsonl: Annotated[bool, typer.Option("--jsonl", help="The lines are JSON.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
) -> None:
    """Rank documents for QUERY, best first."""
    from rerank_plugins.commands.reading import read_entries
    from rerank_plugins.core.loading import load

    entries = read_entries(documents, field=field, jsonl=jsonl)
    with load(
        model,
        family=family,
        max_length=max_length,
        device=device,
        dtype=dtype,
        engine=engine,
        dialect=dialect,
        model_name=model_name,
    ) as reranker:
        texts = [entry.text for entry in entries]
        ranking = reranker.rank(
            query, texts, instruction=instruction, top_n=top_n, threshold=threshold, normalize=normalize
        )
        _show(ranking, entries, reranker, normalize=normalize, as_json=as_json)


def _show(
    ranking: Ranking, entries: Sequence[Entry], reranker: Reranker, *, normalize: bool | None, as_json: bool
) -> None:
    if as_json:
        typer.echo(json.dumps([_plain(rank, one, entries) for rank, one in enumerate(ranking, start=1)], indent=1))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from rerank_plugins.core.ranking_text import number, short_text

    scale = {True: "0 to 1", False: "raw", None: reranker.info.score_kind}[normalize]
    table = Table("rank", "moved", f"score ({scale})", "document")
    for place, one in enumerate(ranking):
        moved = one.index - place
        arrow = "=" if not moved else f"{'▲' if moved > 0 else '▼'} {abs(moved)}"
        table.add_row(str(place + 1), arrow, number(one.score), Text(short_text(one, _ROOM)))
    Console().print(table)


def _plain(rank: int, one: Any, entries: Sequence[Entry]) -> dict[str, object]:
    found = {"rank": rank, "index": one.index, "score": one.score, "text": one.text, "truncated": one.truncated}
    given = entries[one.index].given
    return found if given is None else {**found, "document": given}
