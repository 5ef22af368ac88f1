"""The embedded model is the published one, or it is not loaded; hub downloads fetch only what is read."""

from __future__ import annotations

from pathlib import Path

import huggingface_hub
import pytest
import torch
from transformers import AutoTokenizer, BertModel

from rerank_plugins import ChecksumError, MissingExtraError, ModelNotFoundError, Reranker, load
from rerank_plugins.core import sources

TEXTS = ["The with statement closes files.", "Bananas are yellow.", "", "word " * 400]


@pytest.fixture(scope="module")
def embedded() -> Reranker:
    return load("embedded")


@torch.inference_mode()
def cosines_from_the_card(query: str, texts: list[str]) -> list[float]:
    """Return what the model card's own transformers procedure gives: masked mean, normalized, dot product."""
    directory = sources.embedded_directory()
    tokenizer, model = AutoTokenizer.from_pretrained(directory), BertModel.from_pretrained(directory).eval()
    inputs = tokenizer([query, *texts], padding=True, truncation=True, max_length=256, return_tensors="pt")
    states, mask = model(**inputs).last_hidden_state, inputs["attention_mask"][..., None]
    vectors = torch.nn.functional.normalize((states * mask).sum(1) / mask.sum(1), dim=1)
    return (vectors[1:] @ vectors[0]).tolist()


def test_embedded_scores_are_those_of_the_card(embedded: Reranker) -> None:
    query = "how do I close a file"
    assert embedded.score(query, TEXTS) == pytest.approx(cosines_from_the_card(query, TEXTS), abs=1e-5)


def test_embedded_says_what_it_is(embedded: Reranker) -> None:
    info = embedded.info
    assert (info.model, info.revision, info.family) == ("embedded", sources.EMBEDDED_REVISION, "bi-encoder")
    assert (info.score_kind, info.max_length, info.supports_instruction) == ("cosine", 256, False)


def test_normalized_cosine_is_from_zero_to_one(embedded: Reranker) -> None:
    raw = embedded.score("a", TEXTS)
    assert embedded.score("a", TEXTS, normalize=True) == pytest.approx([(1 + score) / 2 for score in raw])


def test_a_changed_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(b"not the published weights")
    with pytest.raises(ChecksumError, match=r"is not the published .*expected 53aa5117.*Reinstall"):
        sources.check_sha256(path, sources._EMBEDDED_SHA256["model.safetensors"])


def test_loading_checks_the_embedded_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sources._EMBEDDED_SHA256, "tokenizer.json", "0" * 64)
    with pytest.raises(ChecksumError, match=r"tokenizer\.json"):
        load("embedded")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFoundError, match="Reinstall"):
        sources.check_sha256(tmp_path / "gone", "0" * 64)


def test_without_the_extra_the_error_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "_EMBEDDED_PACKAGE", "no_such_package")
    with pytest.raises(MissingExtraError, match=r"rerank-plugins\[embedded\]"):
        load("embedded")


def test_small_files_come_before_weights_and_nothing_else_is_fetched(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[dict[str, object]] = []

    def snapshot(model: str, **options: object) -> str:
        asked.append({"model": model, **options})
        return str(tmp_path)

    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot)
    source = sources.Source(model="some/model", revision="abc", token="secret", cache_dir="here")
    source.open()
    source.fetch_weights()
    assert [call["allow_patterns"] for call in asked] == [["*.json", "*.jinja"], ["*.safetensors"]]
    assert all(
        (call["model"], call["revision"], call["token"]) == ("some/model", "abc", "secret") for call in asked
    )


def test_the_token_is_not_shown() -> None:
    assert "secret" not in repr(sources.Source(model="some/model", token="secret"))
