"""ContextualAI's instruction-following rerankers; only data."""

from rerank_plugins.core.activations import always_raw_logit
from rerank_plugins.core.family import Family, Loader, not_shown_by_files
from rerank_plugins.core.readouts import TokenReadout
from rerank_plugins.core.texts import TextPrompt

CONTEXTUAL = Family(
    name="contextual",
    models=(
        "ContextualAI/ctxl-rerank-v2-instruct-multilingual-1b",
        "ContextualAI/ctxl-rerank-v2-instruct-multilingual-2b",
        "ContextualAI/ctxl-rerank-v2-instruct-multilingual-6b",
    ),
    matches=not_shown_by_files,
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
