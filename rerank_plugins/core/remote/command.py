"""The command that starts vLLM so that it scores a model as its family does; starts nothing itself."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from rerank_plugins.core.info import Defaults
from rerank_plugins.core.lengths import Lengths
from rerank_plugins.core.remote.prompting import prompting
from rerank_plugins.core.remote.token_dialects import GENERATING, token_dialect_named
from rerank_plugins.core.sources import Source
from rerank_plugins.core.wanted import Wanted

if TYPE_CHECKING:
    from rerank_plugins.core.remote.prompting import Prompting


def vllm_command(
    model: str,
    *,
    family: str | None = None,
    revision: str | None = None,
    max_length: int | None = None,
    dtype: str = "bfloat16",
    dialect: str = "vllm",
) -> list[str]:
    """Return the words of the command.

    Args:
        model: Hub id or local directory; only its small files are fetched.
        family: Its name; ``None`` = from the model's own files, never guessed.
        revision: Branch, tag or commit on the hub.
        max_length: Most tokens of one row; ``None`` = the family's or the checkpoint's own.
        dtype: Precision of the weights on the server.
        dialect: ``"vllm"`` for a pooling server, ``"vllm-generate"`` for one whose key guards its route.

    Raises:
        ArgumentError: vLLM cannot serve the model, or not so.
        UnknownFamilyError: No family fits the model.
        ModelNotFoundError: There is no such model.
    """
    prepared = prompting(_wanted(model, family, revision, max_length))
    generates = token_dialect_named(dialect, prepared.served) is GENERATING
    words = ["vllm", "serve", model, *([] if revision is None else ["--revision", revision])]
    # A server that generates makes one token besides what it is sent.
    words += ["--dtype", dtype, "--max-model-len", str(prepared.longest + generates)]
    return [*words, *(["--logprobs-mode", "raw_logits"] if generates else _pooling(prepared))]


def _pooling(prepared: Prompting) -> list[str]:
    overrides = prepared.served.overrides
    return ["--runner", "pooling", *(["--hf-overrides", json.dumps(overrides)] if overrides else [])]


def _wanted(model: str, family: str | None, revision: str | None, max_length: int | None) -> Wanted:
    lengths = Lengths(max_length=max_length, max_query_length=None, long_documents="truncate", overlap_tokens=0)
    return Wanted(
        source=Source(model=model, revision=revision),
        family=family,
        lengths=lengths,
        defaults=Defaults(),
        family_options={},
        shared_options=(),
    )
