"""The postprocessor under the name that LlamaIndex users look for; nothing is defined here."""

from rerank_plugins.integrations.llama_index import RerankPostprocessor, RerankQueryBundle

__all__ = ["RerankPostprocessor", "RerankQueryBundle"]
