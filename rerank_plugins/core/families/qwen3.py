"""Qwen3-Reranker; only data."""

from rerank_plugins.core.activations import always_sigmoid
from rerank_plugins.core.family import Family, Loader, not_shown_by_files
from rerank_plugins.core.readouts import TokenReadout
from rerank_plugins.core.texts import TextPrompt

QWEN3 = Family(
    name="qwen3",
    models=("Qwen/Qwen3-Reranker-0.6B", "Qwen/Qwen3-Reranker-4B", "Qwen/Qwen3-Reranker-8B"),
    matches=not_shown_by_files,
    loader=Loader(task="causal-lm"),
    template=TextPrompt(
        start=(
            "<|im_start|>system\nJudge whether the Document meets the requirements based on the Query and the "
            'Instruct provided. Note that the answer can only be "yes" or "no".<|im_end|>\n<|im_start|>user\n'
        ),
        before="<Instruct>: {instruction}\n<Query>: {query}\n<Document>: ",
        end="<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n",
        default_instruction="Given a web search query, retrieve relevant passages that answer the query",
    ),
    readout=TokenReadout(true="yes", false="no"),
    max_length=8192,
    instruction="the <Instruct> line",
    activation=always_sigmoid,
    license="Apache-2.0",
    source="model card, transformers path",
)
