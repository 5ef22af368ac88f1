"""Any language model that sentence-transformers saved with a LogitScore module; only data."""

from rerank_plugins.core.activations import as_sentence_transformers
from rerank_plugins.core.chat import ChatTemplate
from rerank_plugins.core.checkpoint import Checkpoint
from rerank_plugins.core.family import Family, Loader
from rerank_plugins.core.readouts import SavedTokenReadout
from rerank_plugins.errors import ArgumentError


def _matches(checkpoint: Checkpoint) -> bool:
    return "LogitScore" in checkpoint.modules()


def _check_messages(checkpoint: Checkpoint) -> None:
    modalities = checkpoint.json("sentence_bert_config.json").get("modality_config", {"message": {}})
    if "message" not in modalities:
        raise ArgumentError(
            f"{checkpoint.name} was saved to score bare pairs without its chat template (no 'message' modality in "
            "sentence_bert_config.json), which is not supported. Save it again with messages enabled."
        )


LOGIT_SCORE = Family(
    name="logit-score",
    models=(),
    matches=_matches,
    loader=Loader(task="causal-lm", check=_check_messages),
    template=ChatTemplate(),
    readout=SavedTokenReadout(),
    max_length=None,
    instruction="the system message of the checkpoint's chat template",
    activation=as_sentence_transformers,
    license="the checkpoint's own",
    source="sentence-transformers 6.2.0, CrossEncoder with LogitScore",
)
