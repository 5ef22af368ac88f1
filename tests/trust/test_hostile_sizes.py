"""What a checkpoint declares costs nothing before it is checked, and nonsense in any file is a typed error."""

from __future__ import annotations

import json
import os
import struct
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from trust.hostile import bounded, copy_of, edit, use

from rerank_plugins import CheckpointMismatchError, RerankError, load
from rerank_plugins.core.json_files import MOST_BYTES

HUGE = 10**12
SIZES = (
    "hidden_size",
    "intermediate_size",
    "vocab_size",
    "num_hidden_layers",
    "num_attention_heads",
    "num_labels",
)


@pytest.mark.promise("P3", "P24")
@pytest.mark.parametrize("value", [10**9, HUGE, 10**40, 1e18])
@pytest.mark.parametrize("key", [*SIZES, "max_position_embeddings", "type_vocab_size"])
def test_a_huge_declared_size_is_refused_at_once(tmp_path: Path, key: str, value: float) -> None:
    directory = copy_of("cross_encoder", tmp_path)
    edit(directory / "config.json", **{key: value})
    with bounded(), pytest.raises(CheckpointMismatchError, match=rf"declares {key}=|{key}.*whole number"):
        use(directory, "cross-encoder")


@pytest.mark.promise("P3", "P24")
@pytest.mark.parametrize(
    "sizes",
    [
        {"num_hidden_layers": 250},
        {"vocab_size": 2**24},
        {"hidden_size": 2**20},
        {"intermediate_size": 2**24},
        {"max_position_embeddings": 2**24},
        {"num_hidden_layers": 250, "hidden_size": 2**16, "vocab_size": 2**24, "intermediate_size": 2**18},
    ],
    ids=str,
)
def test_a_model_larger_than_its_files_is_never_built(tmp_path: Path, sizes: dict[str, int]) -> None:
    """Each number alone may be a real model's; these weights hold a far smaller one."""
    directory = copy_of("cross_encoder", tmp_path)
    edit(directory / "config.json", **sizes)
    with bounded(), pytest.raises(CheckpointMismatchError, match=r"declares a model of [\d,]+ parameters, but"):
        use(directory, "cross-encoder")


@pytest.mark.promise("P3")
@pytest.mark.parametrize("folder", ["qwen3", "bge_layerwise", "bge_lightweight", "mxbai_v2_seq", "jina_v2"])
@pytest.mark.parametrize("key", ["num_hidden_layers", "vocab_size"])
def test_no_family_builds_what_its_files_do_not_hold(tmp_path: Path, folder: str, key: str) -> None:
    directory = copy_of(folder, tmp_path)
    edit(directory / "config.json", **{key: HUGE})
    family = {"qwen3": "qwen3", "mxbai_v2_seq": "mxbai-v2"}.get(folder)
    with bounded(), pytest.raises((CheckpointMismatchError, ValueError), match=f"declares|{HUGE}") as caught:
        use(directory, family)
    assert isinstance(caught.value, RerankError)


@pytest.mark.promise("P3")
def test_a_huge_model_is_refused_for_another_engine_as_well(tmp_path: Path) -> None:
    directory = copy_of("qwen3", tmp_path)
    edit(directory / "config.json", num_hidden_layers=HUGE)
    with bounded(), pytest.raises(CheckpointMismatchError, match="num_hidden_layers"):
        load(str(directory), family="qwen3", engine="http://127.0.0.1:9", model_name="m", dialect="vllm")


@pytest.mark.promise("P3")
def test_a_huge_layer_head_number_is_refused_at_once(tmp_path: Path) -> None:
    directory = copy_of("bge_layerwise", tmp_path)
    tensors = dict(load_file(directory / "model.safetensors"))
    tensors[f"lm_head.{HUGE}.linear_head.weight"] = tensors["lm_head.0.linear_head.weight"].clone()
    save_file(tensors, directory / "model.safetensors")
    with bounded(), pytest.raises(CheckpointMismatchError, match="lacks layer heads"):
        use(directory)


@pytest.mark.promise("P3")
@pytest.mark.parametrize("width", [1, 7])
def test_layer_heads_of_another_width_are_refused(tmp_path: Path, width: int) -> None:
    """A single number would be spread over the whole hidden state and give scores."""
    directory = copy_of("bge_layerwise", tmp_path)
    tensors = dict(load_file(directory / "model.safetensors"))
    heads = [name for name in tensors if name.startswith("lm_head.")]
    save_file({**tensors, **{name: torch.ones(1, width) for name in heads}}, directory / "model.safetensors")
    with pytest.raises(CheckpointMismatchError, match=f"{width} weights each"):
        use(directory)


HEADERS: dict[str, bytes] = {
    "length beyond the file": struct.pack("<Q", 2**63),
    "length of 100 GB": struct.pack("<Q", 10**11) + b"{}",
    "tensor of exabytes": b'{"classifier.weight":{"dtype":"F32","shape":[1000000000,1000000000],'
    b'"data_offsets":[0,4000000000000000000]}}',
    "overflowing shape": b'{"a":{"dtype":"F32",'
    b'"shape":[9223372036854775807,9223372036854775807],"data_offsets":[0,4]}}',
    "negative offset": b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}',
    "overlap": b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},'
    b'"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
    "unknown type": b'{"a":{"dtype":"EVIL","shape":[1],"data_offsets":[0,4]}}',
    "deep": b"[" * 100_000,
    "not text": b"\xff\xfe\x00",
    "nothing": b"",
}


@pytest.mark.promise("P3", "P47")
@pytest.mark.parametrize("header", HEADERS)
def test_a_damaged_safetensors_header_is_refused_at_once(tmp_path: Path, header: str) -> None:
    directory, content = copy_of("cross_encoder", tmp_path), HEADERS[header]
    if not header.startswith("length"):
        content = struct.pack("<Q", len(content)) + content + bytes(4)
    (directory / "model.safetensors").write_bytes(content)
    with bounded(), pytest.raises(CheckpointMismatchError, match="not a whole safetensors file"):
        use(directory)


@pytest.mark.promise("P3")
@pytest.mark.parametrize("kept", [0, 1, 8, 100, -1, -1000])
def test_a_file_cut_off_anywhere_is_refused(tmp_path: Path, kept: int) -> None:
    path = copy_of("cross_encoder", tmp_path) / "model.safetensors"
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(CheckpointMismatchError, match="not a whole safetensors file"):
        use(path.parent)


@pytest.mark.promise("P16", "P47")
@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "tokenizer_config.json", "modules.json"])
@pytest.mark.parametrize(
    ("content", "tells"),
    [
        ("[" * 200_000, "nested too deeply"),
        ('{"a":' * 200_000, "nested too deeply"),
        ("{", "not valid JSON"),
        ('{"a": NaN}', "NaN"),
        ('{"a": ' + "9" * 5000 + "}", "not valid JSON"),
        ('"text"', "must hold"),
        ("17", "must hold"),
        ("null", "must hold"),
    ],
    ids=lambda value: value[:8],
)
def test_a_file_that_is_no_json_object_is_refused(tmp_path: Path, name: str, content: str, tells: str) -> None:
    directory = copy_of("st_logit_score", tmp_path)
    (directory / name).write_text(content)
    with bounded(), pytest.raises(CheckpointMismatchError, match=f"{name}.*{tells}"):
        use(directory)


@pytest.mark.promise("P16")
@pytest.mark.parametrize("name", ["config.json", "tokenizer.json"])
def test_a_huge_file_is_refused_unread(tmp_path: Path, name: str) -> None:
    directory = copy_of("cross_encoder", tmp_path)
    os.truncate(directory / name, MOST_BYTES + 1)  # takes no room on the disk
    with bounded(), pytest.raises(CheckpointMismatchError, match=f"{name} has .* bytes; at most"):
        use(directory)


@pytest.mark.promise("P4")
@pytest.mark.parametrize("number", [-1, 10**6, True, "yes", None])
def test_a_scoring_token_that_the_model_does_not_have_is_refused(tmp_path: Path, number: object) -> None:
    directory = copy_of("st_logit_score", tmp_path)
    config = next(path for path in directory.rglob("config.json") if "true_token_id" in path.read_text())
    edit(config, true_token_id=number)
    with pytest.raises(CheckpointMismatchError, match="token"):
        use(directory)


@pytest.mark.promise("P3")
@pytest.mark.parametrize("kind", ["ids", "type_ids"])
def test_a_tokenizer_with_tokens_that_the_model_does_not_know_is_refused(tmp_path: Path, kind: str) -> None:
    """On a GPU it would end all use of the device."""
    directory = copy_of("cross_encoder", tmp_path)
    spec = json.loads((directory / "tokenizer.json").read_text())
    if kind == "ids":
        spec["post_processor"]["special_tokens"]["[CLS]"]["ids"] = [10**6]
    else:
        for part in spec["post_processor"]["pair"]:
            next(iter(part.values()))["type_id"] = 9
    (directory / "tokenizer.json").write_text(json.dumps(spec))
    with pytest.raises(CheckpointMismatchError, match="the model knows only"):
        use(directory)


@pytest.mark.promise("P3")
@pytest.mark.parametrize("missing", ["start_layer", "scale_depth", "hidden_size"])
def test_a_key_that_a_family_needs_is_named_where_it_is_missing(tmp_path: Path, missing: str) -> None:
    directory = copy_of("bge_layerwise", tmp_path)
    config = json.loads((directory / "config.json").read_text())
    del config[missing]
    (directory / "config.json").write_text(json.dumps(config))
    with pytest.raises(CheckpointMismatchError, match=missing):
        use(directory)


NONSENSE = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from(["", "x", "10", "torch.nn.Sigmoid", "../x", "\0"]),
    st.sampled_from([0, -1, -5, 1, 2, 3, 7, 10**9, 10**12, 10**40, -(10**40), 2.5, 1e30, float("inf")]),
    st.sampled_from([[], [1], ["x"], {}, {"a": 1}, {"0": "x"}, [[[]]], [{}]]),
)
FILES = {
    "cross_encoder": ("config.json", "tokenizer_config.json", "config_sentence_transformers.json", "modules.json"),
    "bge_layerwise": ("config.json", "tokenizer_config.json"),
    "st_logit_score": (
        "config.json",
        "modules.json",
        "config_sentence_transformers.json",
        "tokenizer_config.json",
    ),
    "mxbai_v1": ("config.json", "sentence_bert_config.json"),
    "bge_lightweight": ("config.json",),
}
EXTRA = ("return_dict", "output_hidden_states", "is_decoder", "pruned_heads", "dtype", "rope_scaling", "prompts")


@pytest.mark.promise("P3", "P16")
@settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), folder=st.sampled_from(sorted(FILES)))
def test_any_nonsense_under_any_key_scores_or_is_a_typed_error(data: st.DataObject, folder: str) -> None:
    with TemporaryDirectory() as temporary:
        directory = copy_of(folder, Path(temporary))
        path = directory / data.draw(st.sampled_from(FILES[folder]))
        found: Any = json.loads(path.read_text()) if path.exists() else {}
        key = data.draw(st.sampled_from(sorted({*EXTRA, *(found if isinstance(found, dict) else found[0])})))
        value = data.draw(NONSENSE)
        changed = {**found, key: value} if isinstance(found, dict) else [{**each, key: value} for each in found]
        path.write_text(json.dumps(changed))
        with bounded(), suppress(RerankError):
            assert len(use(directory)) == 2
