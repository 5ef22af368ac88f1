"""How well rerankers do on your own data: readers, scoring, measures, comparison, report; knows no framework.

``evaluate`` is the way in; the rest of the package may be used alone. Nothing heavy is imported before it is used.
"""

from __future__ import annotations

from rerank_plugins.evaluation.beir import read_beir
from rerank_plugins.evaluation.data import Candidate, Dataset, JudgedQuery
from rerank_plugins.evaluation.evaluating import evaluate
from rerank_plugins.evaluation.gate import broken_conditions
from rerank_plugins.evaluation.jsonl import read_jsonl
from rerank_plugins.evaluation.report import Evaluation
from rerank_plugins.evaluation.table import tables
from rerank_plugins.evaluation.trec import read_trec

__all__ = [
    "Candidate",
    "Dataset",
    "Evaluation",
    "JudgedQuery",
    "broken_conditions",
    "evaluate",
    "read_beir",
    "read_jsonl",
    "read_trec",
    "tables",
]
