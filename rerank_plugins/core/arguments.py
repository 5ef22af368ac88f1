"""Checks what callers pass to a reranker; each error says what was wrong, what was expected and what to change.

Knows no model.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from rerank_plugins.core.groups import Group
from rerank_plugins.errors import ArgumentError, ArgumentTypeError

if TYPE_CHECKING:
    from collections.abc import Iterator


def checked_group(query: object, documents: object, instruction: str | None, *, where: str = "") -> Group:
    """Return a group of one query and its documents.

    Raises:
        ArgumentTypeError: ``query`` is not a string, or ``documents`` not a sequence of strings.
    """
    if not isinstance(query, str):
        raise ArgumentTypeError(f"query{where} must be a string, got {type(query).__name__}.")
    texts = _checked_list(f"documents{where}", documents)
    for position, document in enumerate(texts):
        if not isinstance(document, str):
            raise ArgumentTypeError(
                f"documents{where}[{position}] must be a string, got {type(document).__name__}. "
                "Give the document's text, or leave the document out."
            )
    return Group(query, texts, instruction)


def checked_groups(queries: object, documents: object, instruction: str | None) -> list[Group]:
    """Return one group per query.

    Raises:
        ArgumentTypeError: ``queries`` is not a list of strings, or ``documents`` not a list of lists.
        ArgumentError: There is not one list of documents per query.
    """
    asked, lists = _checked_list("queries", queries), _checked_list("documents", documents)
    if len(asked) != len(lists):
        raise ArgumentError(
            f"documents must hold one list per query: got {len(asked)} queries and {len(lists)} lists."
        )
    return [
        checked_group(query, texts, instruction, where=f"[{place}]")
        for place, (query, texts) in enumerate(zip(asked, lists, strict=True))
    ]


def grouped_pairs(pairs: object, instruction: str | None) -> tuple[list[Group], list[int]]:
    """Return pairs grouped by query, and for each grouped document its place among the pairs.

    Raises:
        ArgumentTypeError: ``pairs`` is not a list of ``(query, document)`` strings.
    """
    checked = [_checked_pair(pair, place) for place, pair in enumerate(_checked_list("pairs", pairs))]
    places: dict[str, list[int]] = {}
    for place, (query, _) in enumerate(checked):
        places.setdefault(query, []).append(place)
    groups = [Group(query, [checked[place][1] for place in found], instruction) for query, found in places.items()]
    return groups, [place for found in places.values() for place in found]


def windows(groups: Sequence[Group], most: int) -> Iterator[list[tuple[int, Group]]]:
    """Yield ``(index of the group, part of the group)`` in lists of at most ``most`` documents."""
    parts = (
        (index, Group(group.query, group.documents[start : start + most], group.instruction))
        for index, group in enumerate(groups)
        for start in range(0, len(group.documents), most)
    )
    window: list[tuple[int, Group]] = []
    used = 0
    for index, part in parts:
        if window and used + len(part.documents) > most:
            yield window
            window, used = [], 0
        window.append((index, part))
        used += len(part.documents)
    if window:
        yield window


def _checked_list(name: str, value: object) -> Sequence[Any]:
    if isinstance(value, (str, bytes)) or not isinstance(value, Sequence):
        raise ArgumentTypeError(
            f"{name} must be a list, got {type(value).__name__}. Put a single entry into a list: [entry]."
        )
    return value


def _checked_pair(pair: object, place: int) -> tuple[str, str]:
    both = tuple(islice(pair, 3)) if isinstance(pair, Sequence) and not isinstance(pair, str) else ()
    match both:
        case (str(query), str(document)):
            return query, document
    kinds = ", ".join(type(part).__name__ for part in both)  # never the text: errors are logged
    got = f"({kinds})" if both else type(pair).__name__
    raise ArgumentTypeError(f"pairs[{place}] must be (query, document), two strings; got {got}.")
