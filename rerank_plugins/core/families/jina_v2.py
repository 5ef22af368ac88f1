"""Jina's multilingual reranker: stock XLM-RoBERTa under other names; only data."""

from typing import Any

from rerank_plugins.core.activations import always_sigmoid
from rerank_plugins.core.checkpoint import Checkpoint
from rerank_plugins.core.family import Family, Loader
from rerank_plugins.core.readouts import ClassifierReadout
from rerank_plugins.core.templates import PairTemplate, cut_longest_first


def _matches(checkpoint: Checkpoint) -> bool:
    code = str(checkpoint.config.get("auto_map", {}).get("AutoConfig", ""))
    return (
        code.endswith("XLMRobertaFlashConfig")
        and "XLMRobertaForSequenceClassification" in checkpoint.architectures
    )


def _as_xlm_roberta(config: dict[str, Any]) -> dict[str, Any]:
    return {**config, "model_type": "xlm-roberta"}


JINA_V2 = Family(
    name="jina-v2",
    models=("jinaai/jina-reranker-v2-base-multilingual",),
    matches=_matches,
    loader=Loader(
        task="sequence-classification",
        config=_as_xlm_roberta,
        rename=(
            (r"^roberta\.emb_ln\.", "roberta.embeddings.LayerNorm."),
            (r"^roberta\.encoder\.layers\.", "roberta.encoder.layer."),
            (r"\.mixer\.out_proj\.", ".attention.output.dense."),
            (r"\.norm1\.", ".attention.output.LayerNorm."),
            (r"\.norm2\.", ".output.LayerNorm."),
            (r"\.mlp\.fc1\.", ".intermediate.dense."),
            (r"\.mlp\.fc2\.", ".output.dense."),
        ),
        split=(
            (
                r"\.mixer\.Wqkv\.",
                (".attention.self.query.", ".attention.self.key.", ".attention.self.value."),
            ),
        ),
    ),
    template=PairTemplate(cut=cut_longest_first),
    readout=ClassifierReadout(),
    max_length=1024,
    instruction=None,
    activation=always_sigmoid,
    license="CC-BY-NC-4.0 (non-commercial)",
    source="the repository's own compute_score() and rerank()",
)
