"""Which model is wanted and how its prompts are to be written, wherever it runs; a value, nothing more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rerank_plugins.core.family import Family
    from rerank_plugins.core.info import Defaults
    from rerank_plugins.core.lengths import Lengths
    from rerank_plugins.core.sources import Source


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Arguments of ``load`` that hold for every engine.

    Attributes:
        source: Where the model's files are.
        family: Its name, or itself; ``None`` = from the files.
        lengths: How long rows may be.
        defaults: What every call starts from.
        family_options: Options of the family.
        shared_options: Names of the options that all families have, for error messages.
    """

    source: Source
    family: str | Family | None
    lengths: Lengths
    defaults: Defaults
    family_options: Mapping[str, object]
    shared_options: Sequence[str]
