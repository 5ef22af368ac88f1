"""The models and workloads that are measured, as data; builds nothing and runs nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Model:
    """A model of true size.

    Attributes:
        name: Its directory in the cache.
        title: How tables call it.
        family: The family this package scores it with.
        architecture: The class of transformers.
        config: What the configuration of that class is told.
        vocabulary: Which tokenizer: ``"wordpiece"``, ``"unigram"`` or ``"bytes"``.
        pieces: Size of a tokenizer trained here. The embedding matrix has the true size all the same.
    """

    name: str
    title: str
    family: str
    architecture: str
    config: dict[str, Any] = field(hash=False)
    vocabulary: str
    pieces: int = 0

    @property
    def causal(self) -> bool:
        """Whether a token sees only what is before it."""
        return self.architecture.endswith("ForCausalLM")


@dataclass(frozen=True, kw_only=True, slots=True)
class Workload:
    """One query with its documents; lengths in tokens of the model's own tokenizer.

    Attributes:
        documents: How many documents a main measurement has.
        mean: Mean length of a document; lengths are log-normal.
        shortest: No document is shorter.
        longest: No document is longer.
        spread: Standard deviation of the logarithm of the length.
        query: Length of the query.
        instruction: Length of the instruction; 0 = none.
        turns: Turns of conversation in the instruction; 0 = a plain sentence.
        curve: Numbers of documents at which time is drawn.
        rounds: At most so many rounds, where one takes many minutes.
    """

    documents: int
    mean: int = 165
    shortest: int = 20
    longest: int = 500
    spread: float = 0.7
    query: int = 20
    instruction: int = 0
    turns: int = 0
    curve: tuple[int, ...] = ()
    rounds: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Size:
    """A model with a workload, under the name that ``SIZE=`` takes."""

    name: str
    title: str
    model: Model
    workload: Workload


# Weights are drawn with a deviation of 1/sqrt(hidden), so that activations neither vanish nor explode and scores
# differ by more than rounding; transformers' own 0.02 leaves them nearly tied.
_MINILM = Model(
    name="minilm",
    title="MiniLM-L6 cross-encoder",
    family="cross-encoder",
    architecture="BertForSequenceClassification",
    vocabulary="wordpiece",
    config={
        "vocab_size": 30522,
        "hidden_size": 384,
        "num_hidden_layers": 6,
        "num_attention_heads": 12,
        "intermediate_size": 1536,
        "max_position_embeddings": 512,
        "num_labels": 1,
        "initializer_range": 0.051,
    },
)
_XLMR = Model(
    name="xlmr",
    title="XLM-R base",
    family="bge-encoder",
    architecture="XLMRobertaForSequenceClassification",
    vocabulary="unigram",
    pieces=16000,
    config={
        "vocab_size": 250002,
        "hidden_size": 768,
        "num_hidden_layers": 12,
        "num_attention_heads": 12,
        "intermediate_size": 3072,
        "max_position_embeddings": 514,
        "type_vocab_size": 1,
        "layer_norm_eps": 1e-5,
        "bos_token_id": 0,
        "pad_token_id": 1,
        "eos_token_id": 2,
        "num_labels": 1,
        "initializer_range": 0.036,
    },
)
_QWEN = Model(
    name="qwen",
    title="Qwen2 0.5B with the mxbai prompt",
    family="mxbai-v2",
    architecture="Qwen2ForCausalLM",
    vocabulary="bytes",
    pieces=16000,
    config={
        "vocab_size": 151936,
        "hidden_size": 896,
        "num_hidden_layers": 24,
        "num_attention_heads": 14,
        "num_key_value_heads": 2,
        "intermediate_size": 4864,
        "max_position_embeddings": 32768,
        "rope_theta": 1000000.0,
        "tie_word_embeddings": True,
        "initializer_range": 0.033,
    },
)

MINILM = Size(
    name="minilm", title=_MINILM.title, model=_MINILM, workload=Workload(documents=100, curve=(10, 100, 1000))
)
XLMR = Size(name="xlmr", title=_XLMR.title, model=_XLMR, workload=Workload(documents=100, curve=(10, 100)))
QWEN = Size(name="qwen", title=_QWEN.title, model=_QWEN, workload=Workload(documents=8, instruction=31))
QWEN_8TURN = Size(
    name="qwen-8turn",
    title=f"{_QWEN.title}, 8-turn instruction",
    model=_QWEN,
    workload=Workload(
        documents=100,
        mean=45,
        shortest=10,
        longest=120,
        spread=0.5,
        instruction=534,
        turns=8,
        curve=(10, 100),
        rounds=1,
    ),
)
SIZES = {size.name: size for size in (MINILM, XLMR, QWEN, QWEN_8TURN)}
