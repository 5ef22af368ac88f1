"""Servers that take token ids and score them as they are, as data; sends nothing.

Both are vLLM (0.32 and 0.33), started in two ways: see ``vllm_command``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from rerank_plugins.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rerank_plugins.core.remote.served import Served


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenDialect:
    """One kind of server.

    Attributes:
        name: What ``load(dialect=...)`` calls it.
        path: Where, below the server's URL.
        rows: Field of the rows of token ids.
        fields: Returns the fields that every request has.
        results: Field of the list of results.
        number: Returns what should be the raw number of one result.
        most_rows: Most rows of one request, so that it is answered in time; vLLM itself has no limit.
    """

    name: str
    path: str
    rows: str
    fields: Callable[[Served], Mapping[str, object]]
    results: str
    number: Callable[[Mapping[str, Any], Served], object]
    most_rows: int = 256
    key_variable: str = "VLLM_API_KEY"
    model_name: Literal["required", "optional", "none"] = "optional"

    def paths(self) -> tuple[str, ...]:
        """Return where its route is, below a server's URL."""
        return (self.path,)


def _pooled(result: Mapping[str, Any], served: Served) -> object:  # noqa: ARG001 - the signature of TokenDialect.number
    probs = result.get("probs")
    return probs[0] if isinstance(probs, list) and len(probs) == 1 else None


def _asked_labels(served: Served) -> dict[str, object]:
    labels = [label for label in (served.true, served.false) if label is not None]
    return {
        "max_tokens": 1,
        "temperature": 0,
        "logprobs": 1,
        "logprob_token_ids": labels,
        "return_tokens_as_token_ids": True,
    }


def _label_difference(result: Mapping[str, Any], served: Served) -> object:
    """Return the logit of ``true``, less that of ``false`` if there is one; ``None`` = they are not there."""
    try:
        found = result["logprobs"]["top_logprobs"][0]
        true = found[f"token_id:{served.true}"]
        return true if served.false is None else true - found[f"token_id:{served.false}"]
    except (KeyError, IndexError, TypeError):
        return None


# A pooling server. /classify is not guarded by vLLM's key, so it belongs behind a gateway.
POOLING = TokenDialect(
    name="vllm",
    path="/classify",
    rows="input",
    fields=lambda _: {"use_activation": False},
    results="data",
    number=_pooled,
)

# A generating server with --logprobs-mode raw_logits; its key guards /v1. It multiplies the whole output matrix.
GENERATING = TokenDialect(
    name="vllm-generate",
    path="/v1/completions",
    rows="prompt",
    fields=_asked_labels,
    results="choices",
    number=_label_difference,
)

TOKEN_DIALECTS = (POOLING, GENERATING)


def token_dialect_named(name: object, served: Served) -> TokenDialect:
    """Return a dialect that can score what is served.

    Raises:
        ArgumentError: There is none of this name, or it generates and the model is a classifier.
    """
    found = next((dialect for dialect in TOKEN_DIALECTS if dialect.name == name), None)
    if found is None:
        known = " or ".join(repr(dialect.name) for dialect in TOKEN_DIALECTS)
        raise ArgumentError(
            f"engine= names a server that takes token ids, so dialect must be {known}, got {name!r}. "
            "For a server that takes text, give its URL as model=."
        )
    if found is GENERATING and served.true is None:
        raise ArgumentError("This model is a classifier and generates nothing: use dialect='vllm'.")
    return found
