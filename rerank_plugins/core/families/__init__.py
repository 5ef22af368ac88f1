"""The built-in families, in the order in which detection asks them."""

from rerank_plugins.core.families.bge_encoder import BGE_ENCODER
from rerank_plugins.core.families.bge_layerwise import BGE_LAYERWISE
from rerank_plugins.core.families.bge_lightweight import BGE_LIGHTWEIGHT
from rerank_plugins.core.families.bge_llm import BGE_LLM
from rerank_plugins.core.families.bi_encoder import BI_ENCODER
from rerank_plugins.core.families.contextual import CONTEXTUAL
from rerank_plugins.core.families.cross_encoder import CROSS_ENCODER
from rerank_plugins.core.families.jina_v2 import JINA_V2
from rerank_plugins.core.families.logit_score import LOGIT_SCORE
from rerank_plugins.core.families.mxbai_v1 import MXBAI_V1
from rerank_plugins.core.families.mxbai_v2 import MXBAI_V2
from rerank_plugins.core.families.qwen3 import QWEN3
from rerank_plugins.core.families.zerank import ZERANK

BUILT_IN = (
    CONTEXTUAL,
    BGE_ENCODER,
    BGE_LLM,
    BGE_LAYERWISE,
    BGE_LIGHTWEIGHT,
    JINA_V2,
    MXBAI_V2,
    MXBAI_V1,
    QWEN3,
    ZERANK,
    CROSS_ENCODER,
    LOGIT_SCORE,
    BI_ENCODER,
)
