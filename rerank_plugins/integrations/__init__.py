"""One adapter per framework; import the one you use, for example ``rerank_plugins.integrations.haystack``.

Nothing is imported here, so that one framework can be missing without hurting the others.
"""
