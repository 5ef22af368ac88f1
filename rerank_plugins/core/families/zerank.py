"""ZeroEntropy's rerankers on Qwen3; only data."""

from rerank_plugins.core.activations import ScaledSigmoid
from rerank_plugins.core.chat import ChatTemplate
from rerank_plugins.core.family import Family, Loader, not_shown_by_files
from rerank_plugins.core.readouts import TokenReadout

ZERANK = Family(
    name="zerank",
    models=("zeroentropy/zerank-1", "zeroentropy/zerank-1-small", "zeroentropy/zerank-2"),
    matches=not_shown_by_files,
    loader=Loader(task="causal-lm"),
    template=ChatTemplate(
        "<|im_start|>system\n"
        "{{ messages | selectattr('role', 'eq', 'query') | map(attribute='content') | first }}<|im_end|>\n"
        "<|im_start|>user\n"
        "{{ messages | selectattr('role', 'eq', 'document') | map(attribute='content') | first }}<|im_end|>\n"
        "<|im_start|>assistant\n\n"  # Jinja drops the last newline of a template
    ),
    readout=TokenReadout(true="Yes"),
    max_length=8192,
    instruction=None,
    activation=ScaledSigmoid(5.0),
    license="CC-BY-NC-4.0 (non-commercial); Apache-2.0 (1-small)",
    source="the repositories' prompt and scaling, as public copies of their code give them",
)
