"""The ranker under the name that Haystack loads from YAML; nothing is defined here."""

from rerank_plugins.integrations.haystack import RerankPluginsRanker

__all__ = ["RerankPluginsRanker"]
