"""The recorded checkpoints in a size that vLLM's CPU attention has kernels for, with random weights."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from transformers import PreTrainedModel

GOLDEN = Path(__file__).parents[1] / "golden"
_HEADS = {"hidden_size": 64, "num_attention_heads": 2, "intermediate_size": 96}
_SHARED_HEADS = {"num_key_value_heads": 1, "head_dim": 32}


def resized(folder: str, directory: Path) -> str:
    """Write the checkpoint of a recorded family with heads of 32 numbers; return where it is."""
    shutil.copytree(GOLDEN / folder / "checkpoint", directory, dirs_exist_ok=True)
    (directory / "model.safetensors").unlink()
    model = _model(json.loads((directory / "config.json").read_text()))
    model.save_pretrained(directory)
    return str(directory)


def _model(config: dict[str, object]) -> PreTrainedModel:
    import transformers

    (architecture,) = config["architectures"]
    changes = {**_HEADS, "initializer_range": 0.2, **(_SHARED_HEADS if "num_key_value_heads" in config else {})}
    config_class = transformers.CONFIG_MAPPING[config["model_type"]]
    torch.manual_seed(0)
    return getattr(transformers, architecture)(config_class.from_dict({**config, **changes})).float()
