"""BGE's Gemma 2 reranker with a head after every layer and token merging, on stock Gemma 2 layers; only data."""

from dataclasses import dataclass
from typing import Any

from rerank_plugins.core.activations import always_raw_logit
from rerank_plugins.core.checkpoint import Checkpoint
from rerank_plugins.core.families.bge_llm import FLAG_OPTIONS
from rerank_plugins.core.family import Family, Loader, Merging
from rerank_plugins.core.layer_readout import LayerReadout
from rerank_plugins.core.prompts import FlagPrompt


def _matches(checkpoint: Checkpoint) -> bool:
    return checkpoint.architectures == ("CostWiseGemmaForCausalLM",)


@dataclass(frozen=True, slots=True)
class _AsGemma2:
    """The configuration in Gemma 2's words.

    The architecture caps attention scores; the vendor's own code, run with its defaults, does not.
    """

    attn_softcap: bool = True

    def __call__(self, config: dict[str, Any]) -> dict[str, Any]:
        cap = config["attn_logit_softcapping"] if self.attn_softcap else None
        return {**config, "model_type": "gemma2", "attn_logit_softcapping": cap}


BGE_LIGHTWEIGHT = Family(
    name="bge-lightweight",
    models=("BAAI/bge-reranker-v2.5-gemma2-lightweight",),
    matches=_matches,
    loader=Loader(
        task="base",
        config=_AsGemma2(),
        heads=r"^lm_head\.(\d+)\.linear_head\.weight$",
        merging=Merging(layers=(8,), ratio=1),
    ),
    template=FlagPrompt(prompt="Predict whether passage B contains an answer to query A."),
    readout=LayerReadout(head_by="position", softcap=30.0),
    max_length=512,
    instruction="in place of the task sentence",
    activation=always_raw_logit,
    options={
        **FLAG_OPTIONS,
        "cutoff_layers": "readout.cutoff_layers",
        "head": "readout.head_by",
        "compress_layers": "loader.merging.layers",
        "compress_ratio": "loader.merging.ratio",
        "attn_softcap": "loader.config.attn_softcap",
    },
    license="Gemma",
    source="FlagEmbedding 1.4.2, LightWeightFlagLLMReranker",
)
