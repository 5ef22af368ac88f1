"""BGE cross-encoders on XLM-RoBERTa; only data."""

from rerank_plugins.core.activations import always_raw_logit
from rerank_plugins.core.checkpoint import Checkpoint
from rerank_plugins.core.family import Family, Loader
from rerank_plugins.core.readouts import ClassifierReadout
from rerank_plugins.core.templates import PairTemplate, cut_document


def _matches(checkpoint: Checkpoint) -> bool:
    """An XLM-R classifier without the traces that sentence-transformers leaves in its own cross-encoders."""
    return (
        checkpoint.architectures == ("XLMRobertaForSequenceClassification",)
        and checkpoint.labels == 1
        and "auto_map" not in checkpoint.config
        and not checkpoint.has_sentence_transformers_traces
        and not checkpoint.modules()
    )


BGE_ENCODER = Family(
    name="bge-encoder",
    models=("BAAI/bge-reranker-base", "BAAI/bge-reranker-large", "BAAI/bge-reranker-v2-m3"),
    matches=_matches,
    loader=Loader(task="sequence-classification"),
    template=PairTemplate(cut=cut_document),
    readout=ClassifierReadout(),
    max_length=512,
    instruction="before the query",
    activation=always_raw_logit,
    options={
        "query_instruction_for_rerank": "template.query_instruction_for_rerank",
        "query_instruction_format": "template.query_instruction_format",
        "passage_instruction_for_rerank": "template.passage_instruction_for_rerank",
        "passage_instruction_format": "template.passage_instruction_format",
    },
    license="MIT (base, large), Apache-2.0 (v2-m3)",
    source="FlagEmbedding 1.4.2, FlagReranker",
)
