"""``rerank-plugins families``: which families there are; loads no model."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rerank_plugins.core.family import Family


def show_families(
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
) -> None:
    """List the families of rerankers, their models and what each takes."""
    from rerank_plugins.core.registry import families

    found = [_described(family) for family in families()]
    if as_json:
        typer.echo(json.dumps(found, indent=1))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("family", "instruction", "max_length", "licence", "models")
    for one in found:
        longest = "the checkpoint's" if one["max_length"] is None else str(one["max_length"])
        models = "\n".join(one["models"]) or "any of this kind"
        table.add_row(one["name"], one["instruction"] or "none", longest, one["license"], models)
    Console().print(table)


def _described(family: Family) -> dict[str, Any]:
    return {
        "name": family.name,
        "models": list(family.models),
        "instruction": family.instruction,
        "max_length": family.max_length,
        "options": sorted(family.options),
        "license": family.license,
        "source": family.source,
    }
