"""The command line, ``rerank-plugins``: which commands there are, and how a failure is told."""

from __future__ import annotations

import sys

from rerank_plugins.errors import MissingExtraError, RerankError

try:
    import typer

    from rerank_plugins.commands.doctor import diagnose
    from rerank_plugins.commands.evaluate import evaluate_command
    from rerank_plugins.commands.families import show_families
    from rerank_plugins.commands.playground import run_playground
    from rerank_plugins.commands.rank import rank_documents
    from rerank_plugins.commands.serving import show_vllm_command
except ModuleNotFoundError as error:
    raise MissingExtraError('The command line needs typer: pip install "rerank-plugins[cli]"') from error

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)
app.command("rank")(rank_documents)
app.command("families")(show_families)
app.command("doctor")(diagnose)
app.command("vllm-command")(show_vllm_command)
app.command("playground")(run_playground)
app.command("evaluate")(evaluate_command)


@app.callback()
def _about() -> None:
    """Strong open rerankers for LlamaIndex, LangChain and Haystack."""


def main() -> None:
    """Run the command line; what went wrong on purpose is told in one line, with exit code 2."""
    try:
        app()
    except RerankError as error:
        typer.echo(f"{type(error).__name__}: {error}", err=True)
        sys.exit(2)
