"""Haystack's own types of arguments, as the rest of the package takes them; knows no model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rerank_plugins.errors import ArgumentError, ArgumentTypeError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from haystack import Document
    from haystack.utils import ComponentDevice


def count_of(top_k: int | None, top_n: int | None) -> int | None:
    """Return the count given under either name."""
    count: int | None = one_of(top_k=top_k, top_n=top_n)
    if isinstance(count, int) and count <= 0:
        raise ArgumentError(f"top_k must be > 0, but got {count}")
    return count


def one_of(**names: Any) -> Any:
    """Return the value of one setting, given under either of two names."""
    given = [value for value in names.values() if value is not None]
    if len(given) > 1 and given[0] != given[1]:
        raise ArgumentError(
            f"{' and '.join(names)} are one setting, got {given[0]} and {given[1]}. Give one of them."
        )
    return given[0] if given else None


def devices_of(device: ComponentDevice | None) -> str | list[str] | None:
    """Return the device as load() takes it; a map names devices, of which each gets a copy of the model."""
    from haystack.utils import ComponentDevice

    if device is None:
        return None
    if not isinstance(device, ComponentDevice):
        raise ArgumentTypeError(
            f"device must be a ComponentDevice or None, got {type(device).__name__}. "
            'Use ComponentDevice.from_str("cuda:0").'
        )
    plain = device.to_dict()
    if "device" in plain:
        return str(plain["device"])
    return list(dict.fromkeys(plain["device_map"].values()))


def deduplicated(documents: Sequence[Document]) -> list[Document]:
    """Return one document per id, the one with the highest incoming score, where the id came first."""
    best: dict[str, Document] = {}
    for document in documents:
        known = best.get(document.id)
        if known is None or _incoming(document) > _incoming(known):
            best[document.id] = document
    return list(best.values())


def _incoming(document: Document) -> float:
    return float("-inf") if document.score is None else document.score
