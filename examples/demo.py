"""Rerank real text in LlamaIndex, LangChain and Haystack; takes the arguments, comparison.py does the work.

    python examples/demo.py                                  # the embedded model, no network
    python examples/demo.py --model BAAI/bge-reranker-v2-m3  # a hub id or a local directory

Exit codes: 0 done, 1 the frameworks gave different scores, 2 the model could not be loaded, 3 no gain
(only with --require-gain).
"""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from rich.console import Console


def main() -> int:
    """Run the demo and return its exit code."""
    arguments = _arguments()
    console = Console(highlight=False)
    console.print(
        "BM25 retrieves 50 passages of Python's language reference for each question;\n"
        "LlamaIndex, LangChain and Haystack rerank them with one shared model."
    )
    os.environ.setdefault("HAYSTACK_TELEMETRY_ENABLED", "False")
    if arguments.model == "embedded":
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
    with console.status("Starting the three frameworks"):
        from comparison import compare  # noqa: PLC0415 - takes seconds, and the line above must not wait

    return compare(arguments, console)


def _arguments() -> Namespace:
    parser = ArgumentParser(description="Rerank BM25's passages in three frameworks with one model.")
    parser.add_argument("--model", default="embedded", help="hub id, local directory, or 'embedded' (default)")
    parser.add_argument("--limit", type=positive, metavar="N", help="use only the first N questions")
    parser.add_argument("--json", type=Path, metavar="PATH", help="also write all numbers to this file")
    parser.add_argument(
        "--html", type=Path, metavar="PATH", help="also write an evaluation as a page to this file"
    )
    parser.add_argument("--no-cache", action="store_true", help="keep no vectors of passages (bi-encoder)")
    parser.add_argument(
        "--require-gain", action="store_true", help="fail unless reranking raises MRR@10 over BM25's"
    )
    return parser.parse_args()


def positive(text: str) -> int:
    """Return the number, or let the parser refuse it."""
    number = int(text)
    if number < 1:
        raise ValueError
    return number


if __name__ == "__main__":
    sys.exit(main())
