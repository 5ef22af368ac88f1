"""Writes the families table of the README from ``families()``; run by ``make readme``, checked by a test."""

from __future__ import annotations

from pathlib import Path

from rerank_plugins import families

README = Path(__file__).parents[1] / "README.md"
START, END = "<!-- families: start -->", "<!-- families: end -->"
HEAD = "| family | models | instruction | max_length | license | scores as in |\n" + "| --- " * 6 + "|"


def table() -> str:
    """Return the table as Markdown."""
    return "\n".join([HEAD, *(row(family) for family in families())])


def row(family: object) -> str:
    models = "<br>".join(f"`{model}`" for model in family.models) or "any of this kind"
    longest = "the checkpoint's" if family.max_length is None else f"{family.max_length}"
    instruction = "none" if family.instruction is None else family.instruction.replace("<", "&lt;")
    return f"| `{family.name}` | {models} | {instruction} | {longest} | {family.license} | {family.source} |"


def current() -> str:
    """Return the table that stands in the README."""
    return README.read_text(encoding="utf-8").split(START)[1].split(END)[0].strip()


if __name__ == "__main__":
    before, _, rest = README.read_text(encoding="utf-8").partition(START)
    README.write_text(f"{before}{START}\n{table()}\n{END}{rest.partition(END)[2]}", encoding="utf-8")
