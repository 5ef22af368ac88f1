"""One OpenTelemetry span for each call, where OpenTelemetry is installed; never sees or writes a text.

Which exporter there is, and whether anything is recorded, is the application's business.
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rerank_plugins.core.groups import Group, Scored
    from rerank_plugins.core.info import RerankerInfo

SPAN = "rerank"


class Call:
    """The span of one call, or nothing."""

    def __init__(self, span: Any | None) -> None:
        self._span = span

    def end(self, found: list[list[Scored]]) -> list[list[Scored]]:
        """Write down what came of the call, and return it."""
        if self._span is not None and self._span.is_recording():
            results = [scored for group in found for scored in group]
            self._span.set_attribute("rerank.tokens", sum(scored.tokens for scored in results))
            self._span.set_attribute("rerank.truncated", sum(scored.truncated for scored in results))
        return found


@contextmanager
def traced(info: RerankerInfo, groups: Sequence[Group]) -> Iterator[Call]:
    """Open the span of a call; an error marks it with its kind, and its duration is the call's latency."""
    tracer = _tracer()
    if tracer is None:
        yield Call(None)
        return
    # The message of an error stays out, because others' errors may quote what they were given.
    with tracer.start_as_current_span(SPAN, record_exception=False, set_status_on_exception=False) as span:
        try:
            span.set_attributes(_attributes(info, groups))
            yield Call(span)
        except BaseException as error:
            _mark(span, error)
            raise


def _attributes(info: RerankerInfo, groups: Sequence[Group]) -> dict[str, Any]:
    return {
        "rerank.model": info.model,
        "rerank.revision": info.revision or "",
        "rerank.family": info.family,
        "rerank.engine": info.engine,
        "rerank.queries": len(groups),
        "rerank.documents": sum(len(group.documents) for group in groups),
    }


def _mark(span: Any, error: BaseException) -> None:
    from opentelemetry.trace import Status, StatusCode

    span.set_attribute("error.type", type(error).__name__)
    span.set_status(Status(StatusCode.ERROR))


@cache
def _tracer() -> Any | None:
    try:
        from opentelemetry.trace import get_tracer
    except ImportError:
        return None
    return get_tracer("rerank_plugins")
