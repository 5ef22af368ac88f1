"""The special tokens that a tokenizer puts around one text or a pair; knows no text and no model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenizers import Encoding


@dataclass(frozen=True, slots=True)
class PairFrame:
    """The special tokens that a tokenizer puts around one text or a pair, with their segment ids."""

    before: tuple[int, ...]
    between: tuple[int, ...]
    after: tuple[int, ...]
    type_ids: tuple[int, int, int, int, int] = (0, 0, 0, 0, 0)
    """Segment of: before, first text, between, second text, after."""

    def __len__(self) -> int:
        return len(self.before) + len(self.between) + len(self.after)


def frame_of(encoding: Encoding) -> PairFrame:
    """Return what stands around the texts of an encoding."""
    owners = encoding.sequence_ids
    first = [place for place, owner in enumerate(owners) if owner == 0]
    second = [place for place, owner in enumerate(owners) if owner == 1]
    ids, types = encoding.ids, encoding.type_ids
    inner = first[-1] + 1
    outer = second[0] if second else len(ids)
    last = second[-1] + 1 if second else len(ids)
    between, after = (slice(inner, outer), slice(last, None)) if second else (slice(0), slice(inner, None))
    return PairFrame(
        before=tuple(ids[: first[0]]),
        between=tuple(ids[between]),
        after=tuple(ids[after]),
        type_ids=(
            _only(types[: first[0]]),
            types[first[0]],
            _only(types[between]),
            types[second[0]] if second else 0,
            _only(types[after]),
        ),
    )


def _only(types: list[int]) -> int:
    return types[0] if types else 0
