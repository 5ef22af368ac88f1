"""ContextualAI's instruction-following rerankers; only data."""

from rerank_plugins.core.activations import always_raw_logit
from rerank_plugins.core.checkpoint import Checkpoint
from rerank_plugins.core.family import Family, Loader
from rerank_plugins.core.readouts import TokenReadout
from rerank_plugins.core.texts import TextPrompt


def _never(checkpoint: Checkpoint) -> bool:  # noqa: ARG001 - the signature of Family.matches
    """Nothing in the files tells it from the language model it was trained from."""
    return False


CONTEXTUAL = Family(
    name="contextual",
    models=(
        "ContextualAI/ctxl-rerank-v2-instruct-multilingual-1b",
        "ContextualAI/ctxl-rerank-v2-instruct-multilingual-2b",
        "ContextualAI/ctxl-rerank-v2-instruct-multilingual-6b",
    ),
    matches=_never,
    loader=Loader(task="causal-lm"),
    template=TextPrompt(
        before="Check whether a given document contains information helpful to answer the query.\n<Document> ",
        after="\n<Query> {query}{instruction} ??",
        instruction_format=" {}",
        framed=True,
    ),
    readout=TokenReadout(true=0),
    max_length=32768,
    instruction="after the query",
    activation=always_raw_logit,
    options={"round_to_bfloat16": "readout.round_to_bfloat16"},
    license="CC-BY-NC-SA-4.0 (non-commercial)",
    source="model card, transformers path",
)
