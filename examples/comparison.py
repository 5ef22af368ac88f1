"""The demo's main job, from the model's name to the exit code; knows no framework and no layout of the output."""

from __future__ import annotations

import json
from time import perf_counter
from typing import TYPE_CHECKING

import machine
import report
from corpus import load_passages, load_questions
from evaluation import measured
from evaluation_page import write_page
from first_stage import FirstStage
from outcome import Corpus, LoadedModel, Outcome, as_json
from pipelines import Options, build_all, shared_model
from rich.markup import escape
from trial import run_trial

from rerank_plugins.errors import RerankError

if TYPE_CHECKING:
    from argparse import Namespace

    from rich.console import Console

    from rerank_plugins.integrations.models import ModelHandle

DONE, DIFFERENT_SCORES, NOT_LOADED, NO_GAIN = range(4)


def compare(arguments: Namespace, console: Console) -> int:
    """Load, retrieve, rerank in each framework, measure, report; return the exit code."""
    corpus = _corpus(arguments.limit)
    options = Options(arguments.model, cache_size=0 if arguments.no_cache else None)
    handle = shared_model(options)
    try:
        with console.status(f"Loading {escape(arguments.model)}"):
            model = _loaded(handle, options)
    except (RerankError, OSError) as error:
        console.print(str(error), style="red", markup=False)
        return NOT_LOADED
    report.show_setting(corpus, model, console)
    outcome = _outcome(corpus, model, options, console)
    report.show(outcome, console)
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(as_json(outcome), indent=2) + "\n", encoding="utf-8")
    if arguments.html is not None:
        with console.status("Writing the report"):
            write_page(arguments.model, outcome, arguments.html)
        console.print(f"Report: {arguments.html}", markup=False, soft_wrap=True)
    return _exit_code(outcome, console, require_gain=arguments.require_gain)


def _corpus(limit: int | None) -> Corpus:
    questions, dropped = load_questions()
    return Corpus(passages=load_passages(), questions=questions[:limit], dropped=dropped)


def _loaded(handle: ModelHandle, options: Options) -> LoadedModel:
    started = perf_counter()
    info = handle.get().info
    return LoadedModel(info=info, cache_size=options.cache_size, load_seconds=perf_counter() - started)


def _outcome(corpus: Corpus, model: LoadedModel, options: Options, console: Console) -> Outcome:
    first_stage = FirstStage(corpus.passages)
    trial = run_trial(corpus.questions, first_stage, build_all(options, first_stage), console)
    peak = machine.peak_memory_mib()  # before the metrics, whose compiler is no part of reranking
    reranked = trial.reranked({passage.id: passage for passage in corpus.passages})
    with console.status("Measuring (the library for metrics compiles itself once, half a minute)"):
        before, after = measured(corpus.questions, trial.before), measured(corpus.questions, reranked)
    return Outcome(
        corpus=corpus, model=model, trial=trial, reranked=reranked, before=before, after=after, peak_mib=peak
    )


def _exit_code(outcome: Outcome, console: Console, *, require_gain: bool) -> int:
    if outcome.disagreements:
        return DIFFERENT_SCORES
    if require_gain and outcome.after.means()["mrr@10"] <= outcome.before.means()["mrr@10"]:
        console.print("Reranking did not raise MRR@10.", style="red")
        return NO_GAIN
    return DONE
