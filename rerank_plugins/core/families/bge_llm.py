"""BGE's reranker on a plain language model (Gemma); only data."""

from rerank_plugins.core.activations import always_raw_logit
from rerank_plugins.core.family import Family, Loader, not_shown_by_files
from rerank_plugins.core.prompts import FlagPrompt
from rerank_plugins.core.readouts import TokenReadout

FLAG_OPTIONS = {
    "prompt": "template.prompt",
    "query_instruction_for_rerank": "template.query_instruction_for_rerank",
    "query_instruction_format": "template.query_instruction_format",
    "passage_instruction_for_rerank": "template.passage_instruction_for_rerank",
    "passage_instruction_format": "template.passage_instruction_format",
}
YES_OR_NO = (
    "Given a query A and a passage B, determine whether the passage contains an answer to the query by providing "
    "a prediction of either 'Yes' or 'No'."
)


BGE_LLM = Family(
    name="bge-llm",
    models=("BAAI/bge-reranker-v2-gemma",),
    matches=not_shown_by_files,
    loader=Loader(task="causal-lm"),
    template=FlagPrompt(prompt=YES_OR_NO, always_bos=False),
    readout=TokenReadout(true="Yes"),
    max_length=512,
    instruction="in place of the task sentence",
    activation=always_raw_logit,
    options=FLAG_OPTIONS,
    license="Apache-2.0",
    source="FlagEmbedding 1.4.2, FlagLLMReranker",
)
