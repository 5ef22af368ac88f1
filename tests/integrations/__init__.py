"""Tests of the framework adapters; none of them loads a model."""
