"""Any sequence classifier with one label, scored as sentence-transformers does; only data."""

from rerank_plugins.core.activations import as_sentence_transformers
from rerank_plugins.core.checkpoint import Checkpoint
from rerank_plugins.core.family import Family, Loader
from rerank_plugins.core.readouts import ClassifierReadout
from rerank_plugins.core.templates import PairTemplate, cut_longest_first


def _matches(checkpoint: Checkpoint) -> bool:
    """A stock encoder classifier with one label; decoder classifiers need a prompt of their own."""
    architecture = checkpoint.architectures[0] if len(checkpoint.architectures) == 1 else ""
    return checkpoint.labels == 1 and architecture in {
        "BertForSequenceClassification",
        "DebertaV2ForSequenceClassification",
        "ModernBertForSequenceClassification",
        "RobertaForSequenceClassification",
        "XLMRobertaForSequenceClassification",
    }


CROSS_ENCODER = Family(
    name="cross-encoder",
    models=(
        "cross-encoder/ms-marco-MiniLM-L6-v2",
        "cross-encoder/ms-marco-MiniLM-L12-v2",
        "Alibaba-NLP/gte-reranker-modernbert-base",
    ),
    matches=_matches,
    loader=Loader(task="sequence-classification"),
    template=PairTemplate(cut=cut_longest_first, saved_prompt=True),
    readout=ClassifierReadout(),
    max_length=None,
    instruction=None,
    activation=as_sentence_transformers,
    license="Apache-2.0 (the named models)",
    source="sentence-transformers 6.2.0, CrossEncoder",
)
