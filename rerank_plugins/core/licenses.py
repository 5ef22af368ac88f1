"""Says once in the log that a model's weights are not free for every use; decides nothing."""

from __future__ import annotations

import logging
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rerank_plugins.core.family import Family

_LOG = logging.getLogger("rerank_plugins")
_LOCK = Lock()
_TOLD: set[str] = set()


def tell_license(family: Family, model: str) -> None:
    """Log a family's licence if it forbids commercial use; once for each family and process."""
    with _LOCK:
        is_known = family.name in _TOLD
        _TOLD.add(family.name)
    if "non-commercial" in family.license and not is_known:
        _LOG.warning("%s: the published weights of %s are under %s.", model, family.name, family.license)
