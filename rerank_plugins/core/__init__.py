"""The shared scorer: text in, scores out; knows no framework."""
