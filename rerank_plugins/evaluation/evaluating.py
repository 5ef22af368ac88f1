"""The steps of an evaluation: the data, each model with each instruction, the notes; knows no layout."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rerank_plugins.errors import ArgumentError, ArgumentTypeError, InstructionNotSupportedError
from rerank_plugins.evaluation.beir import read_beir
from rerank_plugins.evaluation.contestants import check_takes, contestants, named_instructions
from rerank_plugins.evaluation.data import Dataset, cut
from rerank_plugins.evaluation.jsonl import read_jsonl
from rerank_plugins.evaluation.measuring import baseline_quality, best_quality, counted, every_two, model_result
from rerank_plugins.evaluation.progress import bar
from rerank_plugins.evaluation.report import Evaluation
from rerank_plugins.evaluation.runs import run
from rerank_plugins.evaluation.saying import notes_on

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from os import PathLike

    from rerank_plugins.core.reranker import Reranker
    from rerank_plugins.evaluation.contestants import Contestant, Model
    from rerank_plugins.evaluation.measures import Quality
    from rerank_plugins.evaluation.report import ModelResult


def evaluate(
    data: str | PathLike[str] | Dataset,
    models: Sequence[Model],
    *,
    instructions: Sequence[str | None] = (None,),
    k: int = 10,
    depth: int | None = None,
    load_options: Mapping[str, Any] | None = None,
    skip_unsupported: bool = False,
    progress: bool = False,
) -> Evaluation:
    """Measure what rerankers do to the order of your own candidates, against leaving them as they are.

    Models are loaded one after the other, and closed before the next is loaded. Equal scores keep the candidates'
    order. All means are over the queries for which the judgments name a relevant document; one of which no
    relevant document is a candidate counts as 0.

    Args:
        data: A folder in BEIR's layout, a JSON Lines file (see ``read_jsonl``), or a ``Dataset``.
        models: What ``load`` takes as ``model``; or ``(label, reranker)``, which is not closed; or
            ``(label, function)``, where the function returns a reranker, which is closed.
        instructions: Each model is run with each of these; None is none.
        k: How many documents from the top count in nDCG, MRR and recall.
        depth: How many candidates of each query to keep, the first ones, also in the baseline; None = all.
        load_options: Arguments of ``load`` for all models that are names.
        skip_unsupported: Leave out an instruction for a model that takes none, and say so in the results.
        progress: Show a bar on stderr that counts queries.

    Raises:
        ArgumentError: The data cannot be read, or an argument's value cannot be used.
        ArgumentTypeError: An argument has the wrong type.
        InstructionNotSupportedError: A model takes no instruction, unless ``skip_unsupported``.
        MissingExtraError: The extra ``evaluate`` is not installed.
        RerankError: What loading or scoring raises.
    """
    _check_positive("k", k)
    _check_positive("depth", 1 if depth is None else depth)
    dataset = cut(_dataset(data), depth)
    if not dataset.judged:
        raise ArgumentError(f"{dataset.name}: no query has a relevant document, so nothing can be measured.")
    entered, named = contestants(models, load_options), named_instructions(instructions)
    baseline = baseline_quality(dataset.judged, k)
    results: list[ModelResult] = []
    skipped: list[str] = []
    with bar(len(entered) * len(named) * len(dataset.judged), shown=progress) as advance:
        trial = _Trial(dataset, named, baseline, k, skip_unsupported, advance)
        for contestant in entered:
            found, left_out = trial.of(contestant)
            results.extend(found)
            skipped.extend(left_out)
    if not results:
        raise ArgumentError(f"Nothing was run. {' '.join(skipped)}")
    counts = counted(dataset)
    return Evaluation(
        data=dataset.name,
        k=k,
        depth=depth,
        counts=counts,
        texts={query.id: query.text for query in dataset.judged},
        baseline=baseline,
        best_possible=best_quality(dataset.judged, k),
        models=tuple(results),
        between=every_two(results, k),
        skipped=tuple(skipped),
        notes=(*dataset.notes, *notes_on(counts, k), *_told(named), *_several(results)),
    )


@dataclass(frozen=True, slots=True)
class _Trial:
    """What is the same for all contestants."""

    dataset: Dataset
    instructions: Mapping[str, str | None]
    baseline: Quality
    k: int
    skip_unsupported: bool
    advance: Callable[[], None]

    def of(self, contestant: Contestant) -> tuple[list[ModelResult], list[str]]:
        """Return one result for each instruction that the contestant takes, and what was left out."""
        results, skipped = [], []
        with contestant.opened() as (reranker, load_seconds):
            refused = {name: self._refusal(contestant, reranker, one) for name, one in self.instructions.items()}
            for name, reason in refused.items():
                if reason is None:
                    results.append(self._result(contestant.label + name, reranker, name, load_seconds))
                else:
                    skipped.append(f"{contestant.label}{name}: {reason}")
        return results, skipped

    def _refusal(self, contestant: Contestant, reranker: Reranker, instruction: str | None) -> str | None:
        try:
            check_takes(reranker, contestant.label, instruction)
        except InstructionNotSupportedError:
            if not self.skip_unsupported:
                raise
            return "skipped, the model takes no instruction."
        return None

    def _result(self, label: str, reranker: Reranker, name: str, load_seconds: float | None) -> ModelResult:
        instruction = self.instructions[name]
        return model_result(
            label,
            reranker.info,
            instruction,
            run(reranker, self.dataset.judged, instruction, self.advance),
            queries=self.dataset.judged,
            baseline=self.baseline,
            k=self.k,
            load_seconds=load_seconds,
        )


def _dataset(data: object) -> Dataset:
    if isinstance(data, Dataset):
        return data
    if not isinstance(data, (str, Path)):
        raise ArgumentTypeError(f"data must be a path or a Dataset, got {type(data).__name__}.")
    path = Path(data)
    if not path.exists():
        raise ArgumentError(f"There is no {path}. Give a folder in BEIR's layout or a JSON Lines file.")
    return read_beir(path) if path.is_dir() else read_jsonl(path)


def _check_positive(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ArgumentTypeError(f"{name} must be a whole number, got {type(value).__name__}.")
    if value < 1:
        raise ArgumentError(f"{name} must be at least 1, got {value}.")


def _told(named: Mapping[str, str | None]) -> list[str]:
    return [f"{name.strip(', ') or 'instruction'}: {one}" for name, one in named.items() if one is not None]


def _several(results: Sequence[ModelResult]) -> list[str]:
    if len(results) < 2:
        return []
    return ["Each comparison has a p-value of its own; they are not corrected for having made several."]
