"""What each family refuses, and what the error tells."""

from __future__ import annotations

import gc
import json
import shutil
import weakref
from collections.abc import Callable
from pathlib import Path

import pytest
from families.recorded import GOLDEN
from safetensors.torch import load_file, save_file

from rerank_plugins import (
    ArgumentError,
    ArgumentTypeError,
    CheckpointMismatchError,
    UnknownFamilyError,
    UnknownOptionError,
    load,
)
from rerank_plugins.core import binding
from rerank_plugins.core.building import build_model

Copied = Callable[[str], Path]


@pytest.fixture
def copied(tmp_path: Path) -> Copied:
    """Return a function that gives a copy of a recorded checkpoint, free to be changed."""
    return lambda folder: Path(shutil.copytree(GOLDEN / folder / "checkpoint", tmp_path / folder))


def edit(path: Path, **changes: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def checkpoint(folder: str) -> str:
    return str(GOLDEN / folder / "checkpoint")


def test_an_nvfp4_checkpoint_names_vllm(copied: Copied) -> None:
    directory = copied("contextual")
    edit(directory / "config.json", quantization_config={"quant_algo": "NVFP4"})
    with pytest.raises(ArgumentError, match="vLLM"):
        load(str(directory), family="contextual")


def test_a_chat_model_saved_for_bare_pairs_is_refused(copied: Copied) -> None:
    directory = copied("st_logit_score")
    edit(directory / "sentence_bert_config.json", modality_config={"text": {"method": "forward"}})
    with pytest.raises(ArgumentError, match="bare pairs"):
        load(str(directory))


def test_a_saved_default_prompt_is_used_and_an_instruction_replaces_it(copied: Copied) -> None:
    directory = copied("st_logit_score_single")
    config = directory / "config_sentence_transformers.json"
    edit(config, prompts={"mine": "Prefer answers that explain the cause"}, default_prompt_name="mine")
    told, plain = "Prefer answers that explain the cause", checkpoint("st_logit_score_single")
    with load(str(directory)) as saved, load(plain) as unsaved:
        assert saved.score("q", ["d"]) == unsaved.score("q", ["d"], instruction=told)
        assert saved.score("q", ["d"], instruction="x") == unsaved.score("q", ["d"], instruction="x")


def test_a_saved_default_prompt_goes_before_a_pairs_query(copied: Copied) -> None:
    directory = copied("cross_encoder")
    saved = {"prompts": {"mine": "Question: "}, "default_prompt_name": "mine"}
    (directory / "config_sentence_transformers.json").write_text(json.dumps(saved))
    with load(str(directory)) as prompted, load(checkpoint("cross_encoder")) as plain:
        assert prompted.score("why", ["d"]) == plain.score("Question: why", ["d"])


def test_a_deberta_that_sentence_transformers_saved_keeps_its_activation(copied: Copied) -> None:
    directory = copied("mxbai_v1")
    activation = {"activation_fn": "torch.nn.modules.linear.Identity"}
    edit(directory / "config.json", sentence_transformers=activation)
    with load(str(directory)) as reranker:
        assert (reranker.info.family, reranker.info.score_kind) == ("cross-encoder", "logit")


def test_a_listwise_model_is_refused(copied: Copied) -> None:
    directory = copied("qwen3")
    edit(directory / "config.json", architectures=["JinaForRanking"])
    with pytest.raises(UnknownFamilyError, match="whole list at once"):
        load(str(directory))


@pytest.mark.parametrize("folder", ["qwen3", "contextual", "mxbai_v2", "bge_llm"])
def test_a_plain_language_model_is_never_guessed(folder: str) -> None:
    with pytest.raises(UnknownFamilyError, match=r"plain language model.*family="):
        load(checkpoint(folder))


def test_a_directory_named_after_a_hub_model_is_taken_at_its_word(copied: Copied) -> None:
    directory = copied("qwen3")
    named = directory.rename(directory.parent / "Qwen3-Reranker-0.6B")
    with load(str(named)) as reranker:
        assert reranker.info.family == "qwen3"


@pytest.mark.promise("P4")
def test_a_label_that_is_not_one_token_is_refused() -> None:
    """This tokenizer writes "0" as two tokens, so the checkpoint was not trained for this family."""
    with pytest.raises(CheckpointMismatchError, match="'0' must be one token"):
        load(checkpoint("contextual_mistral"), family="mxbai-v2")


@pytest.mark.parametrize(
    ("folder", "options", "tells"),
    [
        ("bge_layerwise", {"cutoff_layers": [1]}, "from 2 to 6"),
        ("bge_layerwise", {"cutoff_layers": 7}, "from 2 to 6"),
        ("bge_layerwise", {"cutoff_layers": []}, "at least one layer"),
        ("bge_layerwise", {"cutoff_layers": ["4"]}, "a layer or a list of layers"),
        ("bge_lightweight", {"cutoff_layers": [2]}, "from 3 to 7"),
        ("bge_lightweight", {"compress_ratio": 3}, "1, 2, 4 or 8"),
        ("bge_lightweight", {"compress_layers": "4"}, "list of layer numbers"),
        ("bge_lightweight", {"compress_layers": [-1]}, "list of layer numbers"),
        ("bge_lightweight", {"head": "best"}, "'position' or 'layer'|'layer' or 'position'"),
        ("jina_v2", {"long_documents": "passages", "max_length": 64, "max_query_length": 40}, "at least twice"),
    ],
)
@pytest.mark.promise("P14")
def test_an_option_out_of_range_is_refused(folder: str, options: dict[str, object], tells: str) -> None:
    with pytest.raises(ArgumentError, match=tells), load(checkpoint(folder), **options) as reranker:
        reranker.score("query", ["document"])


@pytest.mark.parametrize(
    ("folder", "family", "options", "error"),
    [
        ("bge_llm", "bge-llm", {"prompt": 3}, ArgumentTypeError),
        ("mxbai_v2", "mxbai-v2", {"estimated_max": "9"}, ArgumentTypeError),
        ("mxbai_v2_seq", "mxbai-v2", {"prompt_style": "other"}, ArgumentError),
        ("qwen3", "qwen3", {"prompt": "x"}, UnknownOptionError),
        ("contextual", "contextual", {"cutoff_layers": 3}, UnknownOptionError),
    ],
)
def test_a_value_that_makes_no_sense_is_refused(
    folder: str, family: str, options: dict[str, object], error: type[Exception]
) -> None:
    with pytest.raises(error, match=next(iter(options))):
        load(checkpoint(folder), family=family, **options)


def test_several_layers_give_no_single_order() -> None:
    with load(checkpoint("bge_layerwise"), cutoff_layers=[3, 5]) as reranker:
        assert [len(layer) for layer in reranker.score("query", ["a", "b", "c"])] == [3, 3]
        with pytest.raises(ArgumentError, match="cutoff_layers"):
            reranker.rank("query", ["a", "b"])


@pytest.mark.promise("P14")
def test_a_list_of_one_layer_gives_floats() -> None:
    with load(checkpoint("bge_layerwise"), cutoff_layers=[4]) as reranker:
        assert all(isinstance(score, float) for score in reranker.score("query", ["a", "b"]))


def test_layers_above_the_highest_cutoff_are_not_loaded() -> None:
    with load(checkpoint("bge_layerwise"), cutoff_layers=[2, 3]) as reranker:
        trunk = reranker._backend.scorer.scheduler._engine._engine._forward._trunk
        assert len(trunk.layers) == 3


@pytest.mark.parametrize(
    ("folder", "family", "tensor"),
    [
        ("jina_v2", None, "roberta.encoder.layers.1.mixer.Wqkv.weight"),
        ("bge_layerwise", None, "model.layers.0.mlp.up_proj.weight"),
        ("bge_lightweight", None, "model.norm.weight"),
        ("contextual_mistral", "contextual", "lm_head.weight"),
        ("mxbai_v2_seq", "mxbai-v2", "score.weight"),
        ("mxbai_v1", None, "pooler.dense.weight"),
    ],
)
@pytest.mark.promise("P3")
def test_a_missing_tensor_is_never_made_up(copied: Copied, folder: str, family: str | None, tensor: str) -> None:
    path = copied(folder) / "model.safetensors"
    tensors = dict(load_file(path))
    del tensors[tensor]
    save_file(tensors, path)
    with pytest.raises(CheckpointMismatchError, match="missing"):
        load(str(path.parent), family=family)


@pytest.mark.parametrize("head", ["lm_head.1.", "lm_head.4."])
@pytest.mark.promise("P3")
def test_missing_layer_heads_are_never_made_up(copied: Copied, head: str) -> None:
    path = copied("bge_layerwise") / "model.safetensors"
    tensors = {name: tensor for name, tensor in load_file(path).items() if not name.startswith(head)}
    save_file(tensors, path)
    with pytest.raises(CheckpointMismatchError, match="layer heads"):
        load(str(path.parent))


def test_rounding_to_bfloat16_is_the_cards() -> None:
    case = next(
        c for c in json.loads((GOLDEN / "contextual/cases.json").read_text())["cases"] if c["id"] == "default"
    )
    with load(checkpoint("contextual"), family="contextual", round_to_bfloat16=True) as reranker:
        found = reranker.score(case["query"], case["documents"])
    assert found == pytest.approx(case["scores_card_bf16"], abs=1e-6)


def test_the_lightweight_head_can_be_picked_by_layer() -> None:
    scores = {}
    for head in ("position", "layer"):
        with load(checkpoint("bge_lightweight"), cutoff_layers=5, head=head) as reranker:
            scores[head] = reranker.score("query", ["a document"])
    assert scores["position"] != scores["layer"]


def test_the_best_passage_is_named() -> None:
    text = "bread rises slowly because wild yeast is slow " * 40
    with load(checkpoint("jina_v2"), long_documents="passages", max_length=96, max_query_length=40) as reranker:
        (result,) = reranker.rank("why does bread rise", [text])
    start, end = result.passage
    assert 0 <= start < end <= len(text)
    assert not result.truncated


@pytest.mark.parametrize(
    ("folder", "family"), [("contextual_mistral", "contextual"), ("mxbai_v2", "mxbai-v2"), ("cross_encoder", None)]
)
def test_only_the_base_model_and_the_head_stay_in_memory(
    folder: str, family: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The output matrix of a language model goes, but for the rows that score."""
    built = []

    def remembered(*arguments: object, **keywords: object) -> object:
        model = build_model(*arguments, **keywords)
        built.append(weakref.ref(model))
        return model

    monkeypatch.setattr(binding, "build_model", remembered)
    with load(checkpoint(folder), family=family) as reranker:
        gc.collect()
        assert [model() for model in built] == [None]
        assert len(reranker.score("query", ["document"])) == 1
