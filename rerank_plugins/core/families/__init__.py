"""The built-in families, in the order in which detection asks them."""

from rerank_plugins.core.families.bge_encoder import BGE_ENCODER
from rerank_plugins.core.families.bi_encoder import BI_ENCODER
from rerank_plugins.core.families.cross_encoder import CROSS_ENCODER

BUILT_IN = (BGE_ENCODER, CROSS_ENCODER, BI_ENCODER)
