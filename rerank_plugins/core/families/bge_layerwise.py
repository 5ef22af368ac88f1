"""BGE's MiniCPM reranker with a head after every layer, on stock Granite layers; only data."""

from typing import Any

from rerank_plugins.core.activations import always_raw_logit
from rerank_plugins.core.checkpoint import Checkpoint
from rerank_plugins.core.families.bge_llm import FLAG_OPTIONS, YES_OR_NO
from rerank_plugins.core.family import Family, Loader
from rerank_plugins.core.layer_readout import LayerReadout
from rerank_plugins.core.prompts import FlagPrompt


def _matches(checkpoint: Checkpoint) -> bool:
    return checkpoint.architectures == ("LayerWiseMiniCPMForCausalLM",)


def _as_granite(config: dict[str, Any]) -> dict[str, Any]:
    """Return MiniCPM's configuration in Granite's words; scale_depth counts all layers, also those left out."""
    head_size = config["hidden_size"] // config["num_attention_heads"]
    return {
        **config,
        "model_type": "granite",
        "embedding_multiplier": config["scale_emb"],
        "residual_multiplier": config["scale_depth"] / config["num_hidden_layers"] ** 0.5,
        "attention_multiplier": head_size**-0.5,
        "rope_scaling": None,
    }


BGE_LAYERWISE = Family(
    name="bge-layerwise",
    models=("BAAI/bge-reranker-v2-minicpm-layerwise",),
    matches=_matches,
    loader=Loader(task="base", config=_as_granite, heads=r"^lm_head\.(\d+)\.linear_head\.weight$"),
    template=FlagPrompt(prompt=YES_OR_NO),
    readout=LayerReadout(head_by="layer"),
    max_length=512,
    instruction="in place of the task sentence",
    activation=always_raw_logit,
    options={**FLAG_OPTIONS, "cutoff_layers": "readout.cutoff_layers"},
    license="Apache-2.0",
    source="FlagEmbedding 1.4.2, LayerWiseFlagLLMReranker",
)
