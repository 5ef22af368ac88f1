"""Mixedbread's second rerankers and their rewrite as a classifier; only data."""

from rerank_plugins.core.activations import ShiftedSigmoid
from rerank_plugins.core.family import Family, Loader, not_shown_by_files
from rerank_plugins.core.prompts import ChatPrompt, StyledPrompt
from rerank_plugins.core.readouts import ClassifierReadout, EitherReadout, TokenReadout
from rerank_plugins.core.texts import TextPrompt

_SYSTEM = "<|im_start|>system\nYou are Qwen, created by Alibaba Cloud. You are a helpful assistant."
_TASK = (
    "You are a search relevance expert who evaluates how well documents match search queries. For each "
    "query-document pair, carefully analyze the semantic relationship between them, then provide your "
    "binary relevance judgment (0 for not relevant, 1 for relevant).\nRelevance:"
)
_END = "<|im_end|>\n<|im_start|>assistant\n"


MXBAI_V2 = Family(
    name="mxbai-v2",
    models=(
        "mixedbread-ai/mxbai-rerank-base-v2",
        "mixedbread-ai/mxbai-rerank-large-v2",
        "michaelfeil/mxbai-rerank-base-v2-seq",
    ),
    matches=not_shown_by_files,
    loader=Loader(task="by-architecture"),
    template=StyledPrompt(
        prompt_style="mxbai",
        styles={
            "mxbai": ChatPrompt(
                before=f"{_SYSTEM}<|im_end|>\n<|im_start|>user\n",
                instruction="instruction: {}\n",
                query="query: {}",
                document="document: {}",
                after=("\n", _TASK, _END),
            ),
            "card": TextPrompt(
                start=f"<|endoftext|>{_SYSTEM}\n<|im_end|>\n<|im_start|>",
                before="user\n{instruction}query: {query} \ndocument: ",
                after=f" \n{_TASK}",
                end=_END,
                instruction_format="instruction: {}\n",
            ),
        },
    ),
    readout=EitherReadout(causal=TokenReadout(true="1", false="0"), classifier=ClassifierReadout()),
    max_length=8192,
    instruction="the instruction line",
    activation=ShiftedSigmoid(),
    options={"prompt_style": "template.prompt_style", "estimated_max": "activation.estimated_max"},
    license="Apache-2.0",
    source="mxbai-rerank 0.1.6, MxbaiRerankV2; the classifier's card for prompt_style='card'",
)
