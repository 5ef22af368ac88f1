"""Puts a checkpoint's tensors into a stock transformers model; runs no code from the checkpoint.

Knows no family by name: a ``Loader`` says what to build. A tensor that is missing, left over or of another
shape is an error, because a freshly initialised head gives scores that look like scores.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any

from rerank_plugins.core import attention
from rerank_plugins.core.blame import blaming
from rerank_plugins.core.forwards import first_position
from rerank_plugins.core.sizes import check_declared, check_held
from rerank_plugins.core.tensors import arranged
from rerank_plugins.errors import ArgumentError, CheckpointMismatchError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import torch
    from transformers import PreTrainedConfig, PreTrainedModel

    from rerank_plugins.core.checkpoint import Checkpoint
    from rerank_plugins.core.family import Loader
    from rerank_plugins.core.tokenization import TextTokenizer

_NOT_FROM_CHECKPOINTS = (
    "auto_map",
    "_attn_implementation",
    "_attn_implementation_internal",
    "attn_implementation",
    "_experts_implementation",
    "_experts_implementation_internal",
    "experts_implementation",
)
"""Keys of config.json that choose code to run; that choice is ours."""
_OUTPUTS = {"use_cache": False, "return_dict": True, "output_hidden_states": False, "output_attentions": False}
"""What a forward gives is ours to choose as well."""
_LEGACY_BUFFERS = r"(^|\.)embeddings\.position_ids$"
_ONE_AT_A_TIME = Lock()
LAYER_HEADS = "layer_heads"
"""Buffer ``(heads, hidden)`` of a model that can be read after several layers."""


def build_model(
    checkpoint: Checkpoint, loader: Loader, dtype: torch.dtype, device: torch.device, *, depth: int | None = None
) -> PreTrainedModel:
    """Return the model on the device, ready to score; layers above ``depth`` are left out.

    Raises:
        ArgumentError: The architecture is not known, or the weights are quantized.
        CheckpointMismatchError: Tensors are missing, left over or of another shape.
        ModelNotFoundError: There are no safetensors.
    """
    if loader.check is not None:
        loader.check(checkpoint)
    _refuse_quantized(checkpoint)
    planned = _planned(checkpoint, loader, depth)
    found = checkpoint.tensors()
    check_held(checkpoint.name, planned, found)
    model_class: Any = type(planned)
    tensors, heads = arranged(found, loader, depth)
    attention.register()
    packs = getattr(model_class, "_supports_attention_backend", False)
    with _quiet(), blaming(checkpoint.name, what="its weights and config.json"):
        model, report = model_class.from_pretrained(
            None,
            config=planned.config,
            state_dict=tensors,
            dtype=dtype,
            attn_implementation=attention.IMPLEMENTATION if packs else "eager",
            ignore_mismatched_sizes=True,  # they are in the report, and raised below
            output_loading_info=True,
        )
    _check_report(checkpoint, loader, report)
    if heads is not None:
        _check_heads(checkpoint, heads, model.config.hidden_size)
        model.register_buffer(LAYER_HEADS, heads.to(dtype))
    ready: PreTrainedModel = model.eval().to(device)
    return ready


def outline(checkpoint: Checkpoint, loader: Loader) -> PreTrainedModel:
    """Return the model without weights, for what can be known before, or without, loading it.

    Raises:
        ArgumentError: The architecture is not known.
        CheckpointMismatchError: ``config.json`` is nonsense.
    """
    if loader.check is not None:
        loader.check(checkpoint)
    return _planned(checkpoint, loader, None)


def capacity(checkpoint: Checkpoint, tokenizer: TextTokenizer, model: PreTrainedModel) -> int:
    """Return the longest row the model takes: the least of positions, tokenizer and saved limits."""
    positions = getattr(model.config, "max_position_embeddings", None)
    room = None if positions is None else positions - first_position(model.base_model)
    saved = checkpoint.json("sentence_bert_config.json").get("max_seq_length")
    known = [limit for limit in (room, tokenizer.model_max_length, saved) if limit is not None]
    if not known:
        raise ArgumentError(
            f"{checkpoint.name} does not say how long its rows may be; add model_max_length to "
            "its tokenizer_config.json."
        )
    return int(min(known))


def _planned(checkpoint: Checkpoint, loader: Loader, depth: int | None) -> PreTrainedModel:
    """Return the model as declared, without memory for its weights."""
    import torch

    check_declared(checkpoint.name, checkpoint.config)
    with blaming(checkpoint.name, what="config.json", kinds=(Exception,)), _quiet(), torch.device("meta"):
        config = _config(checkpoint, loader, depth)
        model: PreTrainedModel = _model_class(checkpoint, loader, config)(config)
    if "sliding_attention" in (getattr(config, "layer_types", None) or ()) and config.sliding_window is None:
        raise CheckpointMismatchError(
            f"{checkpoint.name}: config.json has layers with a sliding window, but no sliding_window. "
            "Download it again."
        )
    return model


def _config(checkpoint: Checkpoint, loader: Loader, depth: int | None) -> PreTrainedConfig:
    from transformers import CONFIG_MAPPING

    values = {key: value for key, value in checkpoint.config.items() if key not in _NOT_FROM_CHECKPOINTS}
    values = values if loader.config is None else loader.config(values)
    if depth is not None:
        values = {**values, "num_hidden_layers": depth}
    kind = str(values.get("model_type"))
    if kind not in CONFIG_MAPPING:
        raise ArgumentError(
            f"{checkpoint.name}: model_type {kind!r} is not known to the installed transformers. "
            "Update transformers, or choose another model; code from the checkpoint is never run."
        )
    return CONFIG_MAPPING[kind].from_dict({**values, **_OUTPUTS})


def _refuse_quantized(checkpoint: Checkpoint) -> None:
    if "quantization_config" in checkpoint.config or checkpoint.has("hf_quant_config.json"):
        raise ArgumentError(
            f"{checkpoint.name} holds quantized weights, which this package does not run. Give the unquantized "
            "checkpoint; NVFP4 checkpoints run in vLLM."
        )


def _model_class(checkpoint: Checkpoint, loader: Loader, config: PreTrainedConfig) -> Any:
    import transformers

    task = _task(checkpoint) if loader.task == "by-architecture" else loader.task
    classes = getattr(transformers, _TASKS[task])
    if type(config) not in classes:
        raise ArgumentError(f"{checkpoint.name}: transformers has no {task} model for {config.model_type!r}.")
    return classes[type(config)]


def _task(checkpoint: Checkpoint) -> str:
    is_classifier = any(name.endswith("ForSequenceClassification") for name in checkpoint.architectures)
    return "sequence-classification" if is_classifier else "causal-lm"


_TASKS = {
    "base": "MODEL_MAPPING",
    "causal-lm": "MODEL_FOR_CAUSAL_LM_MAPPING",
    "sequence-classification": "MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING",
}


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep transformers' progress bar and report off the user's screen; problems are raised instead."""
    from transformers import logging

    with _ONE_AT_A_TIME:
        verbosity, bar = logging.get_verbosity(), logging.is_progress_bar_enabled()
        logging.set_verbosity_error()
        logging.disable_progress_bar()
        try:
            yield
        finally:
            logging.set_verbosity(verbosity)
            if bar:
                logging.enable_progress_bar()


def _check_report(checkpoint: Checkpoint, loader: Loader, report: dict[str, Any]) -> None:
    harmless = re.compile("|".join((_LEGACY_BUFFERS, *loader.unused)))
    found = {
        word: sorted(name for name in map(str, report.get(key, ())) if not harmless.search(name))
        for key, word in _REPORTED.items()
    }
    problems = [f"{word}: {', '.join(names[:5])}" for word, names in found.items() if names]
    if problems:
        raise CheckpointMismatchError(
            f"{checkpoint.name} does not fit its architecture ({'; '.join(problems)}). Scores would be made up. "
            "Download it again, or pass the family= it was trained for."
        )


def _check_heads(checkpoint: Checkpoint, heads: torch.Tensor, hidden: int) -> None:
    if heads.shape[1] != hidden:  # a single number would be spread over all
        raise CheckpointMismatchError(
            f"{checkpoint.name}: its layer heads have {heads.shape[1]} weights each, its layers give {hidden} "
            "numbers. Download it again."
        )


_REPORTED = {
    "missing_keys": "missing",
    "unexpected_keys": "left over",
    "mismatched_keys": "of another shape",
    "error_msgs": "errors",
}
