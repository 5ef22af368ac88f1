"""``rerank-plugins vllm-command``: shows how to start a server; starts nothing."""

from __future__ import annotations

import json
import shlex
from typing import Annotated

import typer


def show_vllm_command(
    model: Annotated[str, typer.Argument(help="Hub id or local directory of the model to serve.")],
    *,
    family: Annotated[str | None, typer.Option(help="Family name, where the files do not show it.")] = None,
    revision: Annotated[str | None, typer.Option(help="Branch, tag or commit on the hub.")] = None,
    max_length: Annotated[int | None, typer.Option(help="Most tokens of one row.")] = None,
    dtype: Annotated[str, typer.Option(help="Precision of the weights on the server.")] = "bfloat16",
    dialect: Annotated[
        str, typer.Option(help='"vllm", or "vllm-generate" for a server whose key guards its route.')
    ] = "vllm",
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list of the command's words.")] = False,
) -> None:
    """Print the command that starts vLLM so that it scores MODEL as its family does."""
    from rerank_plugins.core.remote.command import vllm_command

    words = vllm_command(
        model, family=family, revision=revision, max_length=max_length, dtype=dtype, dialect=dialect
    )
    typer.echo(json.dumps(words) if as_json else shlex.join(words))
    named = "" if family is None else f", family={family!r}"
    typer.echo(f'# load({model!r}{named}, engine="http://HOST:8000", dialect={dialect!r})', err=True)
