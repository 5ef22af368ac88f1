"""Rerankers behind HTTP: text in, scores out; knows no model, no prompt and no framework."""
