"""Tiny random checkpoints in the layout of the hub, for tests that need a real model but no real weights."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

if TYPE_CHECKING:
    from pathlib import Path

    from transformers import PreTrainedModel

TEXT = (
    "The with statement closes a file automatically when an error happens.",
    "A panda is a bear that is endemic to China and eats bamboo.",
    "Exercise improves mental health and reduces the risk of heart disease.",
    "Sourdough bread rises because wild yeast makes gas in the dough.",
)
QUERY = "how do I close a file when an error happens"
DOCUMENTS = (
    TEXT[0],
    TEXT[1],
    "",
    "file",
    " ".join(TEXT) * 2,
    TEXT[2],
    TEXT[0],
    "bread, bread; bread!",
    TEXT[3] + " " + TEXT[2],
)
_SIZES = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 3, "num_attention_heads": 4}
_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


def save(architecture: str, directory: Path) -> Path:
    """Save a random model with its tokenizer and return the directory."""
    tokenizer = _tokenizer()
    torch.manual_seed(0)
    model = build(architecture, tokenizer.get_vocab_size())
    model.save_pretrained(directory)
    tokenizer.save(str(directory / "tokenizer.json"))
    (directory / "tokenizer_config.json").write_text(json.dumps({"model_max_length": 256}))
    return directory


def build(architecture: str, vocabulary: int = 200, **changes: object) -> PreTrainedModel:
    """Return a random model in float32, ready to score."""
    import transformers

    name, extra = _ARCHITECTURES[architecture]
    config_class = getattr(transformers, f"{name}Config")
    suffix = "Model" if architecture in _BARE else "ForSequenceClassification"
    common = {"num_labels": 1, "vocab_size": vocabulary, "pad_token_id": 0, "initializer_range": 0.3}
    config = config_class(**{**_SIZES, **common, **extra, **changes})
    return getattr(transformers, name + suffix)(config).float().eval()


_ROTARY = {"num_key_value_heads": 2, "max_position_embeddings": 512}
_ARCHITECTURES: dict[str, tuple[str, dict[str, object]]] = {
    "bert": ("Bert", {"max_position_embeddings": 256}),
    "roberta": ("Roberta", {"max_position_embeddings": 258, "pad_token_id": 1, "type_vocab_size": 1}),
    "xlm-roberta": ("XLMRoberta", {"max_position_embeddings": 258, "pad_token_id": 1, "type_vocab_size": 1}),
    "modernbert": ("ModernBert", {"local_attention": 16, "global_attn_every_n_layers": 2}),
    "modernbert-mean": (
        "ModernBert",
        {"local_attention": 16, "global_attn_every_n_layers": 2, "classifier_pooling": "mean"},
    ),
    "deberta": (
        "DebertaV2",
        {"relative_attention": True, "pos_att_type": ["p2c", "c2p"], "position_buckets": 16, "type_vocab_size": 0},
    ),
    "bert-embedding": ("Bert", {"max_position_embeddings": 256}),
    "qwen2": ("Qwen2", _ROTARY),
    "qwen3": ("Qwen3", {**_ROTARY, "head_dim": 8}),
    "llama": ("Llama", _ROTARY),
    "mistral": ("Mistral", {**_ROTARY, "sliding_window": 12}),
    "gemma": ("Gemma", {**_ROTARY, "head_dim": 8}),
    "granite": (
        "Granite",
        {**_ROTARY, "attention_multiplier": 0.2, "residual_multiplier": 0.7, "embedding_multiplier": 3.0},
    ),
    "gemma2": ("Gemma2", {**_ROTARY, "head_dim": 8, "sliding_window": 12, "attn_logit_softcapping": 3.0}),
}
_BARE = {"bert-embedding", "qwen2", "qwen3", "llama", "mistral", "gemma", "gemma2", "granite"}


def _tokenizer() -> Tokenizer:
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(vocab_size=200, special_tokens=list(_SPECIAL), show_progress=False)
    tokenizer.train_from_iterator(TEXT, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    return tokenizer
