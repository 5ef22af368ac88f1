"""Fresh random checkpoints: the configurations and tokenizers under tests/golden with new weights."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from transformers import PreTrainedModel

GOLDEN = Path(__file__).parents[1] / "golden"


def save(folder: str, seed: int, directory: Path, **changes: Any) -> Path:
    """Save a random model of a recorded set's configuration, with its tokenizer, and return the directory.

    The tokenizer is written by the installed transformers, so that its file says what ``AutoTokenizer`` makes of
    it: for Qwen2 that is not what the recorded file says.
    """
    from transformers import AutoTokenizer

    source = GOLDEN / folder / "checkpoint"
    _model(source, seed, **changes).save_pretrained(directory)
    AutoTokenizer.from_pretrained(source).save_pretrained(directory)
    return directory


def _model(source: Path, seed: int, **changes: Any) -> PreTrainedModel:
    """Return a model in which every weight, also of norms and biases, differs from its first value."""
    import transformers

    config = transformers.AutoConfig.from_pretrained(source, **changes)
    torch.manual_seed(seed)
    model = getattr(transformers, config.architectures[0])(config).float().eval()
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(0.15 * torch.randn_like(weight))
    return model


def change_config(directory: Path, **values: Any) -> None:
    """Write values into a checkpoint's ``config.json``."""
    path = directory / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))
