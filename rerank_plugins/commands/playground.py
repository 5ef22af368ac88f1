"""``rerank-plugins playground``: loads models and serves a page that compares them; knows nothing of the page."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from itertools import zip_longest
from pathlib import Path
from typing import Annotated

import typer

from rerank_plugins.errors import ArgumentError, MissingExtraError

_LOG = logging.getLogger("rerank_plugins")
_MOST = 2
_MOST_CONNECTIONS = 32


def run_playground(
    *,
    model: Annotated[
        list[str] | None, typer.Option(help="Hub id, local directory or embedded (the default); at most two.")
    ] = None,
    family: Annotated[
        list[str] | None, typer.Option(help="Family of each model in turn; auto where its files show it.")
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65_535)] = 8765,
    allow_remote: Annotated[
        bool, typer.Option("--allow-remote", help="Let other machines reach it; there is no authentication.")
    ] = False,
) -> None:
    """Compare two models, or two instructions, on a page in the browser; your texts stay on this machine."""
    try:
        import uvicorn

        from rerank_plugins.playground.app import playground
        from rerank_plugins.playground.guard import in_url, is_loopback
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            'The playground needs starlette and uvicorn: pip install "rerank-plugins[playground]"'
        ) from error
    if not is_loopback(host):
        _check_remote(host, allow_remote)
    wanted = _wanted(["embedded"] if model is None else model, [] if family is None else family)
    from rerank_plugins import load

    with ExitStack() as loaded:
        rerankers = {
            label: loaded.enter_context(load(name, family=kind)) for label, (name, kind) in wanted.items()
        }
        for reranker in rerankers.values():
            reranker.warmup()
        typer.echo(f"Open http://{in_url(host)}:{port} (Ctrl+C ends it)", err=True)
        app = playground(rerankers, hosts=[host])
        uvicorn.run(
            app,
            host=host.strip("[]"),
            port=port,
            log_level="warning",
            server_header=False,
            limit_concurrency=_MOST_CONNECTIONS,
        )


def _check_remote(host: str, allow_remote: bool) -> None:
    if not allow_remote:
        raise ArgumentError(
            f"--host {host} lets other machines in, and the playground has no authentication. Listen on "
            "127.0.0.1, or give --allow-remote as well."
        )
    _LOG.warning("The playground listens on %s without authentication: whoever reaches it can use it.", host)


def _wanted(models: list[str], families: list[str]) -> dict[str, tuple[str, str | None]]:
    """Return each model and its family by the name to show, which tells no more of a directory than it must."""
    if len(models) > _MOST or len(set(models)) < len(models):
        raise ArgumentError("--model: name one model, or two different ones.")
    if len(families) > len(models):
        raise ArgumentError("--family: there are more families than models.")
    short = [Path(name).resolve().name if Path(name).is_dir() else name for name in models]
    labels = short if len(set(short)) == len(short) else models
    kinds = [None if kind in {None, "auto"} else kind for _, kind in zip_longest(models, families)]
    return dict(zip(labels, zip(models, kinds, strict=True), strict=True))
