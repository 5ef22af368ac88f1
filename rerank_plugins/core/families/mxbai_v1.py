"""Mixedbread's first rerankers on DeBERTa; only data."""

from rerank_plugins.core.activations import always_sigmoid
from rerank_plugins.core.checkpoint import Checkpoint
from rerank_plugins.core.family import Family, Loader
from rerank_plugins.core.readouts import ClassifierReadout
from rerank_plugins.core.templates import PairTemplate, cut_longest_first


def _matches(checkpoint: Checkpoint) -> bool:
    """A DeBERTa classifier with one label that sentence-transformers did not save as its own."""
    is_deberta = checkpoint.architectures == ("DebertaV2ForSequenceClassification",)
    return is_deberta and checkpoint.labels == 1 and not checkpoint.has_sentence_transformers_traces


MXBAI_V1 = Family(
    name="mxbai-v1",
    models=(
        "mixedbread-ai/mxbai-rerank-xsmall-v1",
        "mixedbread-ai/mxbai-rerank-base-v1",
        "mixedbread-ai/mxbai-rerank-large-v1",
    ),
    matches=_matches,
    loader=Loader(task="sequence-classification"),
    template=PairTemplate(cut=cut_longest_first),
    readout=ClassifierReadout(),
    max_length=None,
    instruction=None,
    activation=always_sigmoid,
    license="Apache-2.0",
    source="mxbai-rerank 0.1.6, MxbaiRerankV1",
)
