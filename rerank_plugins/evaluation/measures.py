"""Quality of an order of documents for each query, computed by ir-measures; knows no model.

Sources: nDCG, Jarvelin and Kekalainen 2002, in trec_eval's form (gain = grade, discount = log2(rank + 1), ideal
order over all judged documents); MRR, recall and MAP as in trec_eval, where every grade above 0 is relevant.
https://ir-measur.es/en/latest/measures.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rerank_plugins.errors import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ir_measures.measures import Measure

    from rerank_plugins.evaluation.data import JudgedQuery

Quality = dict[str, dict[str, float]]
"""Value by name of the measure and by query id."""


def quality(queries: Sequence[JudgedQuery], orders: Mapping[str, Sequence[str]], k: int) -> Quality:
    """Return each measure for each query; a query without candidates, or that found nothing relevant, has 0.

    Args:
        queries: Each has a relevant document.
        orders: Ids of documents, best first, by query id.
        k: How many documents from the top count.

    Raises:
        MissingExtraError: ir-measures is not installed.
    """
    try:
        import ir_measures
    except ModuleNotFoundError as error:
        raise MissingExtraError('Measures need ir-measures: pip install "rerank-plugins[evaluate]"') from error
    measures = _measures(k)
    qrels = {query.id: {name: max(grade, 0) for name, grade in query.grades.items()} for query in queries}
    run = {query.id: _falling(orders[query.id]) for query in queries if orders.get(query.id)}
    found: Quality = {name: dict.fromkeys(qrels, 0.0) for name in measures}
    names = {measure: name for name, measure in measures.items()}
    for metric in ir_measures.iter_calc(list(names), qrels, run):
        found[names[metric.measure]][metric.query_id] = float(metric.value)
    return found


def main_measure(k: int) -> str:
    """Return the name of the measure that decisions are made on."""
    return f"nDCG@{k}"


def best_order(query: JudgedQuery) -> list[str]:
    """Return the candidates in the best order that there is: what a perfect reranker would give."""
    names = [candidate.id for candidate in query.candidates]
    return sorted(names, key=lambda name: -query.grades.get(name, 0))


def means(found: Quality) -> dict[str, float]:
    """Return the mean of each measure over the queries."""
    return {name: sum(values.values()) / len(values) for name, values in found.items()}


def _measures(k: int) -> dict[str, Measure]:
    from ir_measures import AP, RR, R, nDCG

    return {main_measure(k): nDCG @ k, f"MRR@{k}": RR @ k, f"recall@{k}": R @ k, "MAP": AP}


def _falling(order: Sequence[str]) -> dict[str, float]:
    """Return scores that say only the order: trec_eval would order equal scores by the names of documents."""
    return {name: float(len(order) - place) for place, name in enumerate(order)}
