"""Run the benchmark: ``make bench``, or ``python -m benchmarks --size minilm``; takes the arguments only."""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

RESULTS = Path(__file__).parent / "results"
_QUIET = {"TOKENIZERS_PARALLELISM": "false", "TQDM_DISABLE": "1", "HF_HUB_OFFLINE": "1"}


def main() -> None:
    """Measure the sizes that were asked for, one after the other, and write each result as it comes."""
    options = _arguments()
    # Before anything imports torch or tokenizers.
    os.environ.update(_QUIET, OMP_NUM_THREADS=str(options.threads))
    from rich.console import Console

    from benchmarks import machine, plots, tables

    machine.pin(options.threads)
    console = Console(width=None if os.isatty(1) else 150)
    for name in options.size:
        start = time.monotonic()
        result = _measure(name, options, console)
        tables.show(result, console)
        console.print(f"{name} took {(time.monotonic() - start) / 60:.1f} minutes.\n")
    plots.draw(options.out)


def _measure(name: str, options: argparse.Namespace, console: Any) -> dict[str, Any]:
    from benchmarks.sizes import SIZES
    from benchmarks.suite import measure

    path = options.out / f"{name}-{_joined(options.dtype)}.json"

    def write(result: dict[str, Any]) -> None:
        result["command"] = _command(name, options)
        _write(path, result)
        console.print(f"{name}: written after a round, {len(result['runs'])} measurements")

    console.print(f"{name}: {SIZES[name].title}")
    return measure(
        SIZES[name],
        dtypes=options.dtype,
        peers=options.peers,
        rounds=options.rounds,
        threads=options.threads,
        after_round=write,
    )


def _write(path: Path, result: dict[str, Any]) -> None:
    """Replace the file at once, so that it is never half a result."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    unfinished.replace(path)


def _arguments() -> argparse.Namespace:
    from benchmarks.plan import DTYPES, PEERS
    from benchmarks.sizes import SIZES

    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Speed beside other libraries.")
    parser.add_argument("--size", type=_choice(SIZES), default="all", help="comma list, or all")
    parser.add_argument("--peers", type=_choice(PEERS), default="all", help="comma list of libraries, all or none")
    parser.add_argument("--dtype", type=_choice(DTYPES), default="all", help="comma list of precisions, or all")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--threads", type=int, default=1, help="1 also pins the process to one core")
    parser.add_argument("--out", type=Path, default=RESULTS, help="directory of the results")
    return parser.parse_args()


def _choice(known: Sequence[str] | dict[str, Any]) -> Any:
    """Return a function that reads a comma list of known names; ``all`` is all of them, ``none`` is none."""

    def names(text: str) -> list[str]:
        if text in {"all", "none"}:
            return list(known) if text == "all" else []
        chosen = text.split(",")
        unknown = [name for name in chosen if name not in known]
        if unknown:
            message = f"{', '.join(unknown)} not known; use all or a list of {', '.join(known)}"
            raise argparse.ArgumentTypeError(message)
        return chosen

    return names


def _joined(dtypes: list[str]) -> str:
    from benchmarks.plan import DTYPES

    return "all" if set(dtypes) == set(DTYPES) else "-".join(dtypes)


def _command(name: str, options: argparse.Namespace) -> str:
    from benchmarks.plan import PEERS

    peers = "all" if set(options.peers) == set(PEERS) else ",".join(options.peers) or "none"
    said = f"SIZE={name} DTYPE={','.join(options.dtype)} PEERS={peers}"
    return f"make bench {said} ROUNDS={options.rounds} THREADS={options.threads}"


if __name__ == "__main__":
    main()
