"""Any language model that sentence-transformers saved with a LogitScore module; only data."""

from rerank_plugins.core.activations import as_sentence_transformers
from rerank_plugins.core.chat import ChatTemplate
from rerank_plugins.core.checkpoint import Checkpoint
from rerank_plugins.core.family import Family, Loader
from rerank_plugins.core.readouts import SavedTokenReadout


def _matches(checkpoint: Checkpoint) -> bool:
    return "LogitScore" in checkpoint.modules()


LOGIT_SCORE = Family(
    name="logit-score",
    models=(),
    matches=_matches,
    loader=Loader(task="causal-lm"),
    template=ChatTemplate(),
    readout=SavedTokenReadout(),
    max_length=None,
    instruction="the system message of the checkpoint's chat template",
    activation=as_sentence_transformers,
    license="the checkpoint's own",
    source="sentence-transformers 6.2.0, CrossEncoder with LogitScore",
)
