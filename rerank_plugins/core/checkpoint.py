"""A checkpoint directory, opened for reading: its JSON files and its safetensors; runs no code from it.

Knows nothing of families. Only safetensors are read, never pickles, and files are looked for in the
directory itself, never beyond it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from rerank_plugins.errors import CheckpointMismatchError, ModelNotFoundError

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

_INDEX = "model.safetensors.index.json"


class Checkpoint:
    """The files of one model.

    Args:
        directory: Where ``config.json`` and the weights are.
        name: What the user called the model; error messages use it.

    Raises:
        ModelNotFoundError: There is no ``config.json``.
    """

    def __init__(self, directory: Path, *, name: str) -> None:
        self.directory = directory
        self.name = name
        self.config = self.json("config.json")
        if not self.config:
            raise ModelNotFoundError(
                f"{name}: no config.json in {directory}. Give the directory that "
                "save_pretrained() wrote, or the model's id on the hub."
            )

    def has(self, filename: str) -> bool:
        """Return whether the directory holds this file."""
        return (self.directory / filename).is_file()

    def json(self, filename: str) -> dict[str, Any]:
        """Return a JSON file's object, or ``{}`` where there is no such file."""
        content = self._read_json(filename)
        return content if isinstance(content, dict) else {}

    def modules(self) -> tuple[str, ...]:
        """Return the class names in sentence-transformers' ``modules.json``, or ``()`` without one."""
        return tuple(kind for kind, _ in self._module_entries())

    def module_config(self, kind: str) -> dict[str, Any]:
        """Return the saved settings of the first module of this class in ``modules.json``, or ``{}``."""
        path = next((path for name, path in self._module_entries() if name == kind), None)
        return {} if path is None or ".." in path else self.json(f"{path}/config.json")

    def _module_entries(self) -> list[tuple[str, str]]:
        content = self._read_json("modules.json")
        entries = content if isinstance(content, list) else []
        return [(str(e.get("type", "")).rpartition(".")[2], str(e.get("path", ""))) for e in entries]

    @property
    def architectures(self) -> tuple[str, ...]:
        """The class names that ``config.json`` gives."""
        return tuple(self.config.get("architectures") or ())

    @property
    def has_sentence_transformers_traces(self) -> bool:
        """Whether sentence-transformers saved this checkpoint as a cross-encoder of its own."""
        keys = {"sentence_transformers", "sbert_ce_default_activation_function"}
        return bool(keys & self.config.keys()) or self.has("config_sentence_transformers.json")

    def default_prompt(self) -> str | None:
        """Return the prompt that sentence-transformers was told to use by default, if any."""
        saved = self.json("config_sentence_transformers.json")
        prompt = saved.get("prompts", {}).get(saved.get("default_prompt_name"))
        return prompt if isinstance(prompt, str) and prompt else None

    @property
    def labels(self) -> int:
        """How many labels a classifier of this configuration has (transformers' default is two)."""
        if "id2label" in self.config:
            return len(self.config["id2label"])
        return int(self.config.get("num_labels", 2))

    def tensors(self) -> dict[str, Tensor]:
        """Return every tensor of the checkpoint, mapped from disk.

        Raises:
            ModelNotFoundError: There are no safetensors, or a shard is missing.
            CheckpointMismatchError: A file is not readable as safetensors.
        """
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        found: dict[str, Tensor] = {}
        for path in self._weight_files():
            try:
                found.update(load_file(path))
            except SafetensorError as error:
                raise CheckpointMismatchError(
                    f"{self.name}: {path.name} is not a whole safetensors file ({error}). "
                    "Download or save it again."
                ) from error
        return found

    def _weight_files(self) -> list[Path]:
        if self.has("model.safetensors"):
            return [self.directory / "model.safetensors"]
        names = sorted(set(self.json(_INDEX).get("weight_map", {}).values()))
        if not names:
            raise ModelNotFoundError(
                f"{self.name}: no model.safetensors in {self.directory}. Only safetensors are read; "
                "convert older weights with save_pretrained(..., safe_serialization=True)."
            )
        return [self._shard(name) for name in names]

    def _shard(self, name: str) -> Path:
        path = self.directory / name
        if path.parent != self.directory or not path.is_file():
            raise ModelNotFoundError(
                f"{self.name}: {_INDEX} names {name!r}, which is not a file in {self.directory}. "
                "Download the missing weights."
            )
        return path

    def _read_json(self, filename: str) -> object:
        if not self.has(filename):
            return None
        try:
            return json.loads((self.directory / filename).read_text(encoding="utf-8"))
        except ValueError as error:
            raise CheckpointMismatchError(
                f"{self.name}: {filename} is not valid JSON ({error}). Download or save it again."
            ) from error
