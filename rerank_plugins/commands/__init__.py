"""The commands of ``rerank-plugins``, one file each; each imports what it needs when it runs."""
