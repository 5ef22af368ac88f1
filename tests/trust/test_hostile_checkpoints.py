"""A hostile checkpoint runs no code, reaches no network and no file elsewhere; refusals are typed errors."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from trust.hostile import bounded, copy_of, edit, use

from rerank_plugins import CheckpointMismatchError, ChecksumError, ModelNotFoundError, NonFiniteScoreError, load
from rerank_plugins.core import sources

KERNEL = "evil/kernel"
CODE_KEYS: dict[str, object] = {
    "auto_map": {"AutoConfig": "evil.C", "AutoModel": "evil.M", "AutoModelForSequenceClassification": "evil.M"},
    "_attn_implementation": KERNEL,
    "_attn_implementation_internal": KERNEL,
    "attn_implementation": KERNEL,
    "_experts_implementation": KERNEL,
    "_experts_implementation_internal": KERNEL,
    "experts_implementation": KERNEL,
    "use_kernels": True,
    "kernel_config": {"kernel_mapping": {"RMSNorm": KERNEL}},
    "trust_remote_code": True,
    "_name_or_path": KERNEL,
    "custom_pipelines": {"text-ranking": {"impl": "evil.P"}},
    "adapter_config": {"base_model_name_or_path": KERNEL},
}


@pytest.fixture(autouse=True)
def calls(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Every use of the network is refused and counted; a test that causes one fails."""
    made: list[str] = []

    def refused(name: str) -> Callable[..., None]:
        def call(*_: object, **__: object) -> None:
            made.append(name)
            raise OSError(f"{name} is not allowed here")

        return call

    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setattr(socket.socket, "connect", refused("connect"))
    monkeypatch.setattr(socket.socket, "connect_ex", refused("connect_ex"))
    monkeypatch.setattr(socket, "create_connection", refused("create_connection"))
    monkeypatch.setattr(socket, "getaddrinfo", refused("getaddrinfo"))
    yield made
    assert made == []


@pytest.mark.promise("P39")
def test_the_watch_over_the_network_sees_a_download(calls: list[str], tmp_path: Path) -> None:
    """Without this, no other test here would show that nothing was fetched."""
    with pytest.raises(ModelNotFoundError):
        load("somebody/some-model", cache_dir=str(tmp_path))
    assert calls
    calls.clear()


class Payload:
    """Makes a file when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str]]:
        return os.mkdir, (str(self.mark),)


@pytest.mark.promise("P47")
@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.safetensors", "model.pt", "training_args.bin"])
@pytest.mark.parametrize("through_index", [False, True])
def test_a_pickle_is_never_opened_under_any_name(tmp_path: Path, name: str, through_index: bool) -> None:
    directory, mark = copy_of("cross_encoder", tmp_path), tmp_path / "was_run"
    (directory / "model.safetensors").unlink()
    (directory / name).write_bytes(pickle.dumps({"classifier.weight": Payload(mark)}))
    if through_index:
        index = json.dumps({"weight_map": {"classifier.weight": name}})
        (directory / "model.safetensors.index.json").write_text(index)
    with pytest.raises((ModelNotFoundError, CheckpointMismatchError), match="safetensors"):
        use(directory)
    assert not mark.exists()
    pickle.loads((directory / name).read_bytes())  # noqa: S301 - shows that the payload works
    assert mark.exists()


@pytest.mark.promise("P47", "P45")
@pytest.mark.parametrize(
    ("folder", "family"),
    [("cross_encoder", "cross-encoder"), ("qwen3", "qwen3"), ("bge_layerwise", None), ("st_logit_score", None)],
)
def test_code_that_a_configuration_names_is_ignored_and_scores_are_the_same(
    tmp_path: Path, folder: str, family: str | None
) -> None:
    directory, mark = copy_of(folder, tmp_path), tmp_path / "was_run"
    expected = use(directory, family)
    for place in (directory, directory / "evil", directory / "evil/kernel"):
        place.mkdir(exist_ok=True)
        for name in ("evil.py", "__init__.py", "modeling.py", "setup.py", "conftest.py", "sitecustomize.py"):
            (place / name).write_text(f"open({str(mark)!r}, 'w').close()\nC = M = P = object\n")
    edit(directory / "config.json", **CODE_KEYS)
    edit(
        directory / "tokenizer_config.json", auto_map={"AutoTokenizer": ["evil.T", None]}, tokenizer_class="evil.T"
    )
    assert use(directory, family) == pytest.approx(expected, abs=1e-6)
    assert not mark.exists()


@pytest.mark.promise("P47")
def test_a_module_class_of_the_checkpoint_is_never_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory, mark = copy_of("st_logit_score", tmp_path), tmp_path / "was_run"
    expected = use(directory)
    (directory / "evil_module.py").write_text(f"open({str(mark)!r}, 'w').close()\nclass LogitScore: pass\n")
    modules = json.loads((directory / "modules.json").read_text())
    renamed = [{**each, "type": f"evil_module.{each['type'].rpartition('.')[2]}"} for each in modules]
    (directory / "modules.json").write_text(json.dumps(renamed))
    monkeypatch.chdir(directory)
    monkeypatch.syspath_prepend(directory)
    assert use(directory) == pytest.approx(expected, abs=1e-6)
    assert not mark.exists()


@pytest.mark.promise("P47")
@pytest.mark.parametrize(
    "attack",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ cycler.__init__.__globals__.os.mkdir('MARK') }}",
        "{% include '/etc/passwd' %}",
        "{{ raise_exception('boo') }}",
        "{{ 1 / 0 }}",
        "{% for",
        "{% for number in range(10**9) %}x{% endfor %}",
    ],
)
def test_a_chat_template_runs_no_code(tmp_path: Path, attack: str) -> None:
    directory, mark = copy_of("st_logit_score", tmp_path), tmp_path / "was_run"
    (directory / "chat_template.jinja").write_text(attack.replace("MARK", str(mark)))
    with bounded(), pytest.raises(CheckpointMismatchError, match="chat template"):
        use(directory)
    assert not mark.exists()


@pytest.mark.promise("P47")
@pytest.mark.parametrize("name", ["../outside.safetensors", "ABSOLUTE", "sub/../../outside.safetensors", "..", ""])
def test_a_shard_elsewhere_is_never_read(tmp_path: Path, name: str) -> None:
    directory = copy_of("cross_encoder", tmp_path)
    (directory / "sub").mkdir()
    outside = (directory / "model.safetensors").rename(tmp_path / "outside.safetensors")
    index = {"weight_map": {key: name.replace("ABSOLUTE", str(outside)) for key in load_file(outside)}}
    (directory / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(ModelNotFoundError, match="is not a file in"):
        use(directory)


@pytest.mark.promise("P47")
@pytest.mark.parametrize("path", ["../outside", "ABSOLUTE", "1_LogitScore/../../outside", "..\\outside"])
def test_a_module_elsewhere_is_never_read(tmp_path: Path, path: str) -> None:
    directory = copy_of("st_logit_score", tmp_path)
    modules = json.loads((directory / "modules.json").read_text())
    scoring = next(each for each in modules if each["type"].endswith("LogitScore"))
    outside = shutil.copytree(directory / scoring["path"], tmp_path / "outside")
    scoring["path"] = path.replace("ABSOLUTE", str(outside))
    (directory / "modules.json").write_text(json.dumps(modules))
    with pytest.raises(CheckpointMismatchError, match="leads out of the checkpoint's directory"):
        use(directory)


@pytest.mark.promise("P47")
def test_links_as_in_the_hubs_cache_are_followed(tmp_path: Path) -> None:
    """Otherwise a stricter rule about paths would refuse every model of the hub."""
    real, linked = copy_of("st_logit_score", tmp_path / "blobs"), tmp_path / "snapshot"
    for path in sorted(real.rglob("*")):
        target = linked / path.relative_to(real)
        if path.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(path)
    assert use(linked) == use(real)


@pytest.mark.promise("P40", "P47")
@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json"])
def test_an_embedded_file_with_one_changed_byte_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    package = tmp_path / "changed_embedded_model"
    shutil.copytree(sources.embedded_directory(), package / "model")
    (package / "__init__.py").touch()
    content = bytearray((package / "model" / name).read_bytes())
    content[-1] ^= 1
    (package / "model" / name).write_bytes(content)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sources, "_EMBEDDED_PACKAGE", package.name)
    monkeypatch.setattr(sources.Checkpoint, "tensors", lambda _: pytest.fail("the weights were read"))
    with pytest.raises(ChecksumError, match=name):
        load("embedded")


@pytest.mark.promise("P12", "P11")
@pytest.mark.parametrize("normalize", [None, True, False])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize(
    ("folder", "family", "tensor"),
    [
        ("cross_encoder", None, "classifier.bias"),
        ("mxbai_v1", None, "classifier.bias"),
        ("qwen3", "qwen3", "model.norm.weight"),
        ("bge_layerwise", None, "lm_head.4.linear_head.weight"),
    ],
)
def test_weights_that_are_not_finite_give_no_score(
    tmp_path: Path, folder: str, family: str | None, tensor: str, value: float, normalize: bool | None
) -> None:
    """Infinity would pass as a probability of 0 or 1."""
    directory = copy_of(folder, tmp_path)
    tensors = dict(load_file(directory / "model.safetensors"))
    tensors[tensor] = torch.full_like(tensors[tensor], value)
    save_file(tensors, directory / "model.safetensors")
    with load(str(directory), family=family, device="cpu") as reranker:
        with pytest.raises(NonFiniteScoreError, match=f"{folder} in float32 gave the score (nan|-?inf)"):
            reranker.score("bread", ["a panda", "bread"], normalize=normalize)
        with pytest.raises(NonFiniteScoreError, match="at index 0"):
            reranker.rank("bread", ["a panda", "bread"], normalize=normalize)
