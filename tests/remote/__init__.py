"""Rerankers behind HTTP, tested against a server that replays recorded answers."""
