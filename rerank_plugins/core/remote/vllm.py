"""Drives vLLM in this process: rows of token ids in, one raw number each; knows no prompt and no query."""

from __future__ import annotations

from dataclasses import fields
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import torch

from rerank_plugins.errors import ArgumentError, ArgumentTypeError, MissingExtraError, UnknownOptionError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import Tensor

    from rerank_plugins.core.family import Row
    from rerank_plugins.core.remote.prompting import Prompting
    from rerank_plugins.core.remote.served import Served

_OURS = (
    "model",
    "tokenizer",
    "runner",
    "convert",
    "task",
    "hf_overrides",
    "pooler_config",
    "dtype",
    "max_model_len",
    "max_num_batched_tokens",
    "trust_remote_code",
)
"""Arguments of vLLM that load() sets, because the scores depend on them, or that have an argument of load()."""


class VllmReads:
    """A vLLM engine; used by one thread at a time.

    Args:
        llm: A ``vllm.LLM`` with ``runner="pooling"``.
        served: How it was told to score.
    """

    def __init__(self, llm: Any, served: Served) -> None:
        self._llm = llm
        self._served = served

    @property
    def batch_tokens(self) -> int:
        """How many tokens vLLM takes in one forward."""
        return int(self._llm.llm_engine.vllm_config.scheduler_config.max_num_batched_tokens)

    def read(self, rows: Sequence[Row]) -> Tensor:
        """Return numbers ``(rows, 1)``."""
        for row in rows:
            self._served.check(row)
        outputs = self._llm.classify(
            [{"prompt_token_ids": list(row.ids)} for row in rows],
            pooling_params=[_parameters(row) for row in rows],
            use_tqdm=False,
        )
        return torch.tensor([output.outputs.probs for output in outputs], dtype=torch.float32)


def start_vllm(
    prompting: Prompting, *, dtype: str, batch_tokens: int | None, options: Mapping[str, object] | None
) -> VllmReads:
    """Return vLLM with the model loaded.

    Raises:
        MissingExtraError: vLLM is not installed.
        ArgumentError: An option is set by ``load`` itself.
        UnknownOptionError: vLLM has no such option.
    """
    try:
        from vllm import LLM, EngineArgs
    except ModuleNotFoundError as error:
        raise MissingExtraError('engine="vllm" needs vLLM: pip install "rerank-plugins[vllm]"') from error
    given = _checked({} if options is None else options, {field.name for field in fields(EngineArgs)})
    ours = {} if batch_tokens is None else {"max_num_batched_tokens": batch_tokens}
    llm = LLM(
        model=str(prompting.checkpoint.directory),
        runner="pooling",
        dtype=dtype,
        max_model_len=prompting.longest,
        hf_overrides=dict(prompting.served.overrides),
        **ours,
        **given,
    )
    return VllmReads(llm, prompting.served)


def _parameters(row: Row) -> Any:
    from vllm import PoolingParams

    first = _second_segment(row)
    extra = None if first is None else {"compressed_token_type_ids": first}
    return PoolingParams(task="classify", use_activation=False, extra_kwargs=extra)


def _second_segment(row: Row) -> int | None:
    """Return where segment 1 starts; vLLM takes segment ids in this form only, and 0 without it."""
    kinds = [] if row.type_ids is None else list(row.type_ids)
    if not any(kinds):
        return None
    first = kinds.index(1)
    if kinds != [0] * first + [1] * (len(kinds) - first):
        raise ArgumentError("vLLM takes two segments only, the first before the second. Leave engine= out.")
    return first


def _checked(options: object, known: set[str]) -> dict[str, Any]:
    if not isinstance(options, dict):
        raise ArgumentTypeError(f"engine_options must be a dict or None, got {type(options).__name__}.")
    ours = [name for name in options if name in _OURS]
    if ours:
        raise ArgumentError(
            f"engine_options: {', '.join(ours)} follow from the model and from load()'s own arguments (dtype, "
            "max_length, batch_tokens); leave them out."
        )
    for name in options:
        if name not in known:
            near = get_close_matches(str(name), known, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise UnknownOptionError(f"engine_options: vLLM has no option {name!r}.{hint}")
    return options
