"""Sentence embeddings compared by cosine: small and fast, but not a true reranker; only data."""

from rerank_plugins.core.activations import always_cosine
from rerank_plugins.core.checkpoint import Checkpoint
from rerank_plugins.core.family import Family, Loader, not_shown_by_files
from rerank_plugins.core.readouts import CosineReadout
from rerank_plugins.core.templates import SingleTemplate
from rerank_plugins.errors import ArgumentError


def _check_pooling(checkpoint: Checkpoint) -> None:
    pooling = checkpoint.json("1_Pooling/config.json")
    if pooling and not (pooling.get("pooling_mode_mean_tokens") or pooling.get("pooling_mode") == "mean"):
        raise ArgumentError(
            f"{checkpoint.name} does not pool by mean (1_Pooling/config.json); family='bi-encoder' "
            "does. Choose a mean-pooled embedding model, or a reranker."
        )


BI_ENCODER = Family(
    name="bi-encoder",
    models=(),
    matches=not_shown_by_files,
    loader=Loader(task="base", unused=(r"^(bert\.|roberta\.)?pooler\.",), check=_check_pooling),
    template=SingleTemplate(),
    readout=CosineReadout(),
    max_length=None,
    instruction=None,
    activation=always_cosine,
    license="Apache-2.0 (all-MiniLM-L6-v2)",
    source="sentence-transformers 6.2.0, SentenceTransformer with mean pooling and normalization",
    cache_size=20_000,
)
