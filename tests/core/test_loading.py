"""What ``load`` refuses, and what the error tells."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import tiny
import torch
from safetensors.torch import load_file, save_file

from rerank_plugins import (
    ArgumentError,
    ArgumentTypeError,
    CheckpointMismatchError,
    ModelNotFoundError,
    UnknownFamilyError,
    UnknownOptionError,
    load,
)
from rerank_plugins.core.int8 import Int8

Edit = Callable[[Path], None]


@pytest.fixture
def copied(checkpoint: Callable[[str], Path], tmp_path: Path) -> Callable[[str], Path]:
    """Return a function that gives a copy of a tiny checkpoint, free to be damaged."""
    return lambda architecture: Path(shutil.copytree(checkpoint(architecture), tmp_path / architecture))


def edit_config(directory: Path, **changes: object) -> None:
    path = directory / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def edit_tensors(directory: Path, change: Callable[[dict[str, torch.Tensor]], object]) -> None:
    path = directory / "model.safetensors"
    tensors = dict(load_file(path))
    change(tensors)
    save_file(tensors, path)


@pytest.mark.parametrize("model", ["/no/such/directory", "./nothing", "nothing", "a/b/c"])
def test_a_missing_directory_says_what_to_give(model: str) -> None:
    with pytest.raises(ModelNotFoundError, match="existing directory, a hub id"):
        load(model)


def test_a_hub_model_that_cannot_be_had_says_what_to_check() -> None:
    with pytest.raises(ModelNotFoundError, match="Check the spelling") as caught:
        load("somebody/not-in-the-cache", local_files_only=True)
    assert "local cache" in str(caught.value)


def test_a_directory_without_config_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFoundError, match=r"config\.json"):
        load(str(tmp_path))


def test_a_url_without_a_dialect_is_refused() -> None:
    with pytest.raises(ArgumentError, match="needs a dialect"):
        load("https://example.org/rerank")


@pytest.mark.promise("P47")
def test_pickled_weights_are_never_read(copied: Callable[[str], Path]) -> None:
    directory = copied("bert")
    (directory / "model.safetensors").rename(directory / "pytorch_model.bin")
    with pytest.raises(ModelNotFoundError, match="Only safetensors"):
        load(str(directory))


def test_a_truncated_file_is_a_typed_error(copied: Callable[[str], Path]) -> None:
    path = copied("bert") / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(CheckpointMismatchError, match="not a whole safetensors file"):
        load(str(path.parent))


def test_a_shard_outside_the_directory_is_refused(copied: Callable[[str], Path]) -> None:
    directory = copied("bert")
    (directory / "model.safetensors").rename(directory.parent / "elsewhere.safetensors")
    index = {"weight_map": {"classifier.weight": "../elsewhere.safetensors"}}
    (directory / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(ModelNotFoundError, match="elsewhere"):
        load(str(directory))


def test_shards_load_as_one_file_does(copied: Callable[[str], Path], checkpoint: Callable[[str], Path]) -> None:
    directory = copied("bert")
    tensors = load_file(directory / "model.safetensors")
    (directory / "model.safetensors").unlink()
    parts = {"a.safetensors": dict(list(tensors.items())[:5]), "b.safetensors": dict(list(tensors.items())[5:])}
    for name, part in parts.items():
        save_file(part, directory / name)
    weight_map = {key: name for name, part in parts.items() for key in part}
    (directory / "model.safetensors.index.json").write_text(json.dumps({"weight_map": weight_map}))
    with load(str(directory)) as sharded, load(str(checkpoint("bert"))) as whole:
        assert sharded.score("bread", ["panda"]) == pytest.approx(whole.score("bread", ["panda"]), abs=1e-6)


@pytest.mark.parametrize(
    ("architecture", "tensor"),
    [
        ("bert", "classifier.weight"),
        ("bert", "bert.pooler.dense.bias"),
        ("xlm-roberta", "classifier.out_proj.weight"),
        ("modernbert", "head.dense.weight"),
        ("bert", "bert.encoder.layer.1.attention.self.query.weight"),
    ],
)
@pytest.mark.promise("P3")
def test_a_missing_tensor_is_never_made_up(copied: Callable[[str], Path], architecture: str, tensor: str) -> None:
    directory = copied(architecture)
    edit_tensors(directory, lambda tensors: tensors.pop(tensor))
    with pytest.raises(CheckpointMismatchError, match=f"missing: {tensor}"):
        load(str(directory))


@pytest.mark.promise("P3")
def test_a_left_over_tensor_is_an_error(copied: Callable[[str], Path]) -> None:
    directory = copied("bert")
    edit_tensors(directory, lambda tensors: tensors.update({"bert.adapter.weight": torch.ones(2)}))
    with pytest.raises(CheckpointMismatchError, match=r"left over: bert\.adapter\.weight"):
        load(str(directory))


def test_a_tensor_of_another_shape_is_an_error(copied: Callable[[str], Path]) -> None:
    directory = copied("bert")
    edit_tensors(directory, lambda tensors: tensors.update({"classifier.weight": torch.ones(1, 7)}))
    with pytest.raises(CheckpointMismatchError, match=r"classifier\.weight"):
        load(str(directory))


def test_a_buffer_of_older_versions_is_tolerated(copied: Callable[[str], Path]) -> None:
    directory = copied("bert")
    edit_tensors(
        directory, lambda tensors: tensors.update({"bert.embeddings.position_ids": torch.arange(256)[None]})
    )
    load(str(directory)).close()


@pytest.mark.parametrize(
    ("architecture", "changes", "tells"),
    [
        ("qwen2", {"architectures": ["Qwen2ForCausalLM"]}, "plain language model"),
        ("bert", {"architectures": ["BertModel"]}, "does not look like a reranker"),
        ("bert", {"id2label": {"0": "no", "1": "yes"}}, "2 labels"),
        ("bert", {"architectures": []}, "no architecture in config.json"),
        ("bert", {"architectures": ["SomethingForSequenceClassification"]}, "prompt and head are not known"),
    ],
)
def test_a_model_that_is_no_known_reranker_is_never_guessed(
    copied: Callable[[str], Path], architecture: str, changes: dict[str, object], tells: str
) -> None:
    directory = copied(architecture)
    edit_config(directory, **changes)
    with pytest.raises(UnknownFamilyError, match=tells):
        load(str(directory))


def test_an_embedding_model_names_the_family_to_ask_for(copied: Callable[[str], Path]) -> None:
    directory = copied("bert-embedding")
    modules = [
        {"type": "sentence_transformers.models.Transformer"},
        {"type": "sentence_transformers.models.Pooling"},
    ]
    (directory / "modules.json").write_text(json.dumps(modules))
    with pytest.raises(UnknownFamilyError, match="family='bi-encoder'"):
        load(str(directory))
    load(str(directory), family="bi-encoder").close()


def test_an_embedding_model_that_does_not_pool_by_mean_is_refused(copied: Callable[[str], Path]) -> None:
    directory = copied("bert-embedding")
    (directory / "1_Pooling").mkdir()
    (directory / "1_Pooling/config.json").write_text('{"pooling_mode_cls_token": true}')
    with pytest.raises(ArgumentError, match="does not pool by mean"):
        load(str(directory), family="bi-encoder")


def test_an_unknown_family_names_the_nearest(checkpoint: Callable[[str], Path]) -> None:
    with pytest.raises(UnknownFamilyError, match="Did you mean 'cross-encoder'"):
        load(str(checkpoint("bert")), family="cross-encodr")


def test_a_similar_name_is_suggested(copied: Callable[[str], Path]) -> None:
    directory = copied("bert").rename(copied("qwen2").parent / "bge-reranker-v2m3")
    edit_config(directory, architectures=["BertModel"])
    with pytest.raises(UnknownFamilyError, match="BAAI/bge-reranker-v2-m3"):
        load(str(directory))


@pytest.mark.parametrize(("name", "hint"), [("max_lenght", "max_length"), ("btach_tokens", "batch_tokens")])
def test_an_unknown_option_names_the_nearest(checkpoint: Callable[[str], Path], name: str, hint: str) -> None:
    with pytest.raises(UnknownOptionError, match=f"Did you mean '{hint}'"):
        load(str(checkpoint("bert")), **{name: 3})


def test_a_family_option_is_refused_by_another_family(checkpoint: Callable[[str], Path]) -> None:
    with pytest.raises(UnknownOptionError, match="cross-encoder has no option 'passage_instruction_format'"):
        load(str(checkpoint("bert")), passage_instruction_format="{}{}")


@pytest.mark.parametrize(
    ("options", "error", "tells"),
    [
        ({"max_length": 0}, ArgumentError, "from 1 to 256"),
        ({"max_length": 257}, ArgumentError, "from 1 to 256"),
        ({"max_length": "64"}, ArgumentTypeError, "max_length must be an int"),
        ({"max_query_length": -3}, ArgumentError, "max_query_length"),
        ({"batch_tokens": 0}, ArgumentError, "batch_tokens"),
        ({"batch_tokens": 1.5}, ArgumentTypeError, "batch_tokens"),
        ({"dtype": "float16"}, ArgumentError, "slower on a CPU"),
        ({"dtype": "fp32"}, ArgumentError, "'float32'"),
        ({"device": "gpu"}, ArgumentError, "device='gpu'"),
        ({"device": []}, ArgumentError, "at least one device"),
        ({"device": ["cpu", "meta"]}, ArgumentError, "all of one kind"),
        ({"device": 0}, ArgumentTypeError, "device must be a string"),
        ({"device": ["cpu", None]}, ArgumentTypeError, "device must be a string"),
        ({"cache_size": -1}, ArgumentError, "cache_size"),
        ({"long_documents": "split"}, ArgumentError, "'truncate' or 'passages'"),
        ({"overlap_tokens": -1}, ArgumentError, "overlap_tokens"),
        ({"quantize": "int4"}, ArgumentError, "'int8' or None"),
        ({"instruction_policy": "drop"}, ArgumentError, "'raise' or 'ignore'"),
        ({"instruction": 5}, ArgumentTypeError, "instruction must be a string"),
    ],
)
def test_an_option_that_cannot_be_used_is_refused(
    checkpoint: Callable[[str], Path], options: dict[str, object], error: type[Exception], tells: str
) -> None:
    with pytest.raises(error, match=tells):
        load(str(checkpoint("bert")), **{"device": "cpu", **options})


def test_the_longest_row_of_roberta_leaves_out_its_padding_positions(checkpoint: Callable[[str], Path]) -> None:
    with load(str(checkpoint("xlm-roberta"))) as reranker:
        assert reranker.info.max_length == 256


@pytest.mark.parametrize("architecture", ["bert", "xlm-roberta", "modernbert", "deberta"])
def test_int8_scores_stay_near_float32(checkpoint: Callable[[str], Path], architecture: str) -> None:
    directory = str(checkpoint(architecture))
    with load(directory) as exact, load(directory, quantize="int8") as rounded:
        assert rounded.info.dtype == "int8"
        found, expected = (each.score(tiny.QUERY, tiny.DOCUMENTS, normalize=True) for each in (rounded, exact))
    assert found == pytest.approx(expected, abs=0.1)
    assert found != expected


@pytest.mark.promise("P41")
def test_int8_is_refused_where_the_kernel_is_missing(
    checkpoint: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*_: object, **__: object) -> None:
        raise RuntimeError("could not create a primitive descriptor")

    monkeypatch.setattr(Int8, "__init__", missing)
    with pytest.raises(ArgumentError, match="integer kernels"):
        load(str(checkpoint("bert")), quantize="int8")


def test_quantized_weights_are_refused(copied: Callable[[str], Path]) -> None:
    directory = copied("bert")
    edit_config(directory, quantization_config={"quant_method": "gptq"})
    with pytest.raises(ArgumentError, match="quantized"):
        load(str(directory))


@pytest.mark.promise("P47", "P45")
def test_code_named_by_the_config_is_never_run(copied: Callable[[str], Path], tmp_path: Path) -> None:
    directory = copied("bert")
    mark = tmp_path / "was_run"
    (directory / "evil.py").write_text(f"open({str(mark)!r}, 'w').close()")
    edit_config(directory, auto_map={"AutoConfig": "evil.C", "AutoModel": "evil.M"}, _attn_implementation="evil/k")
    load(str(directory), family="cross-encoder").close()
    assert not mark.exists()


@pytest.mark.promise("P6", "P40")
def test_info_says_what_was_loaded(checkpoint: Callable[[str], Path]) -> None:
    path = str(checkpoint("xlm-roberta"))
    with load(path, device="cpu", normalize=True) as reranker:
        info = reranker.info
    assert (info.model, info.family, info.devices, info.dtype) == (path, "bge-encoder", ("cpu",), "float32")
    assert (info.score_kind, info.supports_instruction) == ("probability", True)
    assert "bge-encoder" in repr(reranker)


@pytest.mark.promise("P1")
def test_bfloat16_stays_close_to_float32(checkpoint: Callable[[str], Path]) -> None:
    path = str(checkpoint("bert"))
    with load(path, dtype="bfloat16") as rough, load(path) as exact:
        documents = list(tiny.DOCUMENTS)
        assert rough.info.dtype == "bfloat16"
        difference = max(
            abs(one - other)
            for one, other in zip(
                rough.score(tiny.QUERY, documents, normalize=True),
                exact.score(tiny.QUERY, documents, normalize=True),
                strict=True,
            )
        )
        assert 0 < difference < 0.1


@pytest.mark.parametrize("activation", ["torch.nn.modules.linear.Identity", "torch.nn.modules.activation.Sigmoid"])
@pytest.mark.parametrize("place", ["new", "legacy", "file"])
def test_the_activation_comes_from_the_checkpoint(
    copied: Callable[[str], Path], activation: str, place: str
) -> None:
    directory = copied("bert")
    if place == "file":
        (directory / "config_sentence_transformers.json").write_text(json.dumps({"activation_fn": activation}))
        edit_config(directory, sbert_ce_default_activation_function="torch.nn.modules.activation.Sigmoid")
    elif place == "new":
        edit_config(directory, sentence_transformers={"activation_fn": activation})
    else:
        edit_config(directory, sbert_ce_default_activation_function=activation)
    with load(str(directory)) as reranker:
        assert reranker.info.score_kind == ("logit" if activation.endswith("Identity") else "probability")


def test_an_activation_that_is_not_known_is_refused(copied: Callable[[str], Path]) -> None:
    directory = copied("bert")
    edit_config(directory, sentence_transformers={"activation_fn": "torch.nn.Tanh"})
    with pytest.raises(ArgumentError, match="Tanh"):
        load(str(directory))
