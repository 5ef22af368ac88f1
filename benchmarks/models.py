"""Random models of true size in a cache directory, laid out as on the hub; scores nothing."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import vocabularies
from benchmarks.rows import CHAT_TEMPLATE

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from benchmarks.sizes import Model

CACHE = Path(__file__).parent / ".models"


def directory_of(model: Model, cache: Path = CACHE) -> Path:
    """Return the directory of a model; the first call builds it.

    The name holds a hash of everything the model is made from, so a changed definition makes a new one.
    """
    stamp = hashlib.sha256(json.dumps(asdict(model), sort_keys=True).encode()).hexdigest()[:8]
    directory = cache / f"{model.name}-{stamp}"
    if not directory.exists():
        unfinished = cache / f"{directory.name}.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        vocabularies.save(model, unfinished)
        if model.causal:
            (unfinished / "chat_template.jinja").write_text(CHAT_TEMPLATE, encoding="utf-8")
        build(model, unfinished).save_pretrained(unfinished)
        unfinished.rename(directory)
    return directory


def build(model: Model, directory: Path) -> PreTrainedModel:
    """Return the model with random weights in float32; its special tokens are those of the tokenizer there."""
    import torch
    import transformers

    name = model.architecture
    for task in ("ForSequenceClassification", "ForCausalLM"):
        name = name.removesuffix(task)
    config = getattr(transformers, f"{name}Config")(**_special(directory), **model.config)
    torch.manual_seed(0)
    built: PreTrainedModel = getattr(transformers, model.architecture)(config).float().eval()
    _spread_scores(built)
    return built


def _spread_scores(built: PreTrainedModel) -> None:
    """Make the last row of a classifier longer, so that scores differ by about 1 and not by about 0.1."""
    import torch

    head = getattr(built, "classifier", None)
    last = getattr(head, "out_proj", head)
    if last is not None:
        with torch.no_grad():
            last.weight.mul_(8)


def _special(directory: Path) -> dict[str, int]:
    """Return the ids that ``Qwen2Config`` must know; the encoders' configurations say theirs themselves."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(directory)
    if tokenizer.bos_token_id is not None or tokenizer.cls_token_id is not None:
        return {}
    return {"eos_token_id": tokenizer.eos_token_id, "pad_token_id": tokenizer.pad_token_id}
